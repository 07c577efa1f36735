/**
 * The contract of a lock, as a test suite: what every subclass of `LockBase` must do. Exported as `holdfast/contract`,
 * for authors of their own locks. Every lock of this package passes it.
 *
 * Rule: each law is written once, and runs in each form: with `acquire`, with `acquireSync`, and in a worker.
 *
 * Not promised: that a lock which passes is correct. A few hundred turns don't find every race; an explorer can.
 */
import { strict as assert } from 'node:assert';
import { mkdtempSync, readdirSync, realpathSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Peers, LawWorker } from './peers.js';
import { forms, load, type Form, type LockModule } from './form.js';
import { checkNames } from '../lock/option-names.js';
import type { Law } from './law.js';
import { laws } from './laws.js';

/**
 * A lock to be tested.
 *
 * @example
 * const subject: Subject = { module: new URL('./room-lock.js', import.meta.url), name: 'RoomLock' };
 */
export interface Subject extends LockModule {
  /** The names of files that a released lock leaves in its directory on purpose. */
  readonly leaves?: readonly string[];
}

/**
 * The functions of a test runner, such as Mocha or `node:test`.
 *
 * @example
 * import { describe, it } from 'node:test';
 * const runner: Runner = { describe, it };
 */
export interface Runner {
  /** Declares a group of tests, and calls `body` immediately. */
  readonly describe: (name: string, body: () => void) => unknown;
  /** Declares a test, which fails if its promise rejects. */
  readonly it: (name: string, test: () => Promise<void>) => unknown;
}

const SUBJECT_FIELDS = ['module', 'name', 'options', 'leaves'] satisfies (keyof Subject)[];

/**
 * Declares the tests.
 *
 * @param subject The lock: a module, and the name of a class that it exports, whose constructor takes a path and
 *   options. A module rather than a class, because other processes and workers load it too.
 * @param runner The functions that declare the tests.
 * @example
 * contract({ module: new URL('./room-lock.js', import.meta.url), name: 'RoomLock' }, { describe, it });
 */
export function contract(subject: Subject, { describe, it }: Runner): void {
  checkNames(subject, SUBJECT_FIELDS, 'field of a subject');
  describe(`the contract of a lock, kept by ${subject.name}`, () => {
    for (const form of forms) {
      describe(form.name, () => {
        for (const law of laws.filter((each) => each.form === undefined || each.form === form.name))
          it(titleOf(law), () => checkLaw(law, subject, form));
      });
    }
    describe('in a worker', () => {
      const worker = new LawWorker(subject);
      const workerLaws = laws.filter((law) => law.needsProcesses !== true);
      for (const law of workerLaws) {
        it(titleOf(law), async () => {
          await worker.run(laws.indexOf(law));
          if (law === workerLaws.at(-1)) await worker.end();
        });
      }
    });
  });
}

function titleOf(law: Law): string {
  return `${law.row}: ${law.name}`;
}

/**
 * A process that is killed while it creates a private file leaves an empty one, and one that is killed right after it
 * has opened its beacon leaves a socket. Neither can be distinguished from one that was just created.
 */
function isUnwritten(path: string): boolean {
  const stats = statSync(path);
  if (!stats.isDirectory()) return stats.size === 0;
  return readdirSync(path).every((name) => isUnwritten(join(path, name)));
}

/**
 * Checks one law in a new directory, which must be empty again afterwards. Exported for the workers of this suite.
 *
 * @internal
 */
export async function checkLaw(law: Law, subject: Subject, form: Form): Promise<void> {
  const directory = mkdtempSync(join(realpathSync(tmpdir()), `holdfast-contract-${String(process.pid)}-`));
  const peers = new Peers(subject);
  try {
    const make = await load(subject);
    await law.check({
      form,
      path: join(directory, 'README'),
      make: (options, path = join(directory, 'README')) => make(path, options),
      startPeer: peers.start.bind(peers),
    });
    await peers.end();
    const left = readdirSync(directory).filter((name) => {
      if (law.kills === true && isUnwritten(join(directory, name))) return false;
      return subject.leaves?.includes(name) !== true;
    });
    assert.deepEqual(left, [], 'nothing is left behind');
  } finally {
    await peers.end();
    rmSync(directory, { recursive: true, force: true });
  }
}
