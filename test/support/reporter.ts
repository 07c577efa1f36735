/**
 * Mocha's `spec` reporter, which also writes the counts to a file, so that `.ci/run` can print them last, after the
 * coverage, and also when the suite failed.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import Mocha from 'mocha';

const countsFile = fileURLToPath(new URL('../../test-counts.txt', import.meta.url));

export default class CountingReporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options?: Mocha.MochaOptions) {
    super(runner, options);
    runner.once(Mocha.Runner.constants.EVENT_RUN_END, () => {
      const { passes, failures, pending } = this.stats;
      const skipped = pending === 0 ? '' : `, ${pending} skipped`;
      writeFileSync(countsFile, `${passes} passed, ${failures} failed${skipped}\n`);
    });
  }
}
