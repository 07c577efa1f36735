/**
 * Coverage is measured in the suite's own process, and in the children that get `coverageOfChildren`: those of the
 * command. Each of the hundreds of others would start a tenth of a second later, and write half a megabyte.
 */

const NAME = 'NODE_V8_COVERAGE';

/** For a child's environment: where to write its coverage; empty if coverage isn't measured. */
export const coverageOfChildren: Readonly<Record<string, string>> =
  process.env[NAME] === undefined ? {} : { [NAME]: process.env[NAME] };

// This process has read the variable already: nodejs.org/api/cli.html#node_v8_coveragedir
Reflect.deleteProperty(process.env, NAME);
