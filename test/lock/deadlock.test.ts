/** A task that would wait for itself: it gets an error at once, which says where the block around it began. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import {
  AlreadyLocked,
  LockFile,
  LockTimeout,
  MkdirLockFile,
  UNCHANGED,
  NotMyLock,
  WouldDeadlock,
  locked,
  lockedSync,
  updateFile,
  updateJson,
  updateJsonSync,
  withLock,
  withLockSync,
  type Hold,
} from '../../src/index.js';
import { endScripts, run } from '../support/script.js';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary.js';
import { failure } from './subjects.js';

describe('a task that would wait for itself', () => {
  let directory: TemporaryDirectory;
  let path: string;

  beforeEach(() => {
    directory = temporaryDirectory().expect('config.json');
    path = directory.join('config.json');
  });
  afterEach(endScripts);

  const json = () => JSON.parse(readFileSync(path, 'utf8')) as unknown;

  const blocks: Readonly<Record<string, (work: () => unknown) => unknown>> = {
    withLock: (work) => withLock(path, work),
    locked: (work) => locked(path)(work)(),
    updateFile: (work) =>
      updateFile(path, async () => {
        await work();
        return UNCHANGED;
      }),
    updateJson: (work) =>
      updateJson(path, async () => {
        await work();
        return UNCHANGED;
      }),
    withLockSync: (work) => withLockSync(path, work),
    lockedSync: (work) => lockedSync(path)(work)(),
    updateJsonSync: (work) =>
      updateJsonSync(path, () => {
        work();
        return UNCHANGED;
      }),
  };
  const calls: Readonly<Record<string, () => unknown>> = {
    ...Object.fromEntries(Object.entries(blocks).map(([name, block]) => [name, () => block(() => 1)])),
    'withLock with a timeout': () => withLock(path, () => 1, { timeout: 60_000 }),
    'withLockSync with a timeout': () => withLockSync(path, () => 1, { timeout: 60_000 }),
    'acquire()': () => new LockFile(path).acquire(),
    'acquire() of another kind': () => new MkdirLockFile(path).acquire(),
    'acquireSync()': () => new LockFile(path).acquireSync(),
  };

  for (const [outer, block] of Object.entries(blocks)) {
    for (const [inner, call] of Object.entries(calls)) {
      const isSync = outer.endsWith('Sync') || inner.includes('Sync');
      if (outer.endsWith('Sync') && !inner.includes('Sync')) continue; // It waits until the block has ended.
      it(`${inner} inside ${outer} is WouldDeadlock at once, and the block goes on`, async () => {
        let error: unknown;
        await block(() => {
          const caught = (reason: unknown) => void (error = reason);
          if (!isSync) return (call() as Promise<unknown>).catch(caught);
          try {
            call();
          } catch (reason) {
            caught(reason);
          }
          return undefined;
        });
        expect(error).to.be.instanceOf(WouldDeadlock);
        expect(error).to.include({ code: 'WOULD_DEADLOCK', name: 'WouldDeadlock' });
        expect((error as Error).message).to.match(/config\.json\.lock is already held/);
        expect((error as Error).message).to.match(/which began at .*deadlock\.test\.js:\d+/);
        expect(await new LockFile(path).isLocked()).to.equal(false);
      });
    }
  }

  it('notices it across timers, promises and other locks in between', async () => {
    const other = directory.join('other');
    const error = await failure(() =>
      withLock(path, () =>
        withLock(other, async () => {
          await sleep(1);
          await Promise.all([sleep(1), withLock(path, () => 1)]);
        }),
      ),
    );
    expect(error).to.be.instanceOf(WouldDeadlock);
  });

  it('gets the error also in a program that begins very many blocks', async () => {
    for (let count = 0; count < 300; count++) await withLock(path, () => count);
    const error = await failure(() => withLock(path, () => withLock(path, () => 1)));
    expect(error).to.be.instanceOf(WouldDeadlock);
    expect(error.message).to.include('within: hold');
  });

  it('asks whether the lock is free, and gets the answer', async () => {
    await withLock(path, async () => {
      expect(await failure(() => withLock(path, () => 1, { timeout: 0 }))).to.be.instanceOf(AlreadyLocked);
      expect(await failure(() => new LockFile(path).acquire(0))).to.be.instanceOf(AlreadyLocked);
      expect(await failure(() => new LockFile(path).acquire(5))).to.be.instanceOf(LockTimeout);
      expect(await new LockFile(path).tryAcquire()).to.equal(null);
    });
  });

  it('is not a task that only shares the thread, nor what a block started and did not wait for', async () => {
    const order: string[] = [];
    let later: Promise<unknown> | undefined;
    const first = withLock(path, async () => {
      later = sleep(20).then(() => withLock(path, () => order.push('later')));
      await sleep(5);
      order.push('first');
    });
    await Promise.all([first, withLock(path, () => order.push('second'))]);
    await later;
    expect(order).to.deep.equal(['first', 'second', 'later']);
  });

  it('is not an asynchronous call inside a synchronous block: it goes on when the block has ended', async () => {
    let started: Promise<string> | undefined;
    withLockSync(path, () => void (started = withLock(path, () => 'done')));
    expect(await started).to.equal('done');
  });

  it('is not one whose block has released its hold early', async () => {
    const error = await failure(() =>
      withLock(path, async (hold) => {
        await hold.release();
        expect(await withLock(path, () => 'inside')).to.equal('inside');
      }),
    );
    expect(error.name).to.equal('NotLocked'); // The release at the end of the block.
  });

  it('was silent and ended with exit code 0: now a program fails loudly', async () => {
    const script = `
      await holdfast.withLock('config.json', async () => {
        await holdfast.updateJson('config.json', () => ({}));
      });
      say('never');`;
    const { code, stdout, stderr } = await run(script, { cwd: directory.path });
    expect({ code, stdout }).to.deep.equal({ code: 1, stdout: '' });
    expect(stderr).to.include('WOULD_DEADLOCK').and.to.include('within: hold');
  });

  describe('with the option within', () => {
    it('runs in the hold that it is given, acquires nothing and releases nothing', async () => {
      await using hold = await new LockFile(path).acquire();
      const seen: Hold[] = [];
      const note = (each: Hold) => void seen.push(each);
      await withLock(path, note, { within: hold });
      withLockSync(path, note, { within: hold });
      await updateFile(path, (_, each) => (note(each), '{}'), { within: hold });
      await updateJson<object>(path, (old, each) => (note(each), { ...old, a: 1 }), { within: hold });
      updateJsonSync<object>(path, (old, each) => (note(each), { ...old, b: 2 }), { within: hold });
      expect(seen.every((each) => each === hold)).to.equal(true);
      expect(seen).to.have.lengthOf(5);
      expect(json()).to.deep.equal({ a: 1, b: 2 });
      expect(await hold.isHeld()).to.equal(true);
    });

    it('is known as a block, too', async () => {
      await using hold = await new LockFile(path).acquire();
      const error = await failure(() => withLock(path, () => withLock(path, () => 1), { within: hold }));
      expect(error).to.be.instanceOf(WouldDeadlock);
    });

    it('rethrows the error of its work, and keeps the lock', async () => {
      await withLock(path, async (hold) => {
        const oops = new Error('oops');
        expect(await failure(() => withLock(path, () => Promise.reject(oops), { within: hold }))).to.equal(
          oops,
        );
        expect(await hold.isHeld()).to.equal(true);
      });
    });

    it('refuses what is no hold, a hold of another lock, and one that has ended', async () => {
      const hold = await new LockFile(directory.join('other')).acquire();
      const refused = async (within: unknown) =>
        await failure(() => withLock(path, () => 1, { within: within as Hold }));
      expect(await refused(new LockFile(path))).to.be.instanceOf(TypeError);
      expect(await refused(null)).to.be.instanceOf(TypeError);
      const error = await refused(hold);
      expect(error).to.be.instanceOf(RangeError);
      expect(error.message).to.include('config.json.lock').and.to.include('other.lock');
      await hold.release();
      const ended = await new LockFile(path).acquire();
      await ended.release();
      expect(await refused(ended)).to.include({ code: 'LOCK_FAILED' });
      expect(await failure(() => locked(path, { within: hold } as object))).to.be.instanceOf(TypeError);
    });

    it('writes nothing if the hold has lost the lock', async () => {
      const hold = await new LockFile(path).acquire();
      await new LockFile(path).breakLock();
      expect(await failure(() => updateJson(path, () => 1, { within: hold }))).to.be.instanceOf(NotMyLock);
      expect(await failure(() => updateJsonSync(path, () => 1, { within: hold }))).to.be.instanceOf(
        NotMyLock,
      );
      expect(() => json()).to.throw('ENOENT');
      expect(await failure(() => hold.release())).to.be.instanceOf(NotMyLock);
    });
  });
});
