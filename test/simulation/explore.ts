/** `npm run explore`: explores what one asks for, with progress. */
import { catalogue } from './catalogue.js';
import { Explorer } from './explorer.js';
import { format, parse, tell } from './trace.js';

const option = (name: string) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? undefined : process.argv[at + 1];
};

const wanted = option('scenario') ?? '';
const replay = option('replay');
const known = catalogue();
// A whole name is meant, where it is one, and not what it begins.
const isExact = known.some(({ name }) => name === wanted);
for (const scenario of known) {
  if (isExact ? scenario.name !== wanted : !scenario.name.includes(wanted)) continue;
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
