/** However a process or a thread ends that can still run code: what it holds or acquires is released. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { LockFile } from '../../src/index.js';
import { imports, packageUrl, run, start } from '../support/script.js';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary.js';
import { kindNames } from './subjects.js';

const signals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/** How a script may end, and the exit code that Node gives it. */
const ends = {
  'a return': ['', 0],
  'process.exit': ['process.exit(7);', 7],
  'process.exitCode': ['process.exitCode = 8;', 8],
  'an uncaught error': ['setTimeout(() => { throw new Error("surprise"); });', 1],
  'an unhandled rejection': ['void Promise.reject(new Error("surprise"));', 1],
} as const;

/** What it does at that moment. The lock is `config.json` in its directory. */
const states = {
  'holding (async)': "await new Kind('config.json').acquire();",
  'holding (sync)': "new Kind('config.json').acquireSync();",
  'holding two': "new Kind('config.json').acquireSync(); await new Kind('other.json').acquire();",
} as const;

describe('exit', () => {
  let directory: TemporaryDirectory;

  beforeEach(() => {
    directory = temporaryDirectory();
  });

  const nothingLeft = () => {
    expect(readdirSync(directory.path)).to.deep.equal([]);
  };
  const options = () => ({ cwd: directory.path });

  for (const kind of kindNames) {
    for (const [state, hold] of Object.entries(states)) {
      if (kind !== 'LockFile' && state !== 'holding (async)') continue;
      for (const [how, [end, code]] of Object.entries(ends)) {
        it(`${state} a ${kind}, by ${how}: released, exit code ${code}`, async () => {
          const ending = await run(`const Kind = ${kind}; ${hold} ${end}`, options());
          expect(ending, ending.stderr).to.include({ code, signal: null });
          if (code === 1) expect(ending.stderr).to.include('surprise');
          nothingLeft();
        });
      }
    }

    for (const signal of signals) {
      it(`holding a ${kind}, by ${signal}: released, and the signal ends the process`, async () => {
        const script = start(
          `new ${kind}('config.json').acquireSync(); setInterval(() => {}, 1_000); say('held');`,
          options(),
        );
        await script.line();
        expect(await script.kill(signal)).to.include({ code: null, signal });
        nothingLeft();
      });
    }
  }

  for (const signal of signals) {
    it(`waiting (async), by ${signal}: ends at once, and leaves only the holder’s files`, async () => {
      const holder = await new LockFile(directory.join('config.json')).acquire();
      const before = readdirSync(directory.path);
      const script = start(`say('waiting'); await new LockFile('config.json').acquire();`, options());
      await script.line();
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(await script.kill(signal)).to.include({ code: null, signal });
      expect(readdirSync(directory.path)).to.deep.equal(before);
      await holder.release();
    });

    it(`waiting (sync), by ${signal}: ends at once, though no listener could run`, async () => {
      const holder = await new LockFile(directory.join('config.json')).acquire();
      const before = readdirSync(directory.path);
      const script = start(`say('waiting'); new LockFile('config.json').acquireSync();`, options());
      await script.line();
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(await script.kill(signal)).to.include({ code: null, signal });
      expect(readdirSync(directory.path)).to.deep.equal(before);
      await holder.release();
    });
  }

  it('waiting (sync) while holding another lock, by SIGINT: ends at once, and the next contender recovers that lock', async () => {
    const holder = await new LockFile(directory.join('config.json')).acquire();
    const script = start(
      `new LockFile('other.json').acquireSync(); say('waiting'); new LockFile('config.json').acquireSync();`,
      options(),
    );
    await script.line();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await script.kill('SIGINT')).to.include({ code: null, signal: 'SIGINT' });
    const other = await new LockFile(directory.join('other.json')).acquire(0);
    expect(other.previousHolder?.pid).to.equal(script.process.pid);
    await other.release();
    await holder.release();
  });

  it('holding after a wait (sync), by SIGTERM: released', async () => {
    const holder = await new LockFile(directory.join('config.json')).acquire();
    const script = start(
      `say('waiting'); new LockFile('config.json').acquireSync(); setInterval(() => {}, 1_000); say('held');`,
      options(),
    );
    await script.line();
    await new Promise((resolve) => setTimeout(resolve, 100));
    await holder.release();
    expect(await script.line()).to.equal('held');
    expect(await script.kill('SIGTERM')).to.include({ code: null, signal: 'SIGTERM' });
    nothingLeft();
  });

  it('a signal that comes during a run of synchronous locks ends the process after it', async () => {
    const script = start(
      `say('busy');
       for (const until = Date.now() + 600; Date.now() < until; ) new LockFile('config.json').acquireSync().releaseSync();
       setTimeout(() => say('survived'), 1_000);`,
      options(),
    );
    await script.line();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await script.kill('SIGINT')).to.include({ code: null, signal: 'SIGINT', stdout: 'busy\n' });
    nothingLeft();
  });

  it('after a wait (sync) that ends with a timeout, other locks are still released at exit', async () => {
    const holder = await new LockFile(directory.join('config.json')).acquire();
    const script = start(
      `new LockFile('other.json').acquireSync();
       try { new LockFile('config.json').acquireSync(50); } catch (error) { say(error.name); }
       setInterval(() => {}, 1_000);`,
      options(),
    );
    expect(await script.line()).to.equal('LockTimeout');
    expect(await script.kill('SIGTERM')).to.include({ signal: 'SIGTERM' });
    expect(readdirSync(directory.path).filter((name) => name.startsWith('other'))).to.deep.equal([]);
    await holder.release();
    nothingLeft();
  });

  for (const kind of kindNames) {
    it(`acquiring a ${kind} with io: 'async', at any moment: released`, async () => {
      // Each step of the acquire takes a hop through the thread pool; so these end it at different ones.
      const text = `
        const work = (async () => {
          const lock = new ${kind}('config.json', { io: 'async' });
          for (;;) { await lock.acquire(); await lock.release(); }
        })();
        setTimeout(() => process.exit(5), 3 + Math.random() * 10);
        await work;`;
      for (let times = 0; times < 4; times++) {
        const { path } = temporaryDirectory();
        expect(await run(text, { cwd: path })).to.include({ code: 5 });
        // A very busy machine may finish the last call after the exit: then the next contender recovers or sweeps it.
        await (await new LockFile(join(path, 'config.json'), { orphanGraceMs: 0 }).acquire(5_000)).release();
        expect(readdirSync(path)).to.deep.equal([]);
      }
    });
  }

  it('a listener of the program’s own decides what a signal does', async () => {
    const script = start(
      `process.on('SIGTERM', () => {
         say(String(lock.isHeldSync()));
         lock.releaseSync();
         process.exitCode = 9;
         clearInterval(timer);
       });
       const timer = setInterval(() => {}, 1_000);
       const lock = new LockFile('config.json').acquireSync();
       say('held');`,
      options(),
    );
    await script.line();
    const ending = await script.kill('SIGTERM');
    expect(ending).to.include({ code: 9, signal: null, stdout: 'held\ntrue\n' });
    nothingLeft();
  });

  it('the program’s own exit listeners still hold the lock', async () => {
    const ending = await run(
      `process.on('exit', () => { say(String(lock.isHeldSync())); lock.releaseSync(); });
       const lock = new LockFile('config.json').acquireSync();
       process.exit(3);`,
      options(),
    );
    expect(ending).to.include({ code: 3, stdout: 'true\n' });
    nothingLeft();
  });

  it('a lock that was broken, and has another holder now, stays', async () => {
    const script = start(
      `await new LockFile('config.json').acquire(); say('held'); process.stdin.once('data', () => process.exit());`,
      options(),
    );
    await script.line();
    const lock = new LockFile(directory.join('config.json'));
    await lock.breakLock();
    await lock.acquire(0);
    script.tell('go');
    await script.ended;
    expect(await lock.iAmLocking()).to.equal(true);
    await lock.release();
  });

  it('importing adds no listener, and after the last release none remains', async () => {
    const ending = await run(
      `const { emit, reallyExit } = process;
       const counts = () => process.eventNames().map((name) => [name, process.listenerCount(name)]).join();
       const before = counts();
       const { LockFile } = await import(${JSON.stringify(packageUrl)});
       console.log(counts() === before);
       const locks = [new LockFile('a'), new LockFile('b')];
       for (const lock of locks) lock.acquireSync();
       console.log(process.listenerCount('SIGINT'));
       locks[0].releaseSync();
       await new Promise((resolve) => setImmediate(resolve));
       console.log(process.listenerCount('SIGINT'));
       locks[1].releaseSync();
       await new Promise((resolve) => setTimeout(resolve, 100));
       console.log(counts() === before && process.emit === emit && process.reallyExit === reallyExit);`,
      { ...options(), imports: '' },
    );
    expect(ending.stdout, ending.stderr).to.equal('true\n1\n1\ntrue\n');
  });

  it('a lock that is held doesn’t keep the process alive', async () => {
    expect(await run(`await new LockFile('config.json').acquire();`, options())).to.include({ code: 0 });
    nothingLeft();
  });

  describe('of a worker thread', () => {
    const inWorker = (body: string, rest = '') => `
      import { Worker } from 'node:worker_threads';
      const body = ${JSON.stringify(`${imports}; ${body}`)};
      const worker = new Worker(new URL('data:text/javascript,' + encodeURIComponent(body)));
      worker.on('error', (error) => say('error ' + error.message));
      const ended = new Promise((resolve) => worker.on('exit', resolve));
      ${rest}
      say('exit ' + await ended);
      say(fs.readdirSync('.').join());`;

    for (const [state, hold] of Object.entries(states)) {
      it(`${state}, by a return: released`, async () => {
        const ending = await run(inWorker(`const Kind = LockFile; ${hold}`), options());
        expect(ending.stdout).to.equal('exit 0\n\n');
      });
    }

    it('by process.exit: released, and the process lives', async () => {
      const ending = await run(inWorker(`await new LockFile('a').acquire(); process.exit(4);`), options());
      expect(ending.stdout).to.equal('exit 4\n\n');
      expect(ending.code).to.equal(0);
    });

    it('by an uncaught error: released', async () => {
      const ending = await run(
        inWorker(`await new LockFile('a').acquire(); throw new Error('oops');`),
        options(),
      );
      expect(ending.stdout).to.equal('error oops\nexit 1\n\n');
    });

    it('by process.exit while it acquires: released', async () => {
      const body = `
        setTimeout(() => process.exit(5), 20);
        const lock = new LockFile('config.json', { io: 'async' });
        for (;;) { await lock.acquire(); await lock.release(); }`;
      expect((await run(inWorker(body), options())).stdout).to.equal('exit 5\n\n');
    });

    it('the whole process’s lock stays, until the process ends or releases it', async () => {
      const ending = await run(
        inWorker(
          `await new LockFile('a', { threaded: false }).acquire();`,
          `await ended;
           const lock = new LockFile('a', { threaded: false });
           say(String(await lock.iAmLocking()));
           await lock.release();`,
        ),
        options(),
      );
      expect(ending.stdout).to.equal('true\nexit 0\n\n');
    });
  });
});
