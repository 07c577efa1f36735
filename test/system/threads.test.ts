/** Worker threads as holders: what a worker held when it ended is recovered at once, though its process lives. */
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { expect } from 'chai';
import { LockFile, type LockBase } from '../../src/index.js';
import { endScripts, start } from '../support/script.js';
import { temporaryDirectory } from '../support/temporary.js';
import { actor, endAll } from './actors.js';
import { endings, type Orders } from './thread.js';

const program = fileURLToPath(new URL('thread.js', import.meta.url));
const standing = new Set<Worker>();

/** A worker that holds the lock. */
async function hold(orders: Omit<Orders, 'ending'> & { ending?: Orders['ending'] }): Promise<Worker> {
  const worker = new Worker(program, { workerData: { ending: 'is terminated', ...orders } satisfies Orders });
  standing.add(worker);
  worker.on('exit', () => standing.delete(worker));
  await new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  worker.removeAllListeners('error').on('error', () => undefined); // The test asked for it.
  return worker;
}

/** Ends the worker in the given way, and waits until it has ended. */
async function end(worker: Worker, ending: Orders['ending']): Promise<void> {
  if (ending.startsWith('is terminated')) await worker.terminate();
  else {
    const ended = new Promise((resolve) => worker.once('exit', resolve));
    worker.postMessage('end');
    await ended;
  }
}

async function takeAndRelease(lock: LockBase): Promise<void> {
  await lock.acquire(0);
  await lock.release();
}

const median = (numbers: number[]): number => numbers.sort((a, b) => a - b)[numbers.length >> 1] ?? NaN;

describe('a worker thread that holds a lock', () => {
  afterEach(async () => {
    for (const worker of standing) await worker.terminate();
    await endAll();
    await endScripts();
  });

  it('and lives is never robbed: not by its process, another worker, or another process', async () => {
    const path = temporaryDirectory().join('README');
    const worker = await hold({ path, kind: 'link' });
    const alive = { verdict: 'alive', pid: process.pid, thread: worker.threadId };
    expect(await new LockFile(path).holder()).to.include(alive);
    const error: unknown = await hold({ path, kind: 'link' }).catch((refusal: unknown) => refusal);
    expect(error).to.include({ code: 'ALREADY_LOCKED' });
    const other = await actor('try', path);
    expect(other).to.include({ code: 'ALREADY_LOCKED' });
    expect(other.message).to.include(`pid ${process.pid}, thread ${worker.threadId}, on host`);
    await end(worker, 'is terminated');
    await takeAndRelease(new LockFile(path));
  });

  it('and is blocked is alive', async () => {
    const path = temporaryDirectory().join('README');
    const worker = await hold({ path, kind: 'link', ending: 'is terminated while it stops' });
    expect(await new LockFile(path).holder()).to.include({ verdict: 'alive' });
    expect((await actor('try', path)).took).to.equal(false);
    await worker.terminate();
    await takeAndRelease(new LockFile(path));
  });

  for (const ending of endings) {
    for (const kind of ['link', 'mkdir', 'symlink'] as const) {
      it(`and ${ending} is recovered at once by its process (${kind})`, async () => {
        const path = temporaryDirectory().join('README');
        const worker = await hold({ path, kind, ending });
        await end(worker, ending);
        await takeAndRelease(new LockFile(path));
      });
    }

    it(`and ${ending} is recovered by another worker, and by another process`, async () => {
      const path = temporaryDirectory().join('README');
      await end(await hold({ path, kind: 'link', ending }), ending);
      await end(await hold({ path, kind: 'link', ending }), ending);
      expect((await actor('try', path)).took).to.equal(true);
    });
  }

  it('is dead, and the reason says why', async () => {
    const path = temporaryDirectory().join('README');
    await end(await hold({ path, kind: 'link' }), 'is terminated');
    const lock = new LockFile(path);
    const reason = 'the worker thread has ended; its process is still running';
    expect(await lock.holder()).to.include({ verdict: 'dead', reason });
    await lock.acquire(0);
    expect(lock.clean).to.equal(false);
    await lock.release();
  });

  it('and is terminated is recovered within 50 ms by its own process, median of 20', async function () {
    this.timeout(60_000);
    const path = temporaryDirectory().join('README');
    const times: number[] = [];
    for (let round = 0; round < 20; round++) {
      const worker = await hold({ path, kind: 'link' });
      const waiting = new LockFile(path).acquire(10_000);
      await new Promise((resolve) => setTimeout(resolve, 20));
      // Its end takes its time, too, on a machine that is busy.
      const ended = worker.terminate().then(() => performance.now());
      const lock = await waiting;
      const taken = performance.now();
      times.push(Math.max(0, taken - (await ended)));
      await lock.release();
    }
    console.log(`        median ${median(times).toFixed(1)} ms`);
    expect(median(times)).to.be.below(50);
  });

  it('and is terminated is recovered within 50 ms by another process, median of 20', async function () {
    this.timeout(60_000);
    const directory = temporaryDirectory();
    const path = directory.join('README');
    const other = start(
      `process.stdin.on('data', async () => {
        const lock = await new LockFile(${JSON.stringify(path)}).acquire(10_000);
        say(String(performance.timeOrigin + performance.now()));
        await lock.release();
        say('released');
      });`,
      { cwd: directory.path },
    );
    const times: number[] = [];
    for (let round = 0; round < 20; round++) {
      const worker = await hold({ path, kind: 'link' });
      other.tell('go');
      await new Promise((resolve) => setTimeout(resolve, 20));
      await worker.terminate();
      const ended = performance.timeOrigin + performance.now();
      times.push(Math.max(0, Number(await other.line()) - ended));
      expect(await other.line()).to.equal('released');
    }
    console.log(`        median ${median(times).toFixed(1)} ms`);
    expect(median(times)).to.be.below(50);
  });
});

describe('a lock that the whole process holds (threaded: false)', () => {
  afterEach(async () => {
    for (const worker of standing) await worker.terminate();
    await endAll();
  });

  for (const ending of ['returns', 'exits', 'is terminated'] as const) {
    it(`outlives the worker that took it and ${ending}, and any thread gives it back`, async () => {
      const path = temporaryDirectory().join('README');
      const lock = new LockFile(path, { threaded: false });
      const worker = await hold({ path, kind: 'link', ending, options: { threaded: false } });
      expect(await lock.iAmLocking()).to.equal(true);
      await end(worker, ending);
      expect(await lock.iAmLocking()).to.equal(true);
      expect(await lock.holder())
        .to.include({ verdict: 'alive', pid: process.pid })
        .and.not.have.property('thread');
      expect((await actor('try', path)).code).to.equal('ALREADY_LOCKED');
      expect(await new LockFile(path).iAmLocking()).to.equal(false);
      await lock.release();
    });
  }
});
