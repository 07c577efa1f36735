/** Every order of every call, and a kill anywhere: the protocols that ship keep all the laws. */
import { explore, exploreSideBySide, retell, type ExplorationReport } from './exploration.js';
import type { Scenario } from './explorer.js';
import { beside, filling, late, robbedWhileTidying, tidying } from './odd-scenarios.js';
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
  robbedTwice,
  robbery,
} from './scenarios.js';

describe('contenders that may be killed: never two holders, never stuck:', function () {
  this.timeout(300_000);
  const scenarios: Scenario[] = [];
  let reports: ReadonlyMap<string, ExplorationReport>;
  const law = (name: string, scenario: Scenario) => {
    scenarios.push(scenario);
    it(name, () => {
      retell(scenario, reports);
    });
  };

  before(async () => {
    reports = await exploreSideBySide(scenarios);
  });

  for (const [index, one] of kinds.entries()) {
    for (const other of kinds.slice(index)) {
      for (const start of ['free', ...kinds] as const)
        law(`${one} and ${other}, two kills, initial lock: ${start}`, contest([one, other], start, 2));
    }
  }
  law('three links, one kill, and a stale claim', contest(['link', 'link', 'link'], 'link', 1));
});

describe('a lock that is broken by force: no third holder, and the old holder is told:', function () {
  this.timeout(300_000);
  for (const one of kinds) {
    for (const by of kinds) {
      it(`${one}, by ${by}, with a kill, or with another contender`, () => {
        explore(robbery([one], by, 1));
        explore(robbery([one, 'link'], by, 0));
      });
    }
  }

  it('two processes break it, and one of them is killed', () => {
    for (const by of ['link', 'symlink'] as const) explore(robbedTwice(by));
  });
});

describe("another program's lock is never removed:", () => {
  for (const one of kinds) {
    for (const other of others) {
      it(`${one} and ${other}`, () => {
        explore(meeting([one], other));
        explore(meeting([one], other, undefined, 'link'));
      });
    }
  }

  it('not by the release of a holder whose lock was broken before', () => {
    for (const one of kinds) explore(late(one, 'proper-lockfile'));
  });

  it('not when it follows an orphan or a forced break', () => {
    explore(orphanAnd(['link', 'link'], 'proper-lockfile'));
    // Not the mkdir kind: docs/explanation/not-covered.md says what is open there.
    for (const one of ['link', 'symlink'] as const) explore(raided(one, 'link', 'proper-lockfile'));
  });
});

describe('a contender that gives up or exits leaves nothing in the way:', () => {
  for (const one of kinds) {
    for (const how of ['abort', 'exit'] as const) {
      it(`${one}, an ${how}`, () => {
        explore(leaving([one, 'link'], 'free', how));
      });
    }
  }
});

describe('a disk that is full', () => {
  it('never prevents a release', () => {
    for (const one of kinds) explore(filling([one]));
    explore(filling(['link', 'link']));
  });
});

describe('a release that removes what killed waiters left', function () {
  this.timeout(300_000);

  it('removes nobody’s lock', () => {
    for (const start of ['free', 'link'] as const) explore(tidying(2, start));
    explore(robbedWhileTidying());
  });
});

describe('a directory with two claims', () => {
  it('is held by the living one', () => {
    for (const one of kinds) explore(beside(one));
  });
});

describe('a call is', () => {
  for (const how of Object.keys(refusals) as (keyof typeof refusals)[]) {
    it(`${how}: never two holders, and never half a lock`, () => {
      for (const one of kinds) {
        for (const start of ['free', ...kinds] as const) explore(refused([one], start, how));
      }
      explore(refused(['link', 'link'], 'free', how));
      explore(refusedRaid('link', 'link', how));
    });
  }
});
