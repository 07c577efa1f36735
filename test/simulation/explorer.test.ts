/** Every order of every call, and a kill anywhere: the protocols that ship keep every law. */
import { expect } from 'chai';
import type { Actor, Merge } from './actor.js';
import { Explorer, type Scenario } from './explorer.js';
import {
  contest,
  kinds,
  leaving,
  meeting,
  orphanAnd,
  others,
  raided,
  refusals,
  refused,
  refusedRaid,
  robbery,
} from './scenarios.js';
import { format, tell } from './trace.js';

/** Explores all of it; a failure's message is its trace, and how to see it again. */
function explore(scenario: Scenario): void {
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

describe('of two contenders, with two kills, no two ever hold, and nobody is ever stuck:', function () {
  this.timeout(300_000);
  for (const [index, one] of kinds.entries()) {
    for (const other of kinds.slice(index)) {
      for (const start of ['free', ...kinds] as const) {
        // 1.3 million states each, much like those from the third kind: `npm run explore`.
        if (one === 'mkdir' && other === 'mkdir' && (start === 'link' || start === 'symlink')) continue;
        it(`${one} and ${other}, the lock at first ${start}`, () => {
          explore(contest([one, other], start, 2));
        });
      }
    }
  }
});

describe('of three contenders, with a kill and a stale claim', () => {
  it('no two ever hold, and nobody is ever stuck', function () {
    this.timeout(300_000);
    explore(contest(['link', 'link', 'link'], 'link', 1));
  });
});

describe('a lock that is broken by force gets no third holder, and its old holder hears of it:', function () {
  this.timeout(300_000);
  for (const one of kinds) {
    for (const by of kinds) {
      it(`${one}, by ${by}, with a kill, or with another contender`, () => {
        explore(robbery([one], by, 1));
        explore(robbery([one, 'link'], by, 0));
      });
    }
  }
});

describe("another program's lock is never overrun:", () => {
  for (const one of kinds) {
    for (const other of others) {
      it(`${one} and ${other}`, () => {
        explore(meeting([one], other));
        explore(meeting([one], other, undefined, 'link'));
      });
    }
  }

  it('not when it comes after an orphan, nor after a forced break', () => {
    explore(orphanAnd(['link', 'link'], 'proper-lockfile'));
    // Not the mkdir kind: docs/protocol.md says what is open there.
    for (const one of ['link', 'symlink'] as const) explore(raided(one, 'link', 'proper-lockfile'));
  });
});

describe('whoever gives up, or exits, leaves nothing in the way:', () => {
  for (const one of kinds) {
    for (const how of ['abort', 'exit'] as const) {
      it(`${one}, an ${how}`, () => {
        explore(leaving([one, 'link'], 'free', how));
      });
    }
  }
});

describe('a call is', () => {
  for (const how of Object.keys(refusals) as (keyof typeof refusals)[]) {
    it(`${how}: still never two holders, and never half a lock`, () => {
      for (const one of kinds) {
        for (const start of ['free', ...kinds] as const) explore(refused([one], start, how));
      }
      explore(refused(['link', 'link'], 'free', how));
      explore(refusedRaid('link', 'link', how));
    });
  }
});
