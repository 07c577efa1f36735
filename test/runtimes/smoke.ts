/**
 * What holdfast must do, in one program that needs no test framework. Every runtime runs it with the packed package,
 * and Node runs it as a bundle. It prints one line of JSON per check.
 *
 *     smoke <directory> [check…]     the checks, in fresh directories below <directory>
 *     smoke as <role> <path> …       one of the other processes that they start
 *
 * Rule: a check throws if it fails, and leaves its directory empty.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import {
  AlreadyLocked,
  LinkLockFile,
  LockFailed,
  LockFile,
  LockTimeout,
  MkdirLockFile,
  PidLockFile,
  SymlinkLockFile,
  locked,
  updateFile,
  updateJsonSync,
  withLock,
  withLockSync,
} from 'holdfast';
import * as zc from 'holdfast/zc';

/** The outcome of a check, for the program that started this one. */
export interface Outcome {
  readonly check: string;
  /** What went wrong; absent if the check passed. */
  readonly problem?: string;
}

const PATIENCE_MS = 60_000;
const kinds = { link: LinkLockFile, mkdir: MkdirLockFile, symlink: SymlinkLockFile };

/** How to start this program, without its file name. The parent process passes it on. */
interface Command {
  readonly command: readonly string[];
  /** The same with permissions: `READ` stands for a readable directory, `WRITE` for one that is also writable. */
  readonly confined?: readonly string[] | undefined;
}

/** The checks by their names, which are the rows of the table of runtimes. */
export const checks: Readonly<Record<string, (path: string) => void | Promise<void>>> = {
  'the quick start, async': async (path) => {
    const lock = new LockFile(path);
    await using hold = await lock.acquire();
    assert.equal(await hold.isHeld(), true);
    assert.equal(await lock.iAmLocking(), true);
    assert.equal((await lock.holder())?.verdict, 'alive');
    await assert.rejects(new LockFile(path).acquire(0), AlreadyLocked);
    assert.equal(await withLock(`${path}2`, () => 'result'), 'result');
    assert.equal(await locked(`${path}3`)((x: number) => x + 1)(1), 2);
  },
  'the quick start, sync': (path) => {
    using hold = new LockFile(path).acquireSync();
    assert.equal(hold.isHeldSync(), true);
    assert.throws(() => new LockFile(path).acquireSync(0), AlreadyLocked);
    assert.equal(
      withLockSync(`${path}2`, () => 'result'),
      'result',
    );
  },
  'every kind, async and sync': async (path) => {
    for (const Kind of Object.values(kinds)) {
      for (const io of ['auto', 'async'] as const) {
        const lock = new Kind(path, { io });
        await lock.acquire();
        for (const Other of Object.values(kinds))
          assert.throws(() => new Other(path).acquireSync(0), AlreadyLocked);
        await lock.release();
        lock.acquireSync();
        for (const Other of Object.values(kinds))
          await assert.rejects(new Other(path).acquire(0), AlreadyLocked);
        lock.releaseSync();
      }
    }
  },
  'a pid file, zc.lockfile’s file, an update': async (path) => {
    const pidFile = await new PidLockFile(path).acquire();
    assert.equal(readFileSync(path, 'utf8'), `${process.pid}\n`);
    assert.throws(() => new PidLockFile(path).acquireSync(0), AlreadyLocked);
    await pidFile.release();
    const zcLock = new zc.LockFile(path, { contentTemplate: '{pid}' });
    assert.throws(() => new zc.LockFile(path), zc.LockError);
    zcLock.close();
    assert.equal(readFileSync(path, 'utf8'), ` ${process.pid}\n`);
    await updateFile(path, () => '{}');
    assert.deepEqual(
      updateJsonSync<object>(path, (old) => ({ ...old, key: 1 })),
      { key: 1 },
    );
    unlinkSync(path);
  },
  '`using`, not compiled away': async (path) => {
    const text =
      '{ await using a = await new LockFile(path).acquire(); } { using b = new LockFile(path).acquireSync(); }';
    const block = compile(text);
    if (block === undefined) throw new Skip('no such syntax yet; a compiler’s form of it works');
    await block(LockFile, path);
  },
  'processes exclude each other': async (path) => {
    writeFileSync(path, '0');
    const [processes, rounds] = [3, 100];
    const children = Array.from({ length: processes }, () => start('count', path, String(rounds)));
    for (const child of children) assert.deepEqual(await child.ended(), { code: 0, signal: null });
    assert.equal(readFileSync(path, 'utf8'), String(processes * rounds));
    unlinkSync(path);
  },
  'a waiter gets the lock when another process gives it back': async (path) => {
    const holder = start('hold', path);
    await holder.says('held');
    await assert.rejects(new LockFile(path).acquire(50), LockTimeout);
    assert.throws(() => new LockFile(path).acquireSync(50), LockTimeout);
    const aborted = AbortSignal.timeout(20);
    await assert.rejects(new LockFile(path).acquire({ signal: aborted }), { name: 'TimeoutError' });
    const waiting = new LockFile(path).acquire(PATIENCE_MS);
    await sleep(20);
    holder.tell('release');
    await (await waiting).release();
    await holder.ended();
  },
  'a holder that was SIGKILLed is recovered from': async (path) => {
    const recoveries = Object.entries(kinds).map(async ([kind, Kind]) => {
      const lock = new Kind(`${path}-${kind}`);
      const holder = start('hold', lock.path, kind);
      await holder.says('held');
      holder.kill('SIGKILL');
      assert.deepEqual(await holder.ended(), { code: null, signal: 'SIGKILL' });
      await lock.acquire(PATIENCE_MS);
      assert.equal(lock.clean, false);
      assert.equal(lock.previousHolder?.pid, holder.pid);
      await lock.release();
    });
    await Promise.all(recoveries);
  },
  'a worker thread is a holder of its own': async (path) => {
    const worker = new Worker(program(), { workerData: { smoke: path } });
    const exit = once(worker, 'exit');
    assert.deepEqual(await once(worker, 'message'), ['held']);
    await assert.rejects(new LockFile(path).acquire(0), AlreadyLocked);
    assert.equal(await new LockFile(path).iAmLocking(), false);
    worker.postMessage('release');
    await (await new LockFile(path).acquire(PATIENCE_MS)).release();
    await exit;
  },
  'a worker thread gives back at its end': async (path) => {
    const worker = new Worker(program(), { workerData: { smoke: path, ends: true } });
    await once(worker, 'exit');
    assert.equal(new LockFile(path).isLockedSync(), false);
  },
  'confined by permissions to one folder': async (path) => {
    const { confined } = told();
    if (confined === undefined) throw new Skip('it has no permission model');
    const inside = dirname(path);
    const places = { READ: dirname(program()), WRITE: inside } as const;
    const flags = confined.map((flag) =>
      flag.replace(/READ|WRITE/g, (word) => places[word as keyof typeof places]),
    );
    // Neither the program's folder nor the parent of `inside` is writable.
    const child = startBy(flags, 'confined', path, join(dirname(inside), 'file'));
    await child.says('done');
    assert.deepEqual(await child.ended(), { code: 0, signal: null });
  },
  'the lock is given back at a normal end': endsWith('return', { code: 0, signal: null }),
  '… at `process.exit()`': endsWith('exit', { code: 3, signal: null }),
  '… at an uncaught error': endsWith('throw', { code: 1, signal: null }),
  '… at SIGTERM, which still kills': endsWith('hold', { code: null, signal: 'SIGTERM' }, 'SIGTERM'),
  '… at SIGINT, which still kills': endsWith('hold', { code: null, signal: 'SIGINT' }, 'SIGINT'),
  'an error says why': async (path) => {
    const nowhere = new LockFile(join(path, 'nowhere', 'file'));
    await assert.rejects(nowhere.acquire(), {
      name: 'LockFailed',
      code: 'LOCK_FAILED',
      message: /create it/,
    });
    assert.throws(() => nowhere.acquireSync(), LockFailed);
  },
  '`require` and `import` give the same classes': () => {
    const required = createRequire(program())('holdfast') as { LockFile: unknown };
    assert.equal(required.LockFile, LockFile);
  },
};

/** Thrown by a check that this runtime can't do, with the reason. */
class Skip extends Error {}

/** A process that acquires and then ends this way leaves no lock, and ends as it would without holdfast. */
function endsWith(role: string, end: End, signal?: NodeJS.Signals) {
  return async (path: string) => {
    const ends = Object.keys(kinds).map(async (kind) => {
      const child = start(role, `${path}-${kind}`, kind);
      await child.says('held');
      if (signal !== undefined) child.kill(signal);
      assert.deepEqual(await child.ended(), end);
      assert.equal(new LockFile(`${path}-${kind}`).isLockedSync(), false, `${kind} is left`);
    });
    await Promise.all(ends);
  };
}

interface End {
  readonly code: number | null;
  readonly signal: string | null;
}

function program(): string {
  const [, file] = process.argv;
  if (file === undefined) throw new Error('started without a file');
  return file;
}

function told(): Command {
  const text = process.env['SMOKE'];
  return text === undefined ? { command: [process.execPath] } : (JSON.parse(text) as Command);
}

const start = (role: string, ...args: readonly string[]) => startBy(told().command, role, ...args);

function startBy([runtime = '', ...flags]: readonly string[], role: string, ...args: readonly string[]) {
  const child = spawn(runtime, [...flags, program(), 'as', role, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let complaints = '';
  child.stderr.on('data', (data) => (complaints += String(data)));
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const closed = once(child, 'close') as Promise<[number | null, string | null]>;
  const late = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
  return {
    pid: child.pid,
    kill: (signal: NodeJS.Signals) => child.kill(signal),
    tell: (line: string) => child.stdin.end(`${line}\n`),
    async says(line: string): Promise<void> {
      const { value } = (await lines.next()) as { value?: string };
      assert.equal(value, line, complaints);
    },
    async ended(): Promise<End> {
      const [code, signal] = await closed;
      clearTimeout(late);
      return { code, signal };
    },
  };
}

type Role = (path: string, ...args: string[]) => unknown;

const roles: Readonly<Record<string, Role>> = {
  async count(path, rounds) {
    for (let round = 0; round < Number(rounds); round++) {
      const lock = new LockFile(path);
      if (round % 2 === 0) await lock.acquire();
      else lock.acquireSync();
      writeFileSync(path, String(Number(readFileSync(path, 'utf8')) + 1));
      lock.releaseSync();
    }
  },
  async hold(path, kind) {
    const lock = await acquired(path, kind);
    await once(process.stdin, 'data');
    await lock.release();
    process.stdin.destroy();
  },
  return: acquired,
  confined,
  async exit(path, kind) {
    await acquired(path, kind);
    process.exit(3);
  },
  async throw(path, kind) {
    await acquired(path, kind);
    throw new Error('thrown to see how it ends');
  },
};

/** Runs where only the folder of `inside` is writable. */
async function confined(inside: string, outside = ''): Promise<void> {
  for (const Kind of [LockFile, MkdirLockFile]) {
    const lock = new Kind(inside);
    await lock.acquire();
    assert.notEqual((await lock.holder())?.verdict, 'dead');
    await lock.release();
    lock.acquireSync().releaseSync();
    const beyond = new Kind(outside);
    await assert.rejects(beyond.acquire(), {
      name: 'LockFailed',
      message: /permission model.*lockPath|--allow-/,
    });
    await assert.rejects(beyond.breakLock(), { name: 'UnlockError' });
    await beyond.isLocked();
    await new Kind(outside, { lockPath: `${inside}.elsewhere` }).acquire().then((held) => held.release());
  }
  console.log('done');
}

async function acquired(path: string, kind = 'link') {
  const Kind = kinds[kind as keyof typeof kinds];
  const lock = await new Kind(path).acquire();
  console.log('held');
  return lock;
}

interface WorkerTask {
  readonly smoke: string;
  readonly ends?: boolean;
}

async function inWorker({ smoke: path, ends = false }: WorkerTask): Promise<void> {
  const lock = new LockFile(path).acquireSync();
  if (ends) return;
  parentPort?.postMessage('held');
  await new Promise((resolve) => parentPort?.once('message', resolve));
  await lock.release();
}

type Block = (lockFile: typeof LockFile, path: string) => Promise<void>;

/** An asynchronous function with this body; `undefined` if the runtime doesn't support the syntax. */
function compile(body: string): Block | undefined {
  const AsyncFunction = (async () => await Promise.resolve()).constructor as new (
    ...source: string[]
  ) => Block;
  try {
    return new AsyncFunction('LockFile', 'path', body);
  } catch {
    return undefined;
  }
}

async function perform(check: string, base: string): Promise<Outcome> {
  const directory = realpathSync(mkdtempSync(join(base, 'check-')));
  try {
    await checks[check]?.(join(directory, 'file'));
    assert.deepEqual(readdirSync(directory), [], 'left behind');
    return { check };
  } catch (error) {
    return { check, problem: error instanceof Skip ? `skipped: ${error.message}` : String(error) };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function main([first = '', second = '', ...rest]: readonly string[]): Promise<void> {
  if (!isMainThread) {
    await inWorker(workerData as WorkerTask);
  } else if (first === 'as') {
    const [path = '', ...args] = rest;
    await roles[second]?.(path, ...args);
  } else {
    const wanted = second === '' ? Object.keys(checks) : [second, ...rest];
    for (const check of wanted) console.log(JSON.stringify(await perform(check, first)));
  }
}

// The suite imports this file for the names of the checks, which must not run anything.
if (!isMainThread || basename(program()).startsWith('smoke.')) {
  main(process.argv.slice(2)).catch((error: unknown) => {
    // Thrown as an uncaught error, because some runtimes end differently after an unhandled rejection.
    setImmediate(() => {
      throw error;
    });
  });
}
