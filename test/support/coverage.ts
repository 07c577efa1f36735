/**
 * Coverage is measured in the suite's own process, and in those children that are given `coverageOfChildren`: the
 * command's. Each of the hundreds of others would be slower by a tenth of a second, and write half a megabyte.
 */

const NAME = 'NODE_V8_COVERAGE';

/** For a child's environment: where to put what it covers; nothing, where nobody measures. */
export const coverageOfChildren: Readonly<Record<string, string>> =
  process.env[NAME] === undefined ? {} : { [NAME]: process.env[NAME] };

// This process has read it, and measures to its end: nodejs.org/api/cli.html#node_v8_coveragedir
Reflect.deleteProperty(process.env, NAME);
