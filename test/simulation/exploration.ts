/** One exploration of the suite. */
import { expect } from 'chai';
import type { Actor, Merge } from './actor.js';
import { Explorer, type Scenario } from './explorer.js';
import { format, tell } from './trace.js';

/** Explores all of it; a failure's message is its trace, and how to see it again. */
export function explore(scenario: Scenario): void {
  const explorer = new Explorer(scenario);
  const { states, isComplete, failure } = explorer.run();
  if (failure !== undefined) {
    const replay = `npm run explore -- --scenario '${scenario.name}' --replay '${format(failure.moves, scenario)}'`;
    throw new Error([failure.law, ...tell(failure.moves, scenario), replay].join('\n'));
  }
  console.log(`        ${scenario.name}: ${states} states`);
  expect(isComplete).to.equal(true);
  for (const actor of explorer.moves.actors) checkMerges(actor);
}

/** How many merged histories of an actor are run on. */
const SAMPLE = 500;

/** What an actor was taken not to remember makes no difference to it. */
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
