/**
 * The contract of a lock, as a suite: what every subclass of `LockBase` owes its callers. Exported as
 * `holdfast/contract`, for authors of locks of their own; every lock of this package passes it.
 *
 * Rule: each law is written once, and runs over each form: with `acquire`, with `acquireSync`, and in a worker.
 *
 * Not promised: that a lock which passes is right. Races that a few hundred turns don't meet are for an explorer.
 */
import { strict as assert } from 'node:assert';
import { mkdtempSync, readdirSync, realpathSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Peers, LawWorker } from './peers.js';
import { forms, load, type Form, type LockModule } from './form.js';
import type { Law } from './law.js';
import { laws } from './laws.js';

/**
 * A lock to be tested.
 *
 * @example
 * const subject: Subject = { module: new URL('./room-lock.js', import.meta.url), name: 'RoomLock' };
 */
export interface Subject extends LockModule {
  /** What a released lock leaves in its directory on purpose: names. */
  readonly leaves?: readonly string[];
}

/**
 * Mocha's, `node:test`'s, or whoever's: two functions that take a name and a function.
 *
 * @example
 * import { describe, it } from 'node:test';
 * const runner: Runner = { describe, it };
 */
export interface Runner {
  /** Declares a group of tests, by calling `body` at once. */
  readonly describe: (name: string, body: () => void) => unknown;
  /** Declares a test, which fails by rejecting. */
  readonly it: (name: string, test: () => Promise<void>) => unknown;
}

/**
 * Declares the tests.
 *
 * @param subject The lock: a module, and the name of the class in it, whose constructor takes a path and options. The
 *   module, because other processes and workers load it too.
 * @param runner Where to declare them.
 * @example
 * contract({ module: new URL('./room-lock.js', import.meta.url), name: 'RoomLock' }, { describe, it });
 */
export function contract(subject: Subject, { describe, it }: Runner): void {
  describe(`the contract of a lock, kept by ${subject.name}`, () => {
    for (const form of forms) {
      describe(form.name, () => {
        for (const law of laws.filter((each) => each.form === undefined || each.form === form.name))
          it(titleOf(law), () => keep(law, subject, form));
      });
    }
    describe('in a worker', () => {
      const worker = new LawWorker(subject);
      const ofWorkers = laws.filter((law) => law.needsProcesses !== true);
      for (const law of ofWorkers) {
        it(titleOf(law), async () => {
          await worker.run(laws.indexOf(law));
          if (law === ofWorkers.at(-1)) await worker.end();
        });
      }
    });
  });
}

function titleOf(law: Law): string {
  return `${law.row}: ${law.name}`;
}

/**
 * Whoever is killed while making a private file leaves one that names nobody, and who is killed right after lighting a
 * beacon a socket: nobody can tell it from a newborn.
 */
function isUnwritten(path: string): boolean {
  const stats = statSync(path);
  if (!stats.isDirectory()) return stats.size === 0;
  return readdirSync(path).every((name) => isUnwritten(join(path, name)));
}

/**
 * Runs one law in a directory of its own, which must be empty again afterwards. For the workers that this suite starts.
 *
 * @internal
 */
export async function keep(law: Law, subject: Subject, form: Form): Promise<void> {
  const directory = mkdtempSync(join(realpathSync(tmpdir()), `holdfast-contract-${String(process.pid)}-`));
  const peers = new Peers(subject);
  try {
    const make = await load(subject);
    await law.keep({
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
