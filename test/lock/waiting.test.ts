/** Waiting: in this thread's queue, and for other processes, until a timeout or an abort. */
import { getEventListeners } from 'node:events';
import { readdirSync, renameSync, mkdirSync } from 'node:fs';
import { basename, relative } from 'node:path';
import { expect } from 'chai';
import { AlreadyLocked, LockFile, LockTimeout, WouldDeadlock } from '../../src/index.js';
import { registry } from '../../src/lock/registry.js';
import { endScripts, start } from '../support/script.js';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary.js';
import { failure, kindNames, kinds } from './subjects.js';

const turn = () => new Promise((resolve) => setImmediate(resolve));
const later = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

for (const kind of kindNames) {
  describe(`waiting for a ${kind}`, () => laws(kinds[kind], kind));
}

function laws(Kind: (typeof kinds)[keyof typeof kinds], kindName: string): void {
  let directory: TemporaryDirectory;
  let path: string;

  beforeEach(() => {
    directory = temporaryDirectory();
    path = directory.join('config.json');
  });
  afterEach(endScripts);

  const nothingLeft = () => {
    expect(readdirSync(directory.path)).to.deep.equal([]);
    expect(registry.queues.isFree(`${path}.lock`)).to.equal(true);
    expect(registry.owned.size).to.equal(0);
  };

  /** Another process that holds the lock until it is told to release it. */
  const heldByAnother = async () => {
    const script = start(
      `const lock = new ${kindName}('config.json').acquireSync();
       say('held');
       process.stdin.once('data', () => { lock.releaseSync(); say('released'); process.stdin.destroy(); });`,
      { cwd: directory.path },
    );
    expect(await script.line()).to.equal('held');
    return script;
  };

  describe('in one thread', () => {
    it('tasks that share an object hold the lock one at a time, first in, first out', async () => {
      const lock = new Kind(path);
      const order: string[] = [];
      let inside = 0;
      const tasks = [1, 2, 3, 4, 5].map(async (task) => {
        await lock.acquire();
        expect(++inside).to.equal(1);
        order.push(`in ${task}`);
        await turn();
        order.push(`out ${task}`);
        inside--;
        await lock.release();
      });
      await Promise.all(tasks);
      expect(order).to.deep.equal([1, 2, 3, 4, 5].flatMap((task) => [`in ${task}`, `out ${task}`]));
      nothingLeft();
    });

    it('objects for one path, however it is spelled, hold the lock first in, first out', async () => {
      const spellings = [path, relative(process.cwd(), path), `${directory.path}/./x/../${basename(path)}`];
      const order: number[] = [];
      const tasks = [0, 1, 2, 3, 4, 5].map(async (task) => {
        const lock = await new Kind(spellings[task % spellings.length] ?? path).acquire();
        order.push(task);
        await turn();
        await lock.release();
      });
      await Promise.all(tasks);
      expect(order).to.deep.equal([0, 1, 2, 3, 4, 5]);
      nothingLeft();
    });

    it('a task that gives up in the queue lets the next one pass', async () => {
      const holder = await new Kind(path).acquire();
      const impatient = failure(() => new Kind(path).acquire(20));
      const next = new Kind(path).acquire();
      const error = await impatient;
      expect(error).to.be.instanceOf(LockTimeout);
      expect(error.holder).to.include({ pid: process.pid });
      await holder.release();
      await (await next).release();
      nothingLeft();
    });

    it('an abort before it has begun rejects with its reason, and touches nothing', async () => {
      const reason = new Error('changed my mind');
      const attempt = new Kind(path).acquire({ signal: AbortSignal.abort(reason) });
      expect(await failure(() => attempt)).to.equal(reason);
      nothingLeft();
    });

    it('an abort in the queue rejects with its reason, and lets the next one pass', async () => {
      const holder = await new Kind(path).acquire();
      const controller = new AbortController();
      const aborted = failure(() => new Kind(path).acquire({ signal: controller.signal }));
      const next = new Kind(path).acquire();
      await turn();
      const reason = { any: 'value' };
      controller.abort(reason);
      expect(await aborted).to.equal(reason);
      await holder.release();
      await (await next).release();
      nothingLeft();
    });

    it('an abort in the moment of its turn still counts', async () => {
      const holder = await new Kind(path).acquire();
      const controller = new AbortController();
      const aborted = failure(() => new Kind(path).acquire({ signal: controller.signal }));
      const next = new Kind(path).acquire();
      holder.releaseSync();
      controller.abort();
      expect((await aborted).name).to.equal('AbortError');
      await (await next).release();
      nothingLeft();
    });

    it('a signal that is not aborted keeps no listener', async () => {
      const listeners: string[] = [];
      const { signal } = new AbortController();
      signal.addEventListener = (name: string) => listeners.push(`+${name}`);
      signal.removeEventListener = (name: string) => listeners.push(`-${name}`);
      const holder = await new Kind(path).acquire();
      const waiting = new Kind(path).acquire({ signal });
      await holder.release();
      await (await waiting).release();
      expect(listeners.filter((each) => each === '+abort').length).to.equal(
        listeners.filter((each) => each === '-abort').length,
      );
    });

    it('many with one signal give no warning, and leave no listener', async () => {
      const warnings: Error[] = [];
      const listener = (warning: Error) => void warnings.push(warning);
      process.on('warning', listener);
      const controller = new AbortController();
      const { signal } = controller;
      const holder = await new Kind(path).acquire();
      const waiting = Array.from({ length: 30 }, (_, index) =>
        new Kind(`${path}${index % 2 === 0 ? '-' : ''}`).acquire({ signal }),
      );
      const outcomes = Promise.allSettled(waiting);
      await turn();
      expect(getEventListeners(signal, 'abort').length).to.be.at.most(1);
      controller.abort(new Error('enough'));
      const failures = (await outcomes).filter(({ status }) => status === 'rejected');
      expect(failures.length).to.be.at.least(29);
      expect(getEventListeners(signal, 'abort')).to.deep.equal([]);
      const [other] = await Promise.all(waiting.map((each) => each.catch(() => undefined)));
      await other?.release();
      await holder.release();
      await turn();
      process.off('warning', listener);
      expect(warnings).to.deep.equal([]);
      nothingLeft();
    });

    it('breakLock() in the same thread lets the queued tasks go on', async () => {
      const holder = await new Kind(path).acquire();
      const next = new Kind(path).acquire(10_000);
      await turn();
      await new Kind(path).breakLock();
      const lock = await next;
      expect((await failure(() => holder.release())).name).to.equal('NotMyLock');
      expect(await lock.isHeld()).to.equal(true);
      await lock.release();
      nothingLeft();
    });

    it('a lock that was broken from outside, and acquired again by the same object, is held once', () => {
      const lock = new Kind(path);
      lock.acquireSync();
      renameSync(`${path}.lock`, directory.join('elsewhere')); // As `rm`, but the lock can still be read.
      directory.expect('elsewhere', 'elsewhere/', ...readdirSync(directory.path));
      lock.acquireSync(0);
      expect(lock.iAmLockingSync()).to.equal(true);
      lock.releaseSync();
      expect(registry.queues.isFree(`${path}.lock`)).to.equal(true);
      expect(registry.owned.size).to.equal(0);
    });

    it('acquireSync does not wait for its own thread without a timeout: WouldDeadlock at once', async () => {
      const holder = await new Kind(path).acquire();
      const start = performance.now();
      const error = await failure(() => new Kind(path).acquireSync());
      expect(error).to.be.instanceOf(WouldDeadlock);
      expect(error.message).to.include('already held by this thread');
      expect(performance.now() - start).to.be.below(5_000);
      expect(await failure(() => new Kind(path).acquireSync(20))).to.be.instanceOf(LockTimeout);
      await holder.release();
      nothingLeft();
    });

    it('acquireSync passes the queued tasks, and they go on after it', async () => {
      const holder = await new Kind(path).acquire();
      const queued = new Kind(path).acquire(10_000);
      holder.releaseSync();
      const passer = new Kind(path).acquireSync(5_000);
      passer.releaseSync();
      await (await queued).release();
      nothingLeft();
    });

    it('a timeout of 0 notices a task that is just acquiring', async () => {
      const first = new Kind(path, { io: 'async' }).acquire();
      const error = await failure(() => new Kind(path, { io: 'async' }).acquire(0));
      expect(error).to.be.instanceOf(AlreadyLocked);
      await (await first).release();
      nothingLeft();
    });

    it('a waiter in the queue for a lock that can’t be created fails as the first one does', async () => {
      const missing = directory.join('missing', 'config.json');
      const both = [new Kind(missing).acquire(), new Kind(missing).acquire()];
      const [one, other] = await Promise.all(both.map((each) => failure(() => each)));
      expect([one?.name, other?.name]).to.deep.equal(['LockFailed', 'LockFailed']);
      mkdirSync(directory.join('missing'));
      directory.expect('missing');
      await (await new Kind(missing).acquire()).release();
    });
  });

  describe('for another process', () => {
    it('a release there is an acquire here, in both forms', async () => {
      const first = await heldByAnother();
      const waiting = new Kind(path).acquire();
      await later(50);
      first.tell('release');
      const lock = await waiting;
      expect(lock.clean).to.equal(true);
      const second = start(
        `say('started'); new ${kindName}('config.json').acquireSync().releaseSync(); say('done')`,
        { cwd: directory.path },
      );
      expect(await second.line()).to.equal('started');
      await later(50);
      await lock.release();
      expect(await second.line()).to.equal('done');
      expect((await second.ended).code).to.equal(0);
      await first.ended;
      nothingLeft();
    });

    it('a timeout names the other process, and leaves nothing', async () => {
      const other = await heldByAnother();
      for (const attempt of [
        () => new Kind(path).acquire(30),
        () => Promise.resolve(new Kind(path).acquireSync(30)),
      ]) {
        const error = await failure(attempt);
        expect(error).to.be.instanceOf(LockTimeout);
        expect(error.holder).to.include({ pid: other.process.pid, verdict: 'alive' });
        expect(registry.owned.size).to.equal(0);
      }
      other.tell('release');
      await other.ended;
      nothingLeft();
    });

    it('an abort while it pauses rejects with its reason, and leaves nothing', async () => {
      const other = await heldByAnother();
      const controller = new AbortController();
      const attempt = failure(() => new Kind(path).acquire({ signal: controller.signal, timeout: 60_000 }));
      await later(20);
      controller.abort();
      expect((await attempt).name).to.equal('AbortError');
      other.tell('release');
      await other.ended;
      nothingLeft();
    });
  });
}

describe('waiting', () => {
  it('if the whole process is the holder, the queued tasks go on when another object releases', async () => {
    const path = temporaryDirectory().join('config.json');
    const [one, other, next] = [1, 2, 3].map(() => new LockFile(path, { threaded: false }));
    if (one === undefined || other === undefined || next === undefined) throw new Error('unreachable');
    await one.acquire();
    const waiting = next.acquire(10_000);
    await turn();
    await other.release();
    await waiting;
    await one.release();
    expect(registry.queues.isFree(`${path}.lock`)).to.equal(true);
    await turn();
  });
});
