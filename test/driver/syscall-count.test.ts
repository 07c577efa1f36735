/** The system calls of an uncontended cycle, and of an attempt on a held lock. */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { dirname } from 'node:path';
import { expect } from 'chai';
import { AlreadyLocked, LinkLockFile } from '../../src/index.js';
import { temporaryDirectory } from '../support/temporary.js';

type Call = (...args: readonly unknown[]) => unknown;

const synchronous = Object.keys(fs).filter((name) => name.endsWith('Sync'));

/** The calls of Node's `fs` that `work` makes, with their paths. Each of them is one system call. */
async function callsOf(work: () => unknown): Promise<string[]> {
  const made: string[] = [];
  const functions = fs as unknown as Record<string, Call>;
  const own = { ...functions };
  let depth = 0;
  for (const name of synchronous) {
    const original = own[name] as Call;
    functions[name] = (...args) => {
      const names = args.filter((arg) => typeof arg === 'string' && arg.startsWith('/'));
      if (depth++ === 0) made.push([name, ...names].join(' '));
      try {
        return original(...args);
      } finally {
        depth--;
      }
    };
  }
  syncBuiltinESMExports();
  try {
    await work();
  } finally {
    for (const name of synchronous) functions[name] = own[name] as Call;
    syncBuiltinESMExports();
  }
  return made;
}

describe('an uncontended cycle of the link kind', () => {
  const forms = {
    async: async (lock: LinkLockFile) => {
      await lock.acquire();
      await lock.release();
    },
    sync: (lock: LinkLockFile) => {
      lock.acquireSync();
      lock.releaseSync();
    },
  };
  for (const [form, cycle] of Object.entries(forms)) {
    it(`takes eight calls, ${form}, on names in the lock's directory`, async () => {
      const path = temporaryDirectory().join('config.json');
      const lock = new LinkLockFile(path, { beacon: false });
      await cycle(lock); // The first cycle caches facts, and sweeps.
      const cycles: string[][] = [];
      for (let count = 0; count < 20; count++) cycles.push(await callsOf(() => cycle(lock)));
      // Now and then one more call reads the directory, to check whether others wait.
      const [calls = []] = cycles.sort((one, other) => one.length - other.length);
      const names = ['open', 'writeFile', 'close', 'link', 'lstat', 'lstat', 'unlink', 'unlink'];
      expect(calls.map((call) => call.split(' ')[0])).to.deep.equal(names.map((name) => `${name}Sync`));
      const paths = calls.flatMap((call) => call.split(' ').slice(1));
      expect(paths).to.have.length(7);
      for (const each of paths) expect(dirname(each)).to.equal(dirname(path));
    });
  }
});

describe('an attempt on a lock that was held the last time', () => {
  for (const [form, attempt] of Object.entries({
    async: async (lock: LinkLockFile) => await lock.acquire(0).catch(kept),
    sync: (lock: LinkLockFile) => {
      try {
        lock.acquireSync(0);
      } catch (error) {
        kept(error);
      }
    },
  })) {
    it(`creates nothing, ${form}, and the first one after the release makes no needless call`, async () => {
      const directory = temporaryDirectory();
      const path = directory.join('config.json');
      using living = new LinkLockFile(directory.join('other'), { beacon: false }).acquireSync();
      fs.linkSync(living.lockPath, `${path}.lock`); // Held by another process, not in this thread.
      const locks: LinkLockFile[] = []; // Another object may have found it held.
      const names = async () => {
        const lock = new LinkLockFile(path, { beacon: false });
        locks.push(lock);
        return (await callsOf(() => attempt(lock))).map((call) => call.split(' ')[0]);
      };
      expect(await names()).to.include('linkSync');
      const looks = ['lstatSync', 'openSync', 'fstatSync', 'readSync', 'closeSync', 'readlinkSync'];
      for (const call of await names()) expect(call).to.be.oneOf(looks);
      fs.unlinkSync(`${path}.lock`);
      const attempts = ['openSync', 'writeFileSync', 'closeSync', 'linkSync'];
      expect(await names()).to.deep.equal(['lstatSync', ...attempts]);
      locks.pop()?.releaseSync();
      // On a slow machine it may read the directory first, to check whether others wait.
      expect((await names()).slice(-attempts.length - 1), 'it was free').not.to.include('lstatSync');
      locks.pop()?.releaseSync();
    });
  }
  const kept = (error: unknown) => {
    expect(error).to.be.instanceOf(AlreadyLocked);
  };
});
