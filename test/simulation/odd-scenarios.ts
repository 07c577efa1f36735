/** Rare worlds, each made for one rule. */
import type { Kind } from '../../src/model/claim.js';
import { formatRecord } from '../../src/model/record.js';
import type { Scenario } from './explorer.js';
import { foreigner, type foreigners } from './foreign.js';
import { LOCK, ZOMBIE, contender, holder, recordOf, shipped, type Protocols } from './programs.js';
import { contest, heldBy, lineUp, meeting, robbery, worldOf, type Start } from './scenarios.js';

/** Contenders on a disk that is full from some moment on: to make a file is refused for good. */
export function filling(of: readonly Kind[], protocols: Protocols = shipped): Scenario {
  return {
    ...contest(of, 'free', 0, protocols),
    name: `${of.join('+')} on a disk that fills up`,
    world: worldOf('free', { refusals: 1, ticks: of.includes('mkdir') ? 1 : 0 }),
    mishaps: ['full'],
    mayFail: true,
  };
}

/** One whose lock was broken by force some time ago, and another program's locker that takes it now. */
export function late(one: Kind, other: keyof typeof foreigners, protocols: Protocols = shipped): Scenario {
  return {
    ...meeting([one], other, protocols),
    name: `${one}, broken before, and ${other}`,
    actors: [holder(0, one, protocols), foreigner(1, other)],
    world: { ...worldOf('free'), broken: 1 },
  };
}

/**
 * A holder of a directory into which another's claim came late, whose maker died before it withdrew (DIR-2); and a
 * contender.
 */
export function beside(by: Kind, protocols: Protocols = shipped): Scenario {
  const disk = heldBy(recordOf(0), 'mkdir').copy();
  const { token } = recordOf(ZOMBIE);
  disk.create(`${LOCK}/${token}`, true);
  disk.fill(`${LOCK}/${token}`, formatRecord(recordOf(ZOMBIE)));
  return {
    ...contest(['mkdir', by], 'mkdir', 0, protocols),
    name: `mkdir, with a dead claim beside its own, and ${by}`,
    actors: [holder(0, 'mkdir', protocols), contender(1, by, protocols)],
    world: { ...worldOf('mkdir', { ticks: 1 }), disk: disk.normal() },
  };
}

/** Waiters in the queue, some of them killed, whose releases remove what killed waiters left. */
export function tidying(kills: number, start: Start, protocols: Protocols = shipped): Scenario {
  const scenario = lineUp(['link', 'link'], start, { kills }, protocols);
  const habits = { lines: true, retries: true, tidies: true };
  return {
    ...scenario,
    name: `${scenario.name}, tidying`,
    actors: scenario.actors.map((_, index) => contender(index, 'link', protocols, habits)),
  };
}

/** The same for a holder whose lock may be broken by force meanwhile. */
export function robbedWhileTidying(protocols: Protocols = shipped): Scenario {
  const scenario = robbery(['link', 'link'], 'link', 0, protocols);
  return {
    ...scenario,
    name: `${scenario.name}, tidying`,
    actors: scenario.actors.map((actor, index) =>
      index < 2 ? contender(index, 'link', protocols, { tidies: true }) : actor,
    ),
  };
}
