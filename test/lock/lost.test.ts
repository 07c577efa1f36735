/** A lock that is broken, or removed by hand, while it is held: its hold's signal and a channel say so at once. */
import { rmSync } from 'node:fs';
import { once } from 'node:events';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { expect } from 'chai';
import { LockFile, NotMyLock, PidLockFile, withLock, type Hold, type LostMessage } from '../../src/index.js';
import { SQLiteLockFile } from '../../src/sqlite.js';
import { endScripts, run, start } from '../support/script.js';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary.js';
import { failure, kindNames, kinds } from './subjects.js';

const LONG_MS = 20_000;

/** The reason of the hold's signal, once it is aborted. */
async function loss({ signal }: Hold): Promise<Error> {
  if (!signal.aborted) await once(signal, 'abort', { signal: AbortSignal.timeout(LONG_MS) });
  return signal.reason as Error;
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 100));

describe('a lock that is lost while it is held', () => {
  let directory: TemporaryDirectory;
  let path: string;

  beforeEach(() => {
    directory = temporaryDirectory();
    path = directory.join('config.json');
  });
  afterEach(endScripts);

  for (const kind of kindNames) {
    it(`is reported when another process breaks it, and says who has it now (${kind})`, async () => {
      const hold = await new kinds[kind](path).acquire();
      expect(hold.signal.aborted).to.equal(false);
      const thief = start(
        `await new ${kind}('config.json').breakLock();
         const hold = await new ${kind}('config.json').acquire(); say('mine');
         process.stdin.once('data', () => hold.release().then(() => process.exit()));`,
        { cwd: directory.path },
      );
      expect(await thief.line()).to.equal('mine');
      const reason = await loss(hold);
      expect(reason).to.be.instanceOf(NotMyLock);
      expect(reason.message).to.match(/was removed, by breakLock\(\) or by hand/);
      expect(reason.message).to.match(/noticed at \d{4}-\d\d-\d\dT/);
      expect(await failure(() => hold.release())).to.be.instanceOf(NotMyLock);
      thief.tell('end');
      await thief.ended;
    });

    it(`is reported when its name is removed by hand (${kind})`, async () => {
      const hold = await new kinds[kind](path).acquire();
      expect(hold.signal.aborted).to.equal(false);
      await turn();
      const began = performance.now();
      rmSync(`${path}.lock`, { recursive: true });
      expect((await loss(hold)).message).to.include('Nobody holds it now');
      expect(performance.now() - began).to.be.below(900, 'by an event, not by a poll');
      expect(await failure(() => hold.release())).to.be.instanceOf(NotMyLock);
    });
  }

  it('is reported for a pid file, and for a row, which can’t be watched', async () => {
    directory.expect('holdfast.sqlite');
    for (const lock of [new PidLockFile(path), new SQLiteLockFile(path)]) {
      const hold = await lock.acquire();
      const { signal } = hold;
      await turn();
      await run(
        `const { SQLiteLockFile } = await import(${JSON.stringify(new URL('../../src/sqlite.js', import.meta.url).href)});
         const Lock = ${JSON.stringify(lock.constructor.name)} === 'SQLiteLockFile' ? SQLiteLockFile : holdfast.PidLockFile;
         await new Lock('config.json').breakLock();`,
        { cwd: directory.path },
      );
      expect(await loss(hold)).to.be.instanceOf(NotMyLock);
      expect(signal.aborted).to.equal(true);
      expect(await failure(() => hold.release())).to.be.instanceOf(NotMyLock);
    }
  });

  it('is reported at once, and names this process, if this thread broke it', async () => {
    const hold = await new LockFile(path).acquire();
    const { signal } = hold;
    new LockFile(path).breakLockSync();
    expect(signal.aborted).to.equal(true);
    expect((signal.reason as Error).message).to.match(
      new RegExp(`was broken by breakLock\\(\\) of this process, pid ${process.pid}, at \\d{4}-`),
    );
    expect(await failure(() => hold.release())).to.be.instanceOf(NotMyLock);
    const other = await new LockFile(path).acquire();
    new LockFile(path).breakLockSync();
    expect(other.signal.aborted, 'read only afterwards').to.equal(true);
    expect(await failure(() => other.release())).to.be.instanceOf(NotMyLock);
  });

  it('stops the work of a block that passes the signal on', async () => {
    const error = await failure(() =>
      withLock(path, async (hold) => {
        setTimeout(() => rmSync(`${path}.lock`), 20);
        await once(new EventTarget(), 'never', { signal: hold.signal });
      }),
    );
    expect(error.cause).to.be.instanceOf(NotMyLock);
  });

  it('is not one that is released, in whatever way', async () => {
    const ways: ((hold: Hold, lock: LockFile) => unknown)[] = [
      (hold) => hold.release(),
      (hold) => hold.releaseSync(),
      (hold) => hold[Symbol.asyncDispose](),
      (_, lock) => lock.release(),
    ];
    for (const io of ['auto', 'async'] as const) {
      for (const way of ways) {
        const lock = new LockFile(path, { io });
        const hold = await lock.acquire();
        const { signal } = hold;
        await turn();
        await way(hold, lock);
        await turn();
        expect(signal.aborted).to.equal(false);
      }
    }
  });

  it('is published once, with or without a signal', async () => {
    const messages: LostMessage[] = [];
    const listener = (message: unknown) => void messages.push(message as LostMessage);
    subscribe('holdfast:lost', listener);
    try {
      for (const watches of [true, false]) {
        const hold = await new LockFile(path).acquire();
        const signal = watches ? hold.signal : undefined;
        rmSync(`${path}.lock`);
        if (watches) await loss(hold);
        expect(messages).to.have.lengthOf(watches ? 1 : 0);
        await failure(() => hold.release());
        const [message, ...more] = messages.splice(0);
        expect(more).to.deep.equal([]);
        expect(message).to.include({ path, lockPath: `${path}.lock` });
        expect(message?.error).to.be.instanceOf(NotMyLock);
        if (signal !== undefined) expect(message?.error).to.equal(signal.reason);
      }
    } finally {
      unsubscribe('holdfast:lost', listener);
    }
  });

  it('keeps no process alive by being watched', async () => {
    const { code } = await run(`(await new LockFile('config.json').acquire()).signal; say('watching');`, {
      cwd: directory.path,
    });
    expect(code).to.equal(0);
  });
});
