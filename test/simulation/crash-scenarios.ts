/** Power cuts: everyone who runs dies at once, and some files lose their text (`Disk.cut`). */
import type { Kind } from '../../src/model/claim.js';
import { MARK } from '../../src/model/mark.js';
import { privatePath } from '../../src/model/file-names.js';
import { Disk } from './disk.js';
import type { Scenario } from './explorer.js';
import { pidContest, type PidStart } from './pid-scenarios.js';
import { LOCK, claimOf, contender, holder, recordOf, shipped, type Protocols } from './programs.js';
import { contest, worldOf, type Start } from './scenarios.js';
import { isCut, mishaps, type Budget } from './world.js';

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
