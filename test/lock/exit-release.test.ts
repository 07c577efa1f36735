/** When a lock is released at exit: last, in bounded time, and never while the process can still write under it. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, writeFileSync, mkdirSync } from 'node:fs';
import type { Context } from 'mocha';
import { expect } from 'chai';
import { LockFile } from '../../src/index.js';
import { packageUrl, run, start } from '../support/script.js';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary.js';

const exitHookUrl = new URL('lock/exit-hook.js', packageUrl).href;

/** Occupies the thread pool, so that a call that follows is queued. */
const busy = `
  import { pbkdf2 } from 'node:crypto';
  import { once } from 'node:events';
  const stream = fs.createWriteStream('data');
  await once(stream, 'open');
  const occupy = () => { for (let i = 0; i < 4; i++) pbkdf2('a', 'b', 100_000, 64, 'sha512', () => {}); };`;

describe('at exit', () => {
  let directory: TemporaryDirectory;

  beforeEach(() => {
    directory = temporaryDirectory();
  });

  const options = () => ({ cwd: directory.path });
  const names = () => readdirSync(directory.path).sort();
  const needs = (context: Context, wrapper: readonly string[], what: string) => {
    const [command = '', ...args] = wrapper;
    if (spawnSync(command, [...args, 'true']).status === 0) return;
    if (context.test !== undefined) context.test.title += ` (needs ${what})`;
    context.skip();
  };

  describe('while calls are under way', () => {
    const endings = {
      'process.exit()': 'process.exit(0);',
      'an uncaught error': 'setImmediate(() => { throw new Error("surprise"); });',
      'a signal': 'process.kill(process.pid, "SIGTERM");',
    };
    const calls = {
      'fs.promises.writeFile': "void fs.promises.writeFile('data', 'old');",
      'fs.writeFile': "fs.writeFile('data', 'old', () => {});",
      'a stream': "stream.end('old');",
    };

    for (const [end, how] of Object.entries(endings)) {
      for (const [call, write] of Object.entries(calls)) {
        it(`${call}, by ${end}: the next holder has the lock only when nothing can be written any more`, async () => {
          directory.expect('data');
          const script = start(
            `${busy} new LockFile('data').acquireSync(); occupy(); ${write} say('held'); ${how}`,
            options(),
          );
          await script.line();
          const lock = await new LockFile(directory.join('data')).acquire(20_000);
          expect(lock.clean).to.equal(false);
          writeFileSync(directory.join('data'), 'new');
          await script.ended;
          await new Promise((resolve) => setTimeout(resolve, 50));
          expect(readFileSync(directory.join('data'), 'utf8')).to.equal('new');
          await lock.release();
          expect(names()).to.deep.equal(['data']);
        });
      }
    }

    it('in a worker that ends, the lock is left to the next contender as well', async () => {
      const body = `
        import fs from 'node:fs';
        import { LockFile } from ${JSON.stringify(packageUrl)};
        new LockFile('data').acquireSync();
        void fs.promises.stat('.');
        process.exit(0);`;
      const ending = await run(
        `import { Worker } from 'node:worker_threads';
         const worker = new Worker(new URL('data:text/javascript,' + encodeURIComponent(${JSON.stringify(body)})));
         await new Promise((resolve) => worker.on('exit', resolve));
         say(String(fs.existsSync('data.lock')));
         const lock = await new LockFile('data').acquire(1_000);
         say(String(lock.clean));
         await lock.release();`,
        options(),
      );
      expect(ending.stdout, ending.stderr).to.equal('true\nfalse\n');
      expect(names()).to.deep.equal([]);
    });
  });

  describe('after calls have ended, it is released:', () => {
    const calls = {
      'fs.promises.writeFile': "await fs.promises.writeFile('data', 'x');",
      'fs.promises.rename': "fs.writeFileSync('a', ''); await fs.promises.rename('a', 'data');",
      'a file handle': "const file = await fs.promises.open('data', 'w'); await file.write('x');",
      'a callback':
        "await new Promise((resolve) => setTimeout(resolve, 20)); fs.stat('.', () => process.exit(5)); await 0;",
      'an uncaught error in a callback':
        "await new Promise((resolve) => setTimeout(resolve, 20)); fs.stat('.', () => { throw 5; }); await new Promise(() => {});",
    };
    for (const [call, write] of Object.entries(calls)) {
      it(call, async () => {
        directory.expect('data');
        const end = call.includes('callback') ? 'await new Promise(() => {});' : 'process.exit(5);';
        const ending = await run(`new LockFile('config.json').acquireSync(); ${write} ${end}`, options());
        expect(ending.code, ending.stderr).to.be.oneOf([5, 1, 7]);
        expect(names().filter((name) => name !== 'data')).to.deep.equal([]);
      });
    }
  });

  for (const [when, listen] of Object.entries({
    before: ['LISTEN', 'HOLD'],
    after: ['HOLD', 'LISTEN'],
  })) {
    for (const [how, end] of Object.entries({
      'process.exit() in the same moment': 'process.exit(0);',
      'process.exit()': 'setImmediate(() => process.exit(0));',
      'a normal end': '',
      'an uncaught error': 'setImmediate(() => { throw new Error("surprise"); });',
    })) {
      it(`it is released after the exit listener that was registered ${when} it, by ${how}`, async () => {
        const parts: Readonly<Record<string, string>> = {
          LISTEN: "process.on('exit', () => say(String(lock.iAmLockingSync())));",
          HOLD: 'lock.acquireSync();',
        };
        const text = `const lock = new LockFile('config.json'); ${listen.map((part) => parts[part]).join(' ')} ${end}`;
        expect((await run(text, options())).stdout).to.equal('true\n');
        expect(names()).to.deep.equal([]);
      });
    }
  }

  for (const [how, end] of Object.entries({
    'process.exit()': 'process.exit(0);',
    'a signal': "process.kill(process.pid, 'SIGTERM'); setInterval(() => {}, 1_000);",
  })) {
    it(`files that must not stay are removed before it is released, by ${how}`, async () => {
      const ending = await run(
        `const { beforeExitRelease } = await import(${JSON.stringify(exitHookUrl)});
         const lock = new LockFile('config.json').acquireSync();
         beforeExitRelease(() => say('one ' + lock.isHeldSync()));
         beforeExitRelease(() => { throw new Error('ignored'); });
         beforeExitRelease(() => say('never'))();
         ${end}`,
        options(),
      );
      expect(ending.stdout, ending.stderr).to.equal('one true\n');
      expect(names()).to.deep.equal([]);
    });
  }

  it('300 acquires under way take no more than a moment', async () => {
    const script = start(
      `for (let i = 0; i < 300; i++) new LockFile('file' + i, { io: 'async' }).acquire().catch(() => {});
       setTimeout(() => say('ready'), 30);
       setInterval(() => {}, 1_000);`,
      options(),
    );
    await script.line();
    const began = performance.now();
    expect(await script.kill('SIGTERM')).to.include({ code: null, signal: 'SIGTERM' });
    expect(performance.now() - began).to.be.below(1_000);
    directory.expect(...names()); // What stays is recovered, or swept later.
    for (let i = 0; i < 300; i++) {
      const lock = await new LockFile(directory.join(`file${String(i)}`)).acquire(1_000);
      await lock.release();
    }
  });

  it('300 locks that can’t be released take no more than a moment', async function () {
    if (process.getuid?.() !== 0) this.skip();
    const script = start(
      `fs.chmodSync('.', 0o777);
       process.setgid(65534); process.setuid(65534);
       for (let i = 0; i < 300; i++) new MkdirLockFile('file' + i).acquireSync();
       say('ready');
       setInterval(() => {}, 1_000);`,
      options(),
    );
    await script.line();
    spawnSync('chmod', ['555', directory.path]);
    const began = performance.now();
    expect(await script.kill('SIGTERM')).to.include({ code: null, signal: 'SIGTERM' });
    expect(performance.now() - began).to.be.below(1_000);
    directory.expect(...readdirSync(directory.path, { recursive: true }).map(String));
  });

  it('it is released though the disk is full', async function () {
    const wrapper = [
      'unshare',
      '-m',
      'sh',
      '-c',
      'mount -t tmpfs -o size=16k none mounted && cd mounted && exec "$@"',
      'sh',
    ];
    mkdirSync(directory.join('mounted'));
    directory.expect('mounted');
    needs(this, ['unshare', '-m'], 'root, and unshare(1), to mount a file system');
    const ending = await run(
      `import { spawn } from 'node:child_process';
       process.stdout.on('error', () => {});
       for (const kind of ['LinkLockFile', 'MkdirLockFile']) new holdfast[kind](kind).acquireSync();
       try { fs.writeFileSync('fill', Buffer.alloc(1_000_000)); } catch (error) { say(error.code); }
       process.on('exit', () => {
         // Looks at the directory when the hooks have run, from a process that outlives this one.
         spawn('sh', ['-c', 'sleep 0.3; ls'], { stdio: 'inherit', detached: true });
       });
       process.exit(0);`,
      { ...options(), wrapper },
    );
    expect(ending.stdout, ending.stderr).to.equal('ENOSPC\nfill\n');
  });

  it('hooks and lifeline go with the last release, though the program’s timers are replaced', async () => {
    const ending = await run(
      `const { setTimeout: later } = globalThis;
       for (const name of ['setTimeout', 'setImmediate', 'setInterval', 'queueMicrotask']) globalThis[name] = () => ({ unref() { return this; } });
       performance.now = () => 0;
       Date.now = () => 0;
       const lock = new LockFile('config.json');
       const state = () => ['SIGINT', 'newListener', 'removeListener'].map((name) => process.listenerCount(name)).join() +
         fs.readdirSync('/proc/self/fd').map((fd) => { try { return fs.readlinkSync('/proc/self/fd/' + fd); } catch { return ''; } })
           .filter((path) => path.endsWith('(deleted)')).length;
       const before = state();
       lock.acquireSync();
       say(String(state() === before));
       lock.releaseSync();
       later(() => say(String(state() === before)), 200);`,
      options(),
    );
    expect(ending.stdout, ending.stderr).to.equal('false\ntrue\n');
  });

  it('process 1 of a container ignores the signal as without, and keeps the lock', async function () {
    const wrapper = ['unshare', '--pid', '--fork', '--mount-proc'];
    needs(this, wrapper, 'root, and unshare(1), to make a PID namespace');
    const ending = await run(
      `const lock = new LockFile('config.json').acquireSync();
       process.kill(process.pid, 'SIGTERM');
       await new Promise((resolve) => setTimeout(resolve, 100));
       say([process.pid, lock.isHeldSync()].join());`,
      { ...options(), wrapper },
    );
    expect(ending.stdout, ending.stderr).to.equal('1,true\n');
    expect(existsSync(directory.join('config.json.lock'))).to.equal(false);
  });
});
