/** Every scenario of the suite, and more, by its name. */
import type { Scenario } from './explorer.js';
import { onItsWay, pidPowerCut, pidWrittenSince, powerCut } from './crash-scenarios.js';
import { beside, filling, late, robbedWhileTidying, tidying } from './odd-scenarios.js';
import { shipped } from './programs.js';
import { staleReads } from './stale-scenarios.js';
import {
  contest,
  kinds,
  leaving,
  lineUp,
  meeting,
  orphanAnd,
  others,
  raided,
  refusals,
  refused,
  refusedRaid,
  robbedTwice,
  robbery,
  type Start,
} from './scenarios.js';
import {
  pidContest,
  pidMeeting,
  pidOverwritten,
  pidRaid,
  pidReused,
  pidRobbery,
  pidStarts,
  pidTrouble,
} from './pid-scenarios.js';

const starts: readonly Start[] = ['free', ...kinds];

export function catalogue(): Scenario[] {
  const found: Scenario[] = [];
  for (const one of kinds)
    for (const other of kinds)
      for (const start of starts) if (one <= other) found.push(contest([one, other], start, 2));
  for (const one of kinds)
    for (const by of kinds) found.push(robbery([one], by, 1), robbery([one, 'link'], by, 0));
  for (const by of kinds) found.push(robbedTwice(by));
  for (const one of kinds) {
    for (const other of others) found.push(meeting([one], other), meeting([one], other, undefined, 'link'));
    for (const other of kinds)
      for (const start of ['free', 'link'] as const)
        for (const how of ['abort', 'exit'] as const) found.push(leaving([one, other], start, how));
    for (const how of Object.keys(refusals) as (keyof typeof refusals)[])
      for (const start of ['free', ...kinds] as const)
        found.push(refused([one], start, how), refused([one, 'link'], start, how));
  }
  for (const kind of kinds)
    for (const start of ['free', ...kinds] as const)
      found.push(contest([kind, kind, kind], start, 1), contest([kind, kind], start, 1));
  for (const start of starts) found.push(contest(kinds, start, 1));
  return [...found, ...odd(), ...lines(), ...pids(), ...cuts()];
}

function odd(): Scenario[] {
  const found: Scenario[] = [
    filling(['link', 'link']),
    orphanAnd(['link', 'link'], 'proper-lockfile'),
    robbedWhileTidying(),
    tidying(2, 'free'),
    tidying(2, 'link'),
  ];
  for (const one of kinds) found.push(filling([one]), beside(one), raided(one, 'link', 'proper-lockfile'));
  for (const one of kinds) for (const other of others) found.push(late(one, other));
  for (const how of Object.keys(refusals) as (keyof typeof refusals)[])
    found.push(refusedRaid('link', 'link', how), pidRaid('free', how), pidRaid('ours', how));
  return found;
}

function lines(): Scenario[] {
  const found: Scenario[] = [];
  for (const of of [
    ['link', 'link'],
    ['link', 'mkdir'],
    ['link', 'symlink'],
    ['link', 'link', 'link'],
  ] as const)
    for (const start of starts)
      for (const budget of [
        { kills: 1 },
        { kills: 2 },
        { kills: 1, aborts: 1 },
        { exits: 1 },
        { aborts: 1 },
        { kills: 2, aborts: 1 },
      ])
        for (const isCourteous of [false, true]) found.push(lineUp(of, start, budget, shipped, isCourteous));
  return found;
}

function pids(): Scenario[] {
  const found: Scenario[] = [pidMeeting(1), pidMeeting(2), pidReused(), pidOverwritten()];
  for (const start of pidStarts) {
    for (const kills of [0, 1, 2]) {
      found.push(pidContest(2, start, kills), pidContest(2, start, kills, shipped, true));
      found.push(pidContest(3, start, kills), pidRobbery(1, start, kills), pidRobbery(2, start, kills));
    }
    for (const how of ['abort', 'exit', ...(Object.keys(refusals) as (keyof typeof refusals)[])] as const)
      found.push(pidTrouble(1, start, how), pidTrouble(2, start, how));
  }
  return found;
}

function cuts(): Scenario[] {
  const found: Scenario[] = [...kinds.map((kind) => onItsWay(kind)), pidWrittenSince()];
  for (const kills of [0, 1]) {
    for (const [index, one] of kinds.entries())
      for (const other of kinds.slice(index))
        for (const start of starts) found.push(powerCut([one, other], start, kills));
    for (const start of starts) found.push(powerCut(['link', 'link', 'link'], start, kills));
    for (const start of pidStarts) for (const count of [2, 3]) found.push(pidPowerCut(count, start, kills));
  }
  for (const of of [
    ['link', 'link'],
    ['link', 'mkdir'],
    ['link', 'link', 'link'],
  ] as const)
    for (const kills of [0, 1, 2])
      for (const stales of [1, 2])
        found.push(staleReads(of, 'link', kills, stales), staleReads(of, 'free', kills, stales));
  return found;
}
