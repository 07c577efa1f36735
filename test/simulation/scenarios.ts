/** The worlds and actors that are explored. */
import type { Kind } from '../../src/claim.js';
import { formatRecord, stagedPath } from '../../src/record.js';
import { Disk } from './disk.js';
import type { Scenario } from './explorer.js';
import {
  LOCK,
  ZOMBIE,
  breaker,
  contender,
  recordOf,
  shipped,
  type Habits,
  type Protocols,
} from './programs.js';
import type { Budget, World } from './world.js';

export const kinds: readonly Kind[] = ['link', 'mkdir', 'symlink'];

/** How the lock stands at the start: free, or as a dead holder left it. */
export type Start = 'free' | Kind | 'empty';

export function worldOf(start: Start, budget: Partial<Budget> = {}): World {
  const disk = new Disk();
  const record = recordOf(ZOMBIE);
  const text = formatRecord(record);
  if (start === 'link') {
    disk.create(stagedPath(LOCK, record.token));
    disk.fill(stagedPath(LOCK, record.token), text);
    disk.link(stagedPath(LOCK, record.token), LOCK);
  } else if (start === 'symlink') disk.symlink(text, LOCK);
  else if (start !== 'free') {
    disk.mkdir(LOCK);
    if (start === 'mkdir') {
      disk.create(`${LOCK}/${record.token}`);
      disk.fill(`${LOCK}/${record.token}`, text);
    }
  }
  const nothing: Budget = { kills: 0, refusals: 0, aborts: 0, exits: 0, ticks: 0 };
  return { disk: disk.normal(), dead: 1 << ZOMBIE, broken: 0, budget: { ...nothing, ...budget }, stuck: '' };
}

/** Contenders of these kinds, some of them killed, for a lock that stands like this. */
export function contest(
  of: readonly Kind[],
  start: Start,
  kills: number,
  protocols: Protocols = shipped,
  habits: Habits = {},
): Scenario {
  const ticks = of.includes('mkdir') || start === 'mkdir' || start === 'empty' ? 1 : 0;
  return {
    name: `${of.join('+')} from ${start}, ${kills} kills${habits.sweeps === true ? ', sweeping' : ''}`,
    actors: of.map((kind, index) => contender(index, kind, protocols, habits)),
    world: worldOf(start, { kills, ticks }),
    mishaps: ['kill'],
    zombieMark: recordOf(ZOMBIE).token,
    protocols,
  };
}

/** A holder whose lock is broken by force while it lives, and somebody who takes it then. */
export function robbery(
  of: readonly Kind[],
  by: Kind,
  kills: number,
  protocols: Protocols = shipped,
): Scenario {
  return {
    ...contest(of, 'free', kills, protocols),
    name: `${of.join('+')} broken by ${by}, ${kills} kills`,
    actors: [
      ...of.map((kind, index) => contender(index, kind, protocols)),
      breaker(of.length, by, protocols),
    ],
    world: worldOf('free', { kills, ticks: [...of, by].includes('mkdir') ? 1 : 0 }),
  };
}
