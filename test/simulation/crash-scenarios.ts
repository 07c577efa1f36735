/** Power cuts: everyone who runs dies at once, and some files lose their text (`Disk.cut`). */
import type { Kind } from '../../src/model/claim.js';
import { MARK } from '../../src/model/mark.js';
import { privatePath, recordBeside } from '../../src/model/file-names.js';
import { Disk } from './disk.js';
import type { Scenario } from './explorer.js';
import { pidText } from '../../src/protocol/pid-file.js';
import { daemon, pidContender, pidHolder } from './pid-programs.js';
import { pidContest, pidFileOf, type PidStart } from './pid-scenarios.js';
import { LOCK, ZOMBIE, claimOf, contender, holder, recordOf, shipped, type Protocols } from './programs.js';
import { contest, worldOf, type Start } from './scenarios.js';
import { isCut, mishaps, type Budget } from './world.js';

/** Of `Disk.cut`: every text. */
const ALL = 7;

/** With one power cut at any moment, which any of the files' texts may or may not survive. */
function withCut(scenario: Scenario, budget: Partial<Budget> = {}): Scenario {
  const words = Object.entries(budget).map(([what, count]) => `, ${count} ${what}`);
  const { world } = scenario;
  return {
    ...scenario,
    name: `${scenario.name}, and a power cut${words.join('')}`,
    world: { ...world, budget: { ...world.budget, ...budget, cuts: 1 } },
    mishaps: [...(scenario.mishaps ?? []), ...mishaps.filter(isCut)],
  };
}

/** Contenders of these kinds. Those that have not begun when the power fails come when the machine is up again. */
export function powerCut(
  of: readonly Kind[],
  start: Start,
  kills: number,
  protocols: Protocols = shipped,
): Scenario {
  return withCut(contest(of, start, kills, protocols));
}

/** The same for a pid file. */
export function pidPowerCut(
  count: number,
  start: PidStart,
  kills: number,
  protocols: Protocols = shipped,
): Scenario {
  return withCut(pidContest(count, start, kills, protocols));
}

/** A disk that machines share: the holder's own has its lock's text, which has not come over the network yet. */
export function onItsWay(by: Kind, protocols: Protocols = shipped): Scenario {
  const disk = new Disk();
  const file = privatePath(LOCK, recordOf(0).token);
  disk.create(file, (claimOf(0, 'link').mode & MARK) !== 0);
  disk.link(file, LOCK);
  const first = holder(0, 'link', protocols);
  return {
    ...contest(['link', by], 'free', 0, protocols),
    name: `link, whose text is on its way, and ${by}`,
    actors: [
      { ...first, stands: (now) => now.get(LOCK) !== undefined && now.get(LOCK) === now.get(file) },
      contender(1, by, protocols),
    ],
    world: { ...worldOf('free'), disk: disk.normal(), isShared: true },
  };
}

/** What a power cut left of a pid file of ours, into which another program has written its own pid since. */
export function pidWrittenSince(protocols: Protocols = shipped): Scenario {
  const disk = pidFileOf(ZOMBIE);
  disk.cut(ALL);
  disk.fill(LOCK, pidText(recordOf(1)));
  const base = pidContest(1, 'free', 0, protocols);
  return {
    ...base,
    name: 'pid: what a power cut left, written by another program since',
    actors: [...base.actors, daemon(1, recordOf(1).pid, 'hold')],
    world: { ...base.world, disk: disk.normal() },
  };
}

/** A holder that lives, whose pid file somebody has emptied. */
export function pidEmptied(protocols: Protocols = shipped): Scenario {
  const disk = pidFileOf(0);
  disk.fill(LOCK, '');
  const base = pidContest(2, 'free', 0, protocols);
  return {
    ...base,
    name: 'pid: one that was emptied, of a holder that lives',
    actors: [
      {
        ...pidHolder(0, protocols),
        stands: (now) => now.get(recordBeside(LOCK))?.text === claimOf(0, 'link').text,
      },
      pidContender(1, protocols),
    ],
    world: { ...base.world, disk: disk.normal() },
    laws: /LAW-[1256]/, // Its release says that it has lost it.
  };
}
