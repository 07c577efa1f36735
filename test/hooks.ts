/**
 * Checks that every test leaves no file in its directories and no open handle.
 *
 * Leftovers are reported together at the end and fail the run. Throwing from `afterEach` would report them sooner, but
 * then mocha skips all remaining tests.
 *
 * Rule: mocha is never told to exit. A handle that keeps the process alive after the suite is an error, and
 * `lastWords` names it instead of leaving the run to hang.
 */
import type { Context, RootHookObject } from 'mocha';
import './support/coverage.js';
import { buildLibraryIfStale } from './support/library.js';
import { suiteEnds, testBegins, testEnds } from './support/temporary.js';

const handleGraceMs = 1_000;
const exitGraceMs = 3_000;

const complaints: string[] = [];
let baseline: readonly string[] = [];

/** Before any test, so that none of them builds what another one loads. */
export function mochaGlobalSetup(): void {
  buildLibraryIfStale();
}

export const mochaHooks: RootHookObject = {
  async beforeAll() {
    await turn();
    baseline = process.getActiveResourcesInfo();
  },

  beforeEach() {
    testBegins();
  },

  async afterEach(this: Context) {
    const test = this.currentTest;
    const left = testEnds().map((name) => `left ${name}`);
    const open = await handlesLeft();
    if (open.length > 0) {
      left.push(`left open: ${open.join(', ')}`);
      baseline = process.getActiveResourcesInfo();
    }
    if (test?.state === 'failed') return;
    complaints.push(...left.map((what) => `"${test?.fullTitle() ?? 'a test'}" ${what}`));
  },

  afterAll() {
    complaints.push(...suiteEnds().map((name) => `the suite left ${name}`));
    setTimeout(lastWords, exitGraceMs).unref();
    if (complaints.length > 0) throw new Error(['Something was left behind:', ...complaints].join('\n  '));
  },
};

/** Handles beyond the baseline that remain. Closing takes a few turns of the event loop. */
async function handlesLeft(): Promise<string[]> {
  const deadline = performance.now() + handleGraceMs;
  for (;;) {
    await turn();
    const open = beyond(baseline, process.getActiveResourcesInfo());
    if (open.length === 0 || performance.now() > deadline) return open;
  }
}

/**
 * One turn of the event loop. Handles are only counted after one, here and for the baseline: once a hook has
 * waited, mocha's timer for that hook is among them.
 */
async function turn(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

/** `now` less `before`, as bags. */
function beyond(before: readonly string[], now: readonly string[]): string[] {
  const spare = [...before];
  return now.filter((name) => {
    const index = spare.indexOf(name);
    if (index >= 0) spare.splice(index, 1);
    return index < 0;
  });
}

function lastWords(): void {
  console.error(
    `The suite ended, but something is still open: ${process.getActiveResourcesInfo().join(', ')}`,
  );
  process.exit(1);
}
