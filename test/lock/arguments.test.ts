/** Bad arguments: a TypeError or RangeError before anything is touched, on disk or in the process. */
import { readdirSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import {
  LockFile,
  PidLockFile,
  locked,
  lockedSync,
  updateFile,
  updateFileSync,
  updateJson,
  updateJsonSync,
  withLock,
  withLockSync,
  type LockOptions,
} from '../../src/index.js';
import { contract, type Subject } from '../../src/contract.js';
import { SQLiteLockFile } from '../../src/sqlite.js';
import * as zc from '../../src/zc.js';
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

  // The hooks for what an earlier test held stay for some ten milliseconds.
  beforeEach(async () => {
    while (registry.unhook !== undefined) await sleep(5);
  });

  const badPaths = {
    'a NUL byte': 'a\0b',
    'an empty path': '',
    'no path': undefined,
    'a number': 5,
    'a URL that is no file': new URL('https://example.org/path'),
    'text of a URL that is no path here': 'file://host/a',
    bytes: Buffer.from('a'),
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

  const misspelled: Readonly<Record<string, (options: object) => unknown>> = {
    ...Object.fromEntries(
      kindNames.map((kind) => [kind, (options: object) => new kinds[kind](path, options)]),
    ),
    PidLockFile: (options) => new PidLockFile(path, options),
    SQLiteLockFile: (options) => new SQLiteLockFile(path, options),
    'acquire()': (options) => new LockFile(path).acquire(options),
    'acquireSync()': (options) => new LockFile(path).acquireSync(options),
    'withLock()': (options) => withLock(path, () => 1, options),
    'withLockSync()': (options) => withLockSync(path, () => 1, options),
    'locked()': (options) => locked(path, options),
    'locked() with a function': (options) => locked(() => path, options),
    'lockedSync()': (options) => lockedSync(path, options),
    'updateFile()': (options) => updateFile(path, () => 'x', options),
    'updateFileSync()': (options) => updateFileSync(path, () => 'x', options),
    'updateJson()': (options) => updateJson(path, () => 1, options),
    'updateJsonSync()': (options) => updateJsonSync(path, () => 1, options),
  };
  for (const [what, call] of Object.entries(misspelled)) {
    it(`${what} with an option that doesn’t exist, and names the nearest one`, async () => {
      await refused(() => call({ timout: 5 }), TypeError, 'unknown option "timout": did you mean timeout?');
      await refused(() => call({ Timeout: undefined }), TypeError, 'did you mean timeout?');
      await refused(() => call({ xyzzy: 5 }), TypeError, 'unknown option "xyzzy": known are ');
    });
  }

  it('an option of another call', async () => {
    const signal = new AbortController().signal;
    const message = 'unknown option "signal"';
    await refused(() => new LockFile(path, { signal } as LockOptions), TypeError, message);
    await refused(() => updateJson(path, () => 1, { encoding: 'utf8' } as object), TypeError, '"encoding"');
    await refused(() => new SQLiteLockFile(path, { lockPath: 'a' } as object), TypeError, '"lockPath"');
    const template = { contentTemplat: '' } as object;
    await refused(() => new zc.LockFile(path, template), TypeError, 'did you mean contentTemplate?');
    const subject = { module: 'a', nmae: 'b' } as unknown as Subject;
    await refused(() => contract(subject, { describe, it }), TypeError, 'unknown field of a subject "nmae"');
  });

  it('a signal for a synchronous block: nothing could abort it', async () => {
    const options = { signal: new AbortController().signal } as LockOptions;
    const words = 'a synchronous call takes no signal';
    await refused(() => withLockSync(path, () => 1, options), TypeError, words);
    await refused(() => lockedSync(path, options), TypeError, words);
    await refused(() => updateFileSync(path, () => 'x', options), TypeError, words);
    await refused(() => updateJsonSync(path, () => 1, options), TypeError, words);
  });

  it('a block’s signal that is no signal', async () => {
    const options = { signal: 5 as unknown as AbortSignal };
    const words = 'signal must be an AbortSignal';
    await refused(() => withLock(path, () => 1, options), TypeError, words);
    await refused(() => locked(path, options), TypeError, words);
    await refused(() => updateFile(path, () => 'x', options), TypeError, words);
    await refused(() => updateJson(path, () => 1, options), TypeError, words);
  });

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

  it('a path may be a URL, or the text of one', async () => {
    const name = directory.join('a b%.json');
    directory.expect('a b%.json');
    const url = pathToFileURL(name);
    for (const each of [url, url.href]) {
      expect(new LockFile(each).path).to.equal(name);
      expect(new LockFile(path, { lockPath: each }).lockPath).to.equal(name);
      expect(await withLock(each, (hold) => hold.path)).to.equal(name);
      expect(withLockSync(each, (hold) => hold.path)).to.equal(name);
      expect(await locked(each)(() => new LockFile(name).isLocked())()).to.equal(true);
      expect(lockedSync(() => each)(() => new LockFile(name).isLockedSync())()).to.equal(true);
      await updateFile(each, () => '1');
      expect(await updateJson<number>(each, (old = 0) => old + 1)).to.equal(2);
      expect(updateJsonSync<number>(each, (old = 0) => old + 1)).to.equal(3);
      expect(new SQLiteLockFile(each).path).to.equal(name);
    }
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
