/** Waiting between processes: waiters are woken in order, whatever happens to the others, and leave nothing behind. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { LockFile, LockTimeout } from '../../src/index.js';
import { afterTheirGrace, withoutBeacons } from '../support/beacons.js';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary.js';
import { contend, kinds, type Contender } from './contender.js';

/** A poll interval longer than any test, so that only an event can wake a waiter. */
const noPoll = { pollInterval: 60_000 };
const soon = 5_000;

describe('a waiter', function () {
  this.timeout(60_000);
  let directory: TemporaryDirectory;
  let path: string;
  let started: Contender[];

  const start = async (options = {}, kind: keyof typeof kinds = 'link'): Promise<Contender> => {
    const contender = contend();
    started.push(contender);
    await contender.make(path, options, kind);
    return contender;
  };

  /** In a container dead processes leave beacons as well, which are swept after a grace period. */
  const sweepBeacons = async (): Promise<void> => {
    const later = await start(afterTheirGrace);
    await later.acquire();
    await later.release();
  };

  beforeEach(() => {
    directory = temporaryDirectory();
    path = directory.join('data');
    started = [];
  });

  afterEach(async () => {
    await Promise.all(started.map((contender) => contender.end()));
  });

  for (const kind of ['link', 'mkdir', 'symlink'] as const) {
    it(`is woken by the release, without a poll: ${kind}`, async () => {
      const holder = await start({}, kind);
      await holder.acquire();
      const lock = new kinds[kind](path, noPoll);
      const acquired = lock.acquire(soon);
      await sleep(50);
      await holder.release();
      await acquired;
      await lock.release();
    });
  }

  it('is woken by the death of the holder, without a poll', async function () {
    if (process.platform !== 'linux') this.skip();
    const holder = await start();
    await holder.acquire();
    const lock = new LockFile(path, { pollInterval: 1_000 });
    const acquired = lock.acquire(15 * soon);
    // Its first pause takes at least half a second. It watches the holder's life from the second pause on.
    await sleep(1_500);
    const killed = performance.now();
    await holder.end();
    await acquired;
    expect(performance.now() - killed).to.be.lessThan(500);
    expect(lock.previousHolder?.pid).to.equal(holder.pid);
    await lock.release();
  });

  it('finds a release by its poll where nothing can be watched', async function () {
    const namespace = ['--user', '--map-root-user', 'sh', '-c'];
    const deafen = 'echo 0 > /proc/sys/user/max_inotify_instances';
    if (spawnSync('unshare', [...namespace, deafen]).status !== 0) this.skip();
    const lock = await new LockFile(path).acquire();
    const script = `
      import { LockFile } from ${JSON.stringify(new URL('../../src/index.js', import.meta.url).href)};
      import { watch } from 'node:fs';
      let deaf = false;
      try { watch('.').close(); } catch { deaf = true; }
      const lock = await new LockFile(${JSON.stringify(path)}).acquire(${soon});
      await lock.release();
      console.log(deaf);`;
    const command = `${deafen}; exec "$0" --input-type=module --eval "$1"`;
    const child = spawn('unshare', [...namespace, command, process.execPath, script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    child.stdout.on('data', (chunk) => {
      said += String(chunk);
    });
    await sleep(500);
    await lock.release();
    await once(child, 'close');
    expect(said).to.equal('true\n');
  });

  it('stands in line: first come, first served', async () => {
    const lock = await new LockFile(path).acquire();
    const order: number[] = [];
    const turns: Promise<unknown>[] = [];
    const pids: number[] = [];
    for (let index = 0; index < 4; index++) {
      const waiter = await start(noPoll);
      pids.push(waiter.pid);
      turns.push(
        waiter
          .acquire()
          .then(() => order.push(index))
          .then(() => waiter.release()),
      );
      await inLine(index + 1);
    }
    // It is the slowest to wake, so that the order can't be the result of a race.
    const [first = 0] = pids;
    if (process.platform !== 'win32') process.kill(first, 'SIGSTOP');
    await lock.release();
    await sleep(100);
    if (process.platform !== 'win32') process.kill(first, 'SIGCONT');
    await Promise.all(turns);
    expect(order).to.deep.equal([0, 1, 2, 3]);
  });

  it('is not held up by one that died ahead of it, and sweeps what that left', async () => {
    const lock = await new LockFile(path).acquire();
    const [doomed, waiter] = [await start(), await start()];
    void doomed.acquire().catch(() => undefined);
    await inLine(1);
    const turn = waiter.acquire();
    await inLine(2);
    await doomed.end();
    await lock.release();
    await turn;
    await waiter.release();
    expect(withoutBeacons(readdirSync(directory.path))).to.deep.equal([]);
    await sweepBeacons();
  });

  it('sweeps what one left that died ahead of it', async () => {
    // Only the first acquire of a thread sweeps the directory.
    await (await new LockFile(path).acquire()).release();
    const [holder, doomed] = [await start(), await start()];
    await holder.acquire();
    void doomed.acquire().catch(() => undefined);
    await inLine(1);
    await doomed.end();
    const error: unknown = await new LockFile(path, noPoll).acquire(200).catch((error: unknown) => error);
    expect(error).to.be.instanceOf(LockTimeout);
    expect(placesInLine()).to.equal(0);
    await holder.release();
    await sweepBeacons();
  });

  it('is not held up for long by one that is stopped ahead of it', async function () {
    if (process.platform === 'win32') this.skip();
    const lock = await new LockFile(path).acquire();
    const [stopped, waiter] = [await start(), await start()];
    const late = stopped.acquire();
    await inLine(1);
    const turn = waiter.acquire();
    await inLine(2);
    stopped.process.kill('SIGSTOP');
    await lock.release();
    await turn;
    await waiter.release();
    stopped.process.kill('SIGCONT');
    await late;
    await stopped.release();
  });

  it('that waits synchronously gets its turn', async () => {
    const lock = await new LockFile(path).acquire();
    const waiter = await start();
    const turn = waiter.acquireSync();
    await sleep(50);
    await lock.release();
    await turn;
    await waiter.release();
  });

  it('ends at its deadline, and leaves nothing', async () => {
    const holder = await start();
    await holder.acquire();
    const began = performance.now();
    const error: unknown = await new LockFile(path, noPoll).acquire(200).catch((error: unknown) => error);
    const took = performance.now() - began;
    expect(error).to.be.instanceOf(LockTimeout);
    expect(took).to.be.within(199, 200 + 1_000);
    expect(watches()).to.equal(0);
    expect(placesInLine()).to.equal(0);
    await holder.release();
  });

  it('ends at once on abort, and leaves nothing', async () => {
    const holder = await start();
    await holder.acquire();
    const reason = new Error('changed my mind');
    const controller = new AbortController();
    const acquired = new LockFile(path, noPoll).acquire({ signal: controller.signal });
    await inLine(1);
    const aborted = performance.now();
    controller.abort(reason);
    expect(await acquired.catch((error: unknown) => error)).to.equal(reason);
    expect(performance.now() - aborted).to.be.lessThan(1_000);
    expect(watches()).to.equal(0);
    expect(placesInLine()).to.equal(0);
    await holder.release();
  });

  it('that is ended by a signal leaves nothing', async () => {
    const lock = await new LockFile(path).acquire();
    const waiter = await start();
    void waiter.acquire().catch(() => undefined);
    await inLine(1);
    await waiter.end('SIGTERM');
    expect(placesInLine()).to.equal(0);
    await lock.release();
  });

  it('keeps its process alive, and a holder doesn’t', async () => {
    const module = JSON.stringify(new URL('../../src/index.js', import.meta.url).href);
    const run = (script: string) =>
      spawn(process.execPath, [
        '--input-type=module',
        '--eval',
        `import { LockFile } from ${module}; ${script}`,
      ]);
    const lock = await new LockFile(path).acquire();
    const waiter = run(`new LockFile(${JSON.stringify(path)}).acquire();`);
    const exit = once(waiter, 'exit');
    await inLine(1);
    await sleep(100);
    expect(waiter.exitCode).to.equal(null);
    await lock.release();
    expect(await exit).to.deep.equal([0, null]); // It gets the lock, and releases it at its exit.
  });

  /** Waits until this many waiters are in the queue on disk, besides the holder. */
  async function inLine(count: number): Promise<void> {
    const deadline = performance.now() + 2 * soon;
    while (placesInLine() !== count) {
      if (performance.now() > deadline) throw new Error(`${placesInLine()} in line, not ${count}`);
      await sleep(5);
    }
    await sleep(50); // After taking its place on disk, a waiter still has to set up its watch.
  }

  function placesInLine(): number {
    return readdirSync(directory.path).filter((name) => /\.lock\.[0-9a-f]{24}$/.test(name)).length - 1;
  }
});

/** The number of inotify watches of this process; 0 where the system doesn't report them. */
function watches(): number {
  if (process.platform !== 'linux') return 0;
  return readdirSync('/proc/self/fdinfo')
    .map((name) => {
      try {
        return readFileSync(`/proc/self/fdinfo/${name}`, 'latin1').split('inotify wd:').length - 1;
      } catch {
        return 0; // This was the descriptor that listed them.
      }
    })
    .reduce((sum, count) => sum + count, 0);
}
