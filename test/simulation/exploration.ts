/** One exploration of the suite, or several side by side. */
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { expect } from 'chai';
import type { Actor, Merge } from './actor.js';
import { Explorer, type Scenario } from './explorer.js';
import { format, tell } from './trace.js';

/** Explores a scenario and prints its number of states. A failure's message is its trace and a command to replay it. */
export function explore(scenario: Scenario): void {
  console.log(`        ${explored(scenario)}`);
}

/** What `explore` prints. */
export function explored(scenario: Scenario): string {
  const explorer = new Explorer(scenario);
  const { states, isComplete, failure } = explorer.run();
  if (failure !== undefined) {
    const replay = `npm run explore -- --scenario '${scenario.name}' --replay '${format(failure.moves, scenario)}'`;
    throw new Error([failure.law, ...tell(failure.moves, scenario), replay].join('\n'));
  }
  expect(isComplete).to.equal(true);
  for (const actor of explorer.moves.actors) checkMerges(actor);
  return `${scenario.name}: ${states} states`;
}

/** The result of one exploration: what `explore` prints, or its error. */
export interface ExplorationReport {
  readonly words?: string;
  readonly failure?: string;
}

/** Explores scenarios of the catalogue, with a thread for each processor; returns the results by name. */
export async function exploreSideBySide(
  scenarios: readonly Scenario[],
): Promise<ReadonlyMap<string, ExplorationReport>> {
  const waiting = scenarios.map(({ name }) => name);
  const reports = new Map<string, ExplorationReport>();
  const work = async () => {
    const worker = new Worker(new URL('exploration-thread.js', import.meta.url));
    const ended = once(worker, 'exit');
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      worker.postMessage(name);
      const [report] = (await once(worker, 'message')) as [ExplorationReport]; // Rejects if the thread fails.
      reports.set(name, report);
    }
    worker.postMessage(undefined);
    await ended;
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  return reports;
}

/** As `explore`, for a scenario that was already explored. */
export function retell({ name }: Scenario, reports: ReadonlyMap<string, ExplorationReport>): void {
  const report = reports.get(name);
  if (report?.words === undefined) throw new Error(report?.failure ?? `${name} was not explored`);
  console.log(`        ${report.words}`);
}

/** How many merged histories of an actor are checked. */
const SAMPLE = 500;

/** Checks that what an actor was assumed to forget makes no difference to it. */
function checkMerges(actor: Actor): void {
  const stride = Math.max(1, Math.floor(actor.merges.length / SAMPLE));
  for (let index = 0; index < actor.merges.length; index += stride) {
    const merge = actor.merges[index] as Merge;
    // Any path will do, but the same each time.
    let seed = index;
    const pick = (count: number) => (seed = (seed * 48271 + 11) % 2147483647) % Math.max(1, count);
    expect(actor.difference(merge, pick)).to.equal(undefined);
  }
}
