/** `npm run explore`: explores what one asks for, with progress. */
import { Explorer, type Scenario } from './explorer.js';
import {
  contest,
  kinds,
  leaving,
  meeting,
  others,
  refusals,
  refused,
  robbery,
  type Start,
} from './scenarios.js';
import { format, parse, tell } from './trace.js';

function scenarios(): Scenario[] {
  const found: Scenario[] = [];
  const starts: Start[] = ['free', 'link', 'mkdir', 'symlink'];
  for (const one of kinds)
    for (const other of kinds)
      for (const start of starts) if (one <= other) found.push(contest([one, other], start, 2));
  for (const one of kinds)
    for (const by of kinds) found.push(robbery([one], by, 1), robbery([one, 'link'], by, 0));
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
  return found;
}

const option = (name: string) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? undefined : process.argv[at + 1];
};

const wanted = option('scenario') ?? '';
const replay = option('replay');
for (const scenario of scenarios()) {
  if (!scenario.name.includes(wanted)) continue;
  if (replay !== undefined) {
    console.log(tell(parse(replay, scenario), scenario).join('\n'));
    continue;
  }
  const begun = performance.now();
  const limit = Number(option('limit') ?? 5_000_000);
  const explorer = new Explorer({ ...scenario, limit });
  const { states, worlds, nodes, isComplete, failure } = explorer.run((states, done) =>
    process.stderr.write(`\r${states} states, ${done} done `),
  );
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  console.log(
    `${scenario.name}: ${states} states (${worlds} worlds, ${nodes} nodes), ${isComplete ? 'complete' : 'cut off'}, ${seconds} s`,
  );
  if (failure !== undefined) {
    console.log(`  ${failure.law}`);
    console.log(tell(failure.moves, scenario).join('\n'));
    console.log(`  --scenario '${scenario.name}' --replay '${format(failure.moves, scenario)}'`);
  }
}
