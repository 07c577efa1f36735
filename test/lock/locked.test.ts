/**
 * A function under a lock: its arguments, its result, and that the lock is held while it runs and released
 * afterwards.
 */
import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { expect } from 'chai';
import {
  AlreadyLocked,
  LockFile,
  NotMyLock,
  locked,
  lockedSync,
  updateFile,
  updateJson,
  withLock,
  withLockSync,
  type Hold,
} from '../../src/index.js';
import { run } from '../support/script.js';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary.js';
import { failure } from './subjects.js';

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('a function under a lock', () => {
  let directory: TemporaryDirectory;
  let path: string;

  beforeEach(() => {
    directory = temporaryDirectory();
    path = directory.join('config.json');
  });
  afterEach(() => {
    expect(new LockFile(path).isLockedSync()).to.equal(false);
  });

  const isLocked = () => new LockFile(path).isLockedSync();

  describe('withLock', () => {
    it('holds the lock while its work runs, and returns the result', async () => {
      const result = await withLock(path, async (hold) => {
        await turn();
        expect(hold.path).to.equal(path);
        return await hold.isHeld();
      });
      expect(result).to.equal(true);
      expect(isLocked()).to.equal(false);
    });

    it('accepts synchronous work', async () => {
      expect(await withLock(path, isLocked)).to.equal(true);
    });

    it('releases the lock when its work throws or rejects, and rethrows that error', async () => {
      const oops = new Error('oops');
      expect(await failure(() => withLock(path, () => Promise.reject(oops)))).to.equal(oops);
      expect(isLocked()).to.equal(false);
      const work = () => {
        throw oops;
      };
      expect(await failure(() => withLock(path, work))).to.equal(oops);
      expect(isLocked()).to.equal(false);
    });

    it('passes its options on, and does not run its work without the lock', async () => {
      let ran = false;
      await withLock(path, async () => {
        const attempt = () => withLock(path, () => (ran = true), { timeout: 0 });
        expect(await failure(attempt)).to.be.instanceOf(AlreadyLocked);
      });
      expect(ran).to.equal(false);
    });

    it('rejects when the lock was broken while its work ran, unless the work itself failed', async () => {
      expect(await failure(() => withLock(path, () => new LockFile(path).breakLock()))).to.be.instanceOf(
        NotMyLock,
      );
      const oops = new Error('oops');
      const work = async () => {
        await new LockFile(path).breakLock();
        throw oops;
      };
      expect(await failure(() => withLock(path, work))).to.equal(oops);
    });
  });

  it('does not run, in any form, if the signal is aborted while it waits for its lock', async () => {
    const holder = await new LockFile(path).acquire();
    let ran = 0;
    const work = () => {
      ran++;
      return 'x';
    };
    const forms = [
      (signal: AbortSignal) => withLock(path, work, { signal }),
      (signal: AbortSignal) => locked(path, { signal })(work)(),
      (signal: AbortSignal) => updateFile(path, work, { signal }),
      (signal: AbortSignal) => updateJson(path, work, { signal }),
    ];
    for (const form of forms) {
      const controller = new AbortController();
      const reason = new Error('enough');
      const outcome = failure(() => form(controller.signal));
      await turn();
      controller.abort(reason);
      expect(await outcome).to.equal(reason);
      expect(await failure(() => form(controller.signal))).to.equal(reason);
    }
    expect(ran).to.equal(0);
    await holder.release();
  });

  it('may end the process: its code is kept, the lock is released, and nothing after it runs', async () => {
    const forms = [
      "await holdfast.withLock('config.json', EXIT)",
      "holdfast.withLockSync('config.json', EXIT)",
      "await holdfast.locked('config.json')(EXIT)()",
      "await holdfast.updateJson('config.json', EXIT)",
      "holdfast.updateFileSync('config.json', EXIT)",
    ];
    for (const form of forms) {
      const script = `${form.replace('EXIT', '() => process.exit(3)')}; say('after');`;
      const { code, stdout } = await run(script, { cwd: directory.path });
      expect({ code, stdout }, form).to.deep.equal({ code: 3, stdout: '' });
      expect(readdirSync(directory.path), form).to.deep.equal([]);
    }
  });

  it('is the work of a hold that it gets, which it may release itself', async () => {
    const early = async (hold: Hold) => {
      expect(hold.clean).to.equal(true);
      await hold.release();
    };
    expect((await failure(() => withLock(path, early))).name).to.equal('NotLocked');
  });

  describe('withLockSync', () => {
    it('holds the lock while its work runs, and returns the result', () => {
      expect(withLockSync(path, (hold) => hold.isHeldSync())).to.equal(true);
      expect(isLocked()).to.equal(false);
    });

    it('releases the lock when its work throws, and rethrows that error', async () => {
      const oops = new Error('oops');
      const work = () => {
        new LockFile(path).breakLockSync(); // The error of the work matters more than that of the release.
        throw oops;
      };
      expect(await failure(() => withLockSync(path, work))).to.equal(oops);
      expect(isLocked()).to.equal(false);
    });

    it('refuses work that returns a promise', async () => {
      const works = [() => Promise.resolve(1), () => ({ then: () => undefined })];
      for (const work of works) {
        const error = await failure(() => withLockSync(path, work as () => unknown));
        expect(error).to.be.instanceOf(TypeError);
        expect(error.message).to.include('must not return a promise');
        expect(isLocked()).to.equal(false);
      }
      expect(withLockSync(path, () => ({ then: 'a field' }))).to.deep.equal({ then: 'a field' });
    });
  });

  describe('locked and lockedSync', () => {
    it('keep `this`, arguments, result, name and length', async () => {
      const owner = {
        factor: 2,
        times: locked(path)(async function times(this: { factor: number }, a: number, b: number) {
          await turn();
          return [this.factor * a * b, isLocked()];
        }),
        timesSync: lockedSync(path)(function timesSync(this: { factor: number }, a: number, b: number) {
          return [this.factor * a * b, isLocked()];
        }),
      };
      expect(await owner.times(3, 4)).to.deep.equal([24, true]);
      expect(owner.timesSync(3, 4)).to.deep.equal([24, true]);
      expect(owner.times).to.include({ name: 'times', length: 2 });
      expect(owner.timesSync).to.include({ name: 'timesSync', length: 2 });
    });

    it('are standard decorators of methods, static ones too', async () => {
      class Store {
        readonly name = 'store';
        @locked(path) async save(words: string): Promise<string> {
          await turn();
          return `${this.name} ${words} ${isLocked()}`;
        }
        @lockedSync(path) load(words: string): string {
          return `${this.name} ${words} ${isLocked()}`;
        }
        @locked(path) static async all(): Promise<boolean> {
          await turn();
          return isLocked();
        }
      }
      expect(await new Store().save('saves')).to.equal('store saves true');
      expect(new Store().load('loads')).to.equal('store loads true');
      expect(await Store.all()).to.equal(true);
      expect(Store.prototype.save.name).to.equal('save');
    });

    it('refuse anything but a function or a method', async () => {
      const decorate = locked(path) as (work: unknown, context?: unknown) => unknown;
      const refused: readonly (readonly [unknown, unknown?])[] = [
        [undefined, { kind: 'field' }],
        [Date, { kind: 'class' }],
        [isLocked, { kind: 'getter' }],
        [isLocked, null],
        ['save'],
        [{}, 'save'], // TypeScript's older decorators
        [Date, 'save'], // … of a static method
      ];
      for (const [work, context] of refused) {
        expect(await failure(() => decorate(work, context))).to.be.instanceOf(TypeError);
      }
    });

    it('take a lock per call, so that calls exclude each other', async () => {
      let inside = 0;
      const order: number[] = [];
      const enter = locked(path)(async (call: number) => {
        expect(++inside).to.equal(1);
        order.push(call);
        await turn();
        inside--;
      });
      await Promise.all([1, 2, 3].map((call) => enter(call)));
      expect(order).to.deep.equal([1, 2, 3]);
    });

    it('take the path from `this` and the arguments of each call', async () => {
      const names: string[] = [];
      const note = () => names.push(...readdirSync(directory.path).filter((name) => name.endsWith('.lock')));
      const visit = locked((user: string) => directory.join(user))(async (user, times: number) => {
        note();
        await turn();
        return user.repeat(times);
      });
      expect(await visit('ann', 2)).to.equal('annann');
      const owner = {
        file: 'bob',
        visit: lockedSync(function (this: { file: string }) {
          return directory.join(this.file);
        })(function (this: { file: string }) {
          note();
          return this.file;
        }),
      };
      expect(owner.visit()).to.equal('bob');
      expect(names).to.deep.equal(['ann.lock', 'bob.lock']);
    });

    it('reject when the path can’t be computed, and don’t run', async () => {
      const oops = new Error('oops');
      const run = locked((): string => {
        throw oops;
      })(() => expect.fail('ran'));
      expect(await failure(() => run())).to.equal(oops);
    });

    it('make a given relative path absolute at once, and a computed one at each call', async () => {
      const { stdout, stderr } = await run(
        `const names = () => fs.readdirSync('.').filter((name) => !name.startsWith('.holdfast-')).join();
         const kept = holdfast.lockedSync('config.json')(names);
         const each = holdfast.lockedSync(() => 'config.json')(names);
         fs.mkdirSync('below');
         process.chdir('below');
         say(kept() + ';' + each().replace(/[.][0-9a-f]{24}/, '.staged'));
         fs.rmdirSync('../below');`,
        { cwd: directory.path },
      );
      expect(stderr).to.equal('');
      expect(stdout).to.equal(`;${basename(path)}.lock,${basename(path)}.lock.staged\n`);
    });
  });
});
