/**
 * The programs of actors, made of the protocols that ship or of a mutant's.
 *
 * Rule: A program adds nothing to the protocols except the order of their calls, the same as in `lock-base.ts` and
 * `lock-file.ts`.
 */
import * as acquiring from '../../src/protocol/acquire.js';
import { makeClaim, type Claim, type Kind } from '../../src/model/claim.js';
import * as pids from '../../src/protocol/pid-lock.js';
import * as releasing from '../../src/protocol/release.js';
import * as sweeping from '../../src/protocol/sweep.js';
import type { HolderRecord } from '../../src/model/record.js';
import { ignoreErrors } from '../../src/protocol/retry.js';
import type { Protocol, Step } from '../../src/model/steps.js';
import type { End, Phase, Program } from './actor.js';
import type { Answer } from './answer.js';
import { TICK_MS } from './calls.js';
import type { Replaced } from '../../src/protocol/contend.js';
import { Refusal, type Disk } from './disk.js';

export interface Protocols {
  readonly acquire: typeof acquiring.acquire;
  readonly release: typeof releasing.release;
  readonly breakByForce: typeof releasing.breakByForce;
  readonly abandon: typeof releasing.abandon;
  readonly sweep: typeof sweeping.sweep;
  readonly tidy: typeof sweeping.tidy;
  readonly acquirePid: typeof pids.acquirePid;
  readonly releasePid: typeof pids.releasePid;
  readonly breakPid: typeof pids.breakPid;
  readonly abandonPid: typeof pids.abandonPid;
}

export const shipped: Protocols = { ...acquiring, ...releasing, ...sweeping, ...pids };

export const LOCK = '/L';

export const NAMES = ['P', 'Q', 'R', 'S'];
/** The actor that is dead from the start. */
export const ZOMBIE = 8;
/** The one that comes when all is over, to see what the others left. */
export const WITNESS = 9;

export function recordOf(index: number): HolderRecord {
  return { token: String(index).repeat(24), pid: 1000 + index, host: 'h', local: true, since: index * 1_000 };
}

export const indexOf = ({ pid }: { readonly pid: number }): number => pid - 1000;

export function claimOf(index: number, kind: Kind): Claim {
  return makeClaim(LOCK, kind, recordOf(index), { mode: 0o644, orphanGraceMs: TICK_MS });
}

/** An instant of no protocol of ours. */
export function* instant(call: 'hold' | 'die'): Protocol<void> {
  yield { call } as unknown as Step;
}

/** Does a claim stand at the lock's name, alone or, for an instant, beside others? */
const standing = (mark: string) => (disk: Disk) =>
  disk.get(`${LOCK}/${mark}`) !== undefined || disk.get(LOCK)?.text.includes(mark) === true;

/** What one acquisition does, of whichever lock. */
export interface Calls {
  readonly acquire: (isRetry: boolean) => Protocol<Replaced>;
  /** Rule MEMORY-4 is true of it. */
  readonly forgets?: boolean;
  readonly sweep: () => Protocol<void>;
  readonly tidy?: () => Protocol<void>;
  readonly release: () => Protocol<boolean>;
  readonly abandon: () => Protocol<void>;
}

/** What the clean-up at exit does, before the process is gone. */
export function* exit(abandon: Calls['abandon']): Protocol<void> {
  yield* ignoreErrors(abandon());
  yield* instant('die');
}

export const succeeds = (end: End): end is { readonly value: unknown } => 'value' in end;

export interface Habits {
  /** Sweeps after each acquire, as one does in a directory that is new to it; by default after a takeover. */
  readonly sweeps?: boolean;
  /** Removes what killed waiters left, before each release. */
  readonly tidies?: boolean;
  /** Gives up at a pause, once, and tries again. */
  readonly retries?: boolean;
  /** Joins the wait queue if the driver allows it. */
  readonly lines?: boolean;
  /** Lets the waiters in the queue go first. */
  readonly isCourteous?: boolean;
}

/** Acquires, holds, and gives back: once. */
export function phasesOf(calls: Calls, habits: Habits): Record<string, Phase> {
  const { acquire, forgets = false, sweep, tidy = sweep, release, abandon } = calls;
  const failed = (end: { error: unknown }): string =>
    habits.retries === true && end.error instanceof Refusal && end.error.code === 'TIMEOUT'
      ? 'retry'
      : 'failed';
  const acquiring: Phase = {
    start: () => acquire(false),
    then: (end) => {
      if (!succeeds(end)) return failed(end);
      const { previous, afterCrash } = end.value as Replaced;
      return previous !== undefined || afterCrash === true || habits.sweeps === true ? 'sweep' : 'hold';
    },
    patient: true,
    lines: habits.lines === true,
    forgets,
    atExit: 'exit',
  };
  const releasing: Phase = {
    start: release,
    then: (end) => (succeeds(end) ? (end.value === true ? 'released' : 'robbed') : 'again'),
    atExit: 'exit',
  };
  return {
    acquire: acquiring,
    retry: { ...acquiring, start: () => acquire(true), patient: false },
    sweep: { start: sweep, then: () => 'hold', holds: true, atExit: 'exit' }, // As `ignoreErrors` does in lock-file.ts.
    hold: {
      start: () => instant('hold'),
      then: () => (habits.tidies === true ? 'tidy' : 'release'),
      holds: true,
      atExit: 'exit',
    },
    tidy: { start: tidy, then: () => 'release', holds: true, atExit: 'exit' },
    release: releasing,
    again: releasing,
    exit: { start: () => exit(abandon), then: () => 'gone' },
  };
}

/**
 * Breaks by force, once.
 *
 * @param firstLook What it saw at first, which is what it removes (RELEASE-2).
 */
export function breakingPhases(
  breakUp: () => Protocol<unknown>,
  abandon: Calls['abandon'],
  firstLook: (history: readonly Answer[]) => string,
): Record<string, Phase> {
  return {
    break: {
      start: breakUp,
      then: (end) => (succeeds(end) ? 'broke' : 'failed'),
      forces: firstLook,
      memory: firstLook,
      atExit: 'exit',
    },
    exit: { start: () => exit(abandon), then: () => 'gone' },
  };
}

export function contender(
  index: number,
  kind: Kind,
  protocols: Protocols = shipped,
  habits: Habits = {},
): Program {
  const claim = claimOf(index, kind);
  const calls: Calls = {
    acquire: (isRetry) =>
      protocols.acquire(claim, {
        directory: '',
        yieldsFirst: habits.isCourteous === true,
        inspectsFirst: isRetry, // What is tried again was held.
      }),
    sweep: () => protocols.sweep('', claim),
    tidy: () => protocols.tidy('', claim),
    release: () => protocols.release(claim),
    abandon: () => protocols.abandon(claim),
  };
  return {
    name: NAMES[index] ?? 'W',
    mark: claim.record.token,
    stands: standing(claim.record.token),
    first: 'acquire',
    phases: phasesOf(calls, habits),
  };
}

/** Holds from the start, and gives back. */
export function holder(index: number, kind: Kind, protocols: Protocols = shipped): Program {
  return { ...contender(index, kind, protocols), first: 'hold' };
}

/** Breaks the lock of any holder by force. */
export function breaker(index: number, kind: Kind, protocols: Protocols = shipped): Program {
  const claim = claimOf(index, kind);
  return {
    name: NAMES[index] ?? 'W',
    mark: claim.record.token,
    stands: standing(claim.record.token),
    first: 'break',
    phases: breakingPhases(
      () => protocols.breakByForce(claim),
      () => protocols.abandon(claim),
      firstLook,
    ),
  };
}

/** All that it read before it made anything. */
function firstLook(history: readonly Answer[]): string {
  const isLook = (answer: Answer) => 'value' in answer && isReading(answer.value);
  const end = history.findIndex((answer) => !isLook(answer));
  return JSON.stringify(history.slice(0, end < 0 ? history.length : end));
}

/** The answers of `read`, `readlink` and `list`: an object with `is`, a record's text, names; or nothing, as of `stage`. */
function isReading(value: unknown): boolean {
  if (value === undefined) return true;
  if (Array.isArray(value)) return true;
  if (typeof value === 'string') return value.startsWith('{');
  return typeof value === 'object' && value !== null && 'is' in value;
}
