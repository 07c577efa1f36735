/** Bad arguments: a TypeError or RangeError before anything is touched, on disk or in the process. */
import { readdirSync } from 'node:fs';
import { expect } from 'chai';
import { LockFile, locked, lockedSync, withLock, withLockSync, type LockOptions } from '../../src/index.js';
import { registry } from '../../src/lock/registry.js';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary.js';
import { failure, kindNames, kinds } from './subjects.js';

describe('a bad argument touches nothing', () => {
  let directory: TemporaryDirectory;
  let path: string;

  beforeEach(() => {
    directory = temporaryDirectory();
    path = directory.join('config.json');
  });

  const refused = async (work: () => unknown, type: typeof TypeError | typeof RangeError, words: string) => {
    const error = await failure(work);
    expect(error).to.be.instanceOf(type);
    expect(error.message).to.include(words);
    expect(readdirSync(directory.path)).to.deep.equal([]);
    expect(registry.owned.size).to.equal(0);
    expect(registry.queues.isFree(`${path}.lock`)).to.equal(true);
    expect(registry.unhook).to.equal(undefined);
  };

  // The hooks for what an earlier test held are removed at the next turn.
  beforeEach(() => new Promise((resolve) => setImmediate(resolve)));

  const badPaths = {
    'a NUL byte': 'a\0b',
    'an empty path': '',
    'no path': undefined,
    'a number': 5,
    'a URL': new URL('file:///a'),
  };
  for (const [what, bad] of Object.entries(badPaths)) {
    it(`path: ${what}`, async () => {
      for (const kind of kindNames) await refused(() => new kinds[kind](bad as string), TypeError, 'path');
      await refused(() => withLock(bad as string, () => 1), TypeError, 'path');
      await refused(() => withLockSync(bad as string, () => 1), TypeError, 'path');
      await refused(() => locked((() => bad) as () => string)(() => 1)(), TypeError, 'path');
      if (typeof bad === 'string') await refused(() => locked(bad), TypeError, 'path');
    });
  }

  const badOptions: Readonly<Record<string, [unknown, typeof TypeError, string]>> = {
    'no object': [5_000, TypeError, 'options must be an object'],
    null: [null, TypeError, 'options must be an object'],
    'a timeout that is NaN': [{ timeout: NaN }, TypeError, 'timeout must be a number'],
    'a timeout that is a string': [
      { timeout: '5' },
      TypeError,
      'timeout must be a number of milliseconds, not "5"',
    ],
    'threaded that is no boolean': [{ threaded: 1 }, TypeError, 'threaded must be'],
    'a note that is no string': [{ note: 5 }, TypeError, 'note must be a string'],
    'a note that is too long': [{ note: 'é'.repeat(256) }, RangeError, 'note must be at most'],
    'a grace that is negative': [{ orphanGraceMs: -1 }, RangeError, 'orphanGraceMs must not be negative'],
    'a grace that is NaN': [{ orphanGraceMs: NaN }, TypeError, 'orphanGraceMs must be a number'],
    'an unknown io': [{ io: 'sync' }, TypeError, 'io must be'],
  };
  for (const [what, [bad, type, words]] of Object.entries(badOptions)) {
    it(`options: ${what}`, async () => {
      const options = bad as LockOptions;
      await refused(() => new LockFile(path, options), type, words);
      await refused(() => locked(path, options), type, words);
      await refused(() => lockedSync(() => path, options), type, words);
      await refused(() => withLock(path, () => 1, options), type, words);
      await refused(() => withLockSync(path, () => 1, options), type, words);
    });
  }

  for (const bad of [NaN, '5', true, () => 5, Symbol('5'), 5n, { timeout: NaN }, { timeout: '5' }]) {
    it(`acquire(${typeof bad === 'object' ? JSON.stringify(bad) : String(bad)})`, async () => {
      for (const kind of kindNames) {
        const lock = new kinds[kind](path);
        await refused(() => lock.acquire(bad as number), TypeError, 'timeout must be a number');
        await refused(() => lock.acquireSync(bad as number), TypeError, 'timeout must be a number');
      }
    });
  }

  it('acquire({ signal }) with a value that is no signal', async () => {
    for (const signal of [5, null, {}, 'abort']) {
      const how = { signal: signal as unknown as AbortSignal };
      await refused(() => new LockFile(path).acquire(how), TypeError, 'signal must be an AbortSignal');
    }
  });

  it('acquireSync({ signal }): nothing could abort it', async () => {
    const how = { signal: new AbortController().signal, timeout: 5 };
    await refused(() => new LockFile(path).acquireSync(how), TypeError, 'takes no signal');
  });

  it('undefined options, and a null timeout, mean the default', async () => {
    const lock = new LockFile(path, { timeout: undefined, note: undefined });
    await lock.acquire({ timeout: undefined, signal: undefined });
    await lock.release();
    await lock.acquire({ timeout: null as unknown as number });
    await lock.release();
  });

  it('each kind accepts a note of 512 bytes', () => {
    for (const kind of kindNames) {
      const note = 'n'.repeat(510);
      const lock = new kinds[kind](path, { note });
      lock.acquireSync(0);
      expect(lock.holderSync()?.note).to.equal(note);
      lock.releaseSync();
    }
  });
});
