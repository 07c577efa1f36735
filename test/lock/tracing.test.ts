/** The messages of the tracing channels, and that nothing is published without a subscriber. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel';
import { expect } from 'chai';
import * as channels from '../../src/lock/tracing.js';
import {
  LockFile,
  withLock,
  type HolderRecord,
  type LockMessage,
  type RecoveredMessage,
} from '../../src/index.js';
import { projectDirectory } from '../support/paths.js';
import { temporaryDirectory } from '../support/temporary.js';

const events = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'] as const;

/** Subscribes to a tracing channel while `work` runs. */
async function hear(name: string, work: () => unknown): Promise<[string, LockMessage][]> {
  const heard: [string, LockMessage][] = [];
  const each = Object.fromEntries(
    events.map((event) => [event, (message: unknown) => void heard.push([event, message as LockMessage])]),
  ) as Record<(typeof events)[number], (message: unknown) => void>;
  const tracing = tracingChannel<unknown, object>(name);
  tracing.subscribe(each);
  try {
    await work();
  } finally {
    tracing.unsubscribe(each);
  }
  return heard;
}

const names = (heard: [string, LockMessage][]) => heard.map(([event]) => event);

describe('the channels', () => {
  const file = () => temporaryDirectory().join('file');

  it('report an asynchronous acquire, with one message for one call', async () => {
    const lock = new LockFile(file());
    const acquired = await hear('holdfast:acquire', () => lock.acquire());
    expect(names(acquired)).to.deep.equal(['start', 'end', 'asyncStart', 'asyncEnd']);
    expect(new Set(acquired.map(([, message]) => message)).size).to.equal(1);
    expect(acquired[0]?.[1]).to.include({ path: lock.path, lockPath: lock.lockPath });
    const released = await hear('holdfast:release', () => lock.release());
    expect(names(released)).to.deep.equal(['start', 'end', 'asyncStart', 'asyncEnd']);
  });

  it('report a synchronous acquire', async () => {
    const lock = new LockFile(file());
    expect(names(await hear('holdfast:acquire', () => lock.acquireSync()))).to.deep.equal(['start', 'end']);
    expect(names(await hear('holdfast:release', () => lock.releaseSync()))).to.deep.equal(['start', 'end']);
  });

  it('report a lock that `using` releases, and not one that is not held', async () => {
    const lock = new LockFile(file());
    const hold = await lock.acquire();
    const both = () => hold[Symbol.asyncDispose]().then(() => hold[Symbol.asyncDispose]());
    expect(names(await hear('holdfast:release', both))).to.have.length(4);
    const held = lock.acquireSync();
    const again = await hear('holdfast:release', () => {
      held[Symbol.dispose]();
      held[Symbol.dispose]();
    });
    expect(names(again)).to.deep.equal(['start', 'end']);
  });

  it('report a try that found the lock held as a call that did not fail', async () => {
    const lock = new LockFile(file());
    await using _hold = await lock.acquire();
    const tried = await hear('holdfast:acquire', () => lock.tryAcquire());
    expect(names(tried)).to.deep.equal(['start', 'end', 'asyncStart', 'asyncEnd']);
    const triedSync = await hear('holdfast:acquire', () => lock.tryAcquireSync());
    expect(names(triedSync)).to.deep.equal(['start', 'end']);
  });

  it('report why a call failed, and the caller still gets the error', async () => {
    const path = file();
    await withLock(path, async () => {
      const lock = new LockFile(path);
      const awaited = await hear('holdfast:acquire', () =>
        lock.acquire(0).catch((error: unknown) => expect(error).to.have.property('code', 'ALREADY_LOCKED')),
      );
      expect(names(awaited)).to.deep.equal(['start', 'end', 'error', 'asyncStart', 'asyncEnd']);
      expect(awaited[4]?.[1].error).to.have.property('code', 'ALREADY_LOCKED');
      const direct = await hear('holdfast:acquire', () =>
        expect(() => lock.acquireSync(0)).to.throw('is held'),
      );
      expect(names(direct)).to.deep.equal(['start', 'error', 'end']);
    });
    const released = await hear('holdfast:release', () =>
      new LockFile(path).release().catch(() => undefined),
    );
    expect(released[2]?.[1].error).to.have.property('code', 'NOT_LOCKED');
  });

  it('report whose lock was recovered, and nothing else', async () => {
    const path = file();
    const messages: RecoveredMessage[] = [];
    const listener = (message: unknown) => void messages.push(message as RecoveredMessage);
    subscribe('holdfast:recovered', listener);
    try {
      for (const form of ['acquire', 'acquireSync'] as const) {
        const pid = await leaveStale(path);
        const lock = new LockFile(path);
        const hold = await lock[form]();
        expect(messages.splice(0)).to.deep.equal([
          { path, lockPath: lock.lockPath, previousHolder: hold.previousHolder },
        ]);
        expect(lock.previousHolder).to.include({ pid });
        await lock.release();
        await (await lock.acquire()).release();
        expect(messages).to.deep.equal([]);
      }
    } finally {
      unsubscribe('holdfast:recovered', listener);
    }
  });

  it('allocate nothing without a subscriber: not even the lock’s paths are read', async () => {
    const read = (): never => {
      throw new Error('read');
    };
    const lock = { path: '', lockPath: '', previousHolder: {} as HolderRecord };
    for (const name of ['path', 'lockPath']) Object.defineProperty(lock, name, { get: read });
    const use = async () => {
      for (const calls of [channels.acquiring, channels.releasing]) {
        channels.tracedSync(calls, lock, () => undefined);
        await channels.traced(calls, lock, () => Promise.resolve());
      }
      channels.traceRecovery(lock);
    };
    await use();
    await hear('holdfast:acquire', async () => {
      expect(await use().catch(String), 'the trap works').to.equal('Error: read');
    });
  });

  it('keep a subscriber’s error from the lock', () => {
    const script = `
      import { tracingChannel } from 'node:diagnostics_channel';
      import { LockFile } from 'holdfast';
      tracingChannel('holdfast:acquire').subscribe({ start() { throw new Error('mine'); } });
      process.on('uncaughtException', ({ message }) => console.log('uncaught', message));
      const lock = await new LockFile(${JSON.stringify(file())}).acquire();
      console.log(await lock.isHeld());
      await lock.release();`;
    const { stdout } = node(['--input-type=module', '--eval', script], projectDirectory);
    expect(stdout.trim().split('\n').sort()).to.deep.equal(['true', 'uncaught mine']);
  });

  it('work as docs/reference/tracing.md shows', () => {
    const directory = temporaryDirectory().expect('node_modules', 'node_modules/', 'block-0.mjs');
    mkdirSync(directory.join('node_modules'));
    symlinkSync(projectDirectory, directory.join('node_modules/holdfast'), 'junction');
    const text = readFileSync(join(projectDirectory, 'docs/reference/tracing.md'), 'utf8');
    const blocks = [...text.matchAll(/^```js\n(.*?)^```$/gms)].map(([, block = '']) => block);
    expect(blocks).to.have.length(1);
    for (const [index, block] of blocks.entries()) {
      writeFileSync(directory.join(`block-${index}.mjs`), block);
      const { stdout, stderr } = node([`block-${index}.mjs`], directory.path);
      const promised = [...block.matchAll(/; \/\/ (.*)$/gm)].map(([, line]) => line);
      expect(stderr).to.equal('');
      expect(stdout.trim().split('\n')).to.deep.equal(promised);
    }
  });
});

function node(args: readonly string[], cwd: string): { stdout: string; stderr: string } {
  return spawnSync(process.execPath, args, { cwd, encoding: 'utf8' });
}

async function leaveStale(path: string): Promise<number | undefined> {
  const script = `
    import { LockFile } from 'holdfast';
    await new LockFile(${JSON.stringify(path)}).acquire();
    process.kill(process.pid, 'SIGKILL');`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], { cwd: projectDirectory });
  await once(child, 'exit');
  return child.pid;
}
