/** The worlds and actors that are explored. */
import type { Kind } from '../../src/model/claim.js';
import { formatRecord, type HolderRecord } from '../../src/model/record.js';
import { privatePath } from '../../src/model/file-names.js';
import { Disk } from './disk.js';
import { foreigner, foreigners } from './foreign.js';
import type { Scenario } from './explorer.js';
import {
  LOCK,
  ZOMBIE,
  breaker,
  contender,
  holder,
  recordOf,
  shipped,
  type Habits,
  type Protocols,
} from './programs.js';
import { tick, type Budget, type World } from './world.js';

export const kinds: readonly Kind[] = ['link', 'mkdir', 'symlink'];

/** How the lock stands at the start: free, or as a dead holder left it. */
export type Start = 'free' | Kind | 'empty';

export function worldOf(start: Start, budget: Partial<Budget> = {}): World {
  const nothing: Budget = { kills: 0, refusals: 0, aborts: 0, exits: 0, cuts: 0, stales: 0, ticks: 0 };
  const disk = diskOf(start);
  return { disk, dead: 1 << ZOMBIE, broken: 0, budget: { ...nothing, ...budget }, stuck: '' };
}

function diskOf(start: Start): Disk {
  if (start !== 'free' && start !== 'empty') return heldBy(recordOf(ZOMBIE), start);
  const disk = new Disk();
  if (start === 'empty') disk.mkdir(LOCK);
  return disk;
}

/** As somebody's lock stands. */
export function heldBy(record: HolderRecord, kind: Kind): Disk {
  const disk = new Disk();
  const text = formatRecord(record);
  const file = kind === 'mkdir' ? `${LOCK}/${record.token}` : privatePath(LOCK, record.token);
  if (kind === 'symlink') disk.symlink(text, LOCK);
  else {
    if (kind === 'mkdir') disk.mkdir(LOCK);
    disk.create(file, true);
    disk.fill(file, text);
    if (kind === 'link') disk.link(file, LOCK);
  }
  return disk.normal();
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

/** Contenders who wait in line when the driver lets them, and are woken or not, as it likes. */
export function lineUp(
  of: readonly Kind[],
  start: Start,
  budget: Partial<Budget>,
  protocols: Protocols = shipped,
  isCourteous = false,
): Scenario {
  const { world, ...rest } = contest(of, start, 0, protocols);
  const { kills = 0, aborts = 0, exits = 0 } = budget;
  const words = Object.entries({ kills, aborts, exits }).map(([what, count]) => `, ${count} ${what}`);
  const habits = { lines: true, retries: true, isCourteous };
  return {
    ...rest,
    name: `${of.join('+')} in line${isCourteous ? ', courteous,' : ''} from ${start}${words.join('')}`,
    actors: of.map((kind, index) => contender(index, kind, protocols, habits)),
    world: { ...world, budget: { ...world.budget, ...budget } },
    mishaps: ['wake', 'kill', 'abort', 'exit'],
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

/** A holder whose lock is broken by two at once, of whom one may be killed. */
export function robbedTwice(by: Kind, protocols: Protocols = shipped): Scenario {
  const scenario = robbery(['link'], by, 1, protocols);
  return {
    ...scenario,
    name: `link broken by ${by} and ${by}, 1 kills`,
    actors: [...scenario.actors, breaker(scenario.actors.length, by, protocols)],
  };
}

/** Contenders, and another program's locker, which they must leave alone. */
export function meeting(
  of: readonly Kind[],
  other: keyof typeof foreigners,
  protocols: Protocols = shipped,
  start: Start = 'free',
): Scenario {
  return {
    ...contest(of, start, 0, protocols),
    name: `${of.join('+')} and ${other} from ${start}`,
    actors: [...of.map((kind, index) => contender(index, kind, protocols)), foreigner(of.length, other)],
    world: worldOf(start),
  };
}

/** Contenders for a lock that has been an empty directory for longer than any grace. */
export function old(of: readonly Kind[], protocols: Protocols = shipped): Scenario {
  const { world, ...rest } = contest(of, 'empty', 0, protocols);
  const older = tick({ ...world, budget: { ...world.budget, ticks: 1 } }) ?? world;
  // An empty directory tells nobody whose it is.
  const actors = rest.actors.map((actor) => ({
    ...actor,
    stands: (disk: Disk) => disk.get(LOCK) !== undefined,
  }));
  return { ...rest, name: `${of.join('+')} for an orphan`, world: older, actors };
}

/**
 * How a call may fail, and which laws hold then. What a call can't remove because it always fails stays as long as its
 * process lives. If the reply of an unlink in a lock directory is lost, the process can't determine whether another one
 * removed the claim first (see docs/explanation/not-covered.md).
 */
export const refusals = {
  'that fails once, possibly after it was done': { mishaps: ['refuse', 'busy', 'late'], laws: /./ },
  'that always fails': { mishaps: ['stuck'], laws: /LAW-[1236]/ },
  'whose reply is lost': { mishaps: ['lost'], laws: /LAW-[125]/ },
} as const;

/** Contenders of whom one call, any, is refused. */
export function refused(
  of: readonly Kind[],
  start: Start,
  how: keyof typeof refusals,
  protocols: Protocols = shipped,
): Scenario {
  return {
    ...contest(of, start, 0, protocols),
    name: `${of.join('+')} from ${start}, a call ${how}`,
    world: worldOf(start, { refusals: 1, ticks: 1 }),
    ...refusals[how],
    mayFail: true,
  };
}

/** Contenders of whom one gives up at a pause, or exits at any point. */
export function leaving(
  of: readonly Kind[],
  start: Start,
  how: 'abort' | 'exit',
  protocols: Protocols = shipped,
): Scenario {
  const ticks = of.includes('mkdir') || start === 'mkdir' ? 1 : 0;
  return {
    ...contest(of, start, 0, protocols),
    name: `${of.join('+')} from ${start}, an ${how}`,
    actors: of.map((kind, index) => contender(index, kind, protocols, { retries: true })),
    world: worldOf(start, { ticks, aborts: how === 'abort' ? 1 : 0, exits: how === 'exit' ? 1 : 0 }),
    mishaps: [how],
  };
}

export const others = Object.keys(foreigners) as (keyof typeof foreigners)[];

/** Contenders for an orphan, and another program's locker, whose lock is none though it looks the same. */
export function orphanAnd(
  of: readonly Kind[],
  other: keyof typeof foreigners,
  protocols: Protocols = shipped,
): Scenario {
  const { world } = old(of, protocols);
  return { ...meeting(of, other, protocols), name: `${of.join('+')} for an orphan, and ${other}`, world };
}

/** One who holds already, whose lock is broken by force, and another program's locker that takes it then. */
export function raided(
  one: Kind,
  by: Kind,
  other: keyof typeof foreigners,
  protocols: Protocols = shipped,
): Scenario {
  return {
    ...robbery([one], by, 0, protocols),
    name: `${one} broken by ${by}, and ${other}`,
    actors: [holder(0, one, protocols), breaker(1, by, protocols), foreigner(2, other)],
    world: { ...worldOf('free'), disk: heldBy(recordOf(0), one) },
  };
}

/** A holder whose lock is broken by force, by somebody of whom, or by whom, a call is refused. */
export function refusedRaid(
  one: Kind,
  by: Kind,
  how: keyof typeof refusals,
  protocols: Protocols = shipped,
): Scenario {
  return {
    ...refused([one], 'free', how, protocols),
    name: `${one} broken by ${by}, a call ${how}`,
    actors: [contender(0, one, protocols), breaker(1, by, protocols)],
  };
}
