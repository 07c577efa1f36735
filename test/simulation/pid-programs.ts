import { makePidClaim, pidText, secondName, type PidClaim } from '../../src/protocol/pid-file.js';
import { recordBeside } from '../../src/model/file-names.js';
import { formatRecord } from '../../src/model/record.js';
import { pause, create, unlink, type Blocker, type Protocol } from '../../src/model/steps.js';
import type { Program } from './actor.js';
import type { Answer } from './answer.js';
import { TICK_MS } from './calls.js';
import { Refusal, type Disk } from './disk.js';
import {
  LOCK,
  NAMES,
  breakingPhases,
  instant,
  phasesOf,
  recordOf,
  shipped,
  succeeds,
  type Calls,
  type Habits,
  type Protocols,
} from './programs.js';

const claimOf = (index: number): PidClaim =>
  makePidClaim(LOCK, recordOf(index), { mode: 0o644, orphanGraceMs: TICK_MS });

/** As long as the record stands, and no other program's pid file, it is held: also where that was removed by hand. */
const standing =
  ({ record }: PidClaim) =>
  (disk: Disk) => {
    const isBeside = disk.get(recordBeside(LOCK))?.text === formatRecord(record);
    const file = disk.get(LOCK);
    const isOurs = file === disk.get(secondName(LOCK, record)) && file?.text === pidText(record);
    return isBeside && (file === undefined || isOurs);
  };

/** Acquires, holds, and gives back: once. */
export function pidContender(index: number, protocols: Protocols = shipped, habits: Habits = {}): Program {
  const claim = claimOf(index);
  const calls: Calls = {
    acquire: () => protocols.acquirePid(claim),
    forgets: true,
    sweep: () => protocols.sweep('', claim.name),
    release: () => protocols.releasePid(claim),
    abandon: () => protocols.abandonPid(claim),
  };
  return {
    name: NAMES[index] ?? 'W',
    mark: claim.record.token,
    stands: standing(claim),
    first: 'acquire',
    phases: phasesOf(calls, habits),
  };
}

/** Holds from the start, and gives back. */
export const pidHolder = (index: number, protocols: Protocols = shipped): Program => ({
  ...pidContender(index, protocols),
  first: 'hold',
});

/** Breaks the pid file of any holder by force. */
export function pidBreaker(index: number, protocols: Protocols = shipped): Program {
  const claim = claimOf(index);
  return {
    name: NAMES[index] ?? 'W',
    mark: claim.record.token,
    stands: standing(claim),
    first: 'break',
    phases: breakingPhases(
      () => protocols.breakPid(claim),
      () => protocols.abandonPid(claim),
      firstLook,
    ),
  };
}

/** All answers up to that of its first `stage`, which is nothing. */
function firstLook(history: readonly Answer[]): string {
  const end = history.findIndex((answer) => 'value' in answer && answer.value === undefined);
  return JSON.stringify(history.slice(0, end < 0 ? history.length : end));
}

const NOBODY: Blocker = {
  path: LOCK,
  found: { kind: 'empty' },
  judgement: { verdict: 'unknown', reason: 'it does not look' },
};

/** `open(O_EXCL)`, again and again. */
function* createAtLast(text: string): Protocol<void> {
  for (;;) {
    try {
      yield* create(LOCK, text, 0o644);
      return;
    } catch (refusal) {
      if (!(refusal instanceof Refusal) || refusal.code !== 'EEXIST') throw refusal;
      yield* pause(NOBODY);
    }
  }
}

/** Another program, which makes a pid file of its own where there is none, and removes it. */
export function daemon(index: number, pid: number, first: 'acquire' | 'hold' = 'acquire'): Program {
  const name = NAMES[index] ?? 'F';
  const text = `${String(pid)}\n`;
  return {
    name,
    mark: `foreign-${name}`,
    isNameless: true,
    stands: (disk) => disk.get(LOCK)?.text === text,
    mayDie: false,
    first,
    phases: {
      acquire: {
        start: () => createAtLast(text),
        then: (end) => (succeeds(end) ? 'hold' : 'failed'),
      },
      hold: { start: () => instant('hold'), then: () => 'release', holds: true },
      release: {
        start: () => unlink(LOCK),
        then: (end) => (succeeds(end) ? 'gone' : 'failed'),
      },
    },
  };
}
