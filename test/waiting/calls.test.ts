/** What an uncontended cycle asks of the system. */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { dirname } from 'node:path';
import { expect } from 'chai';
import { LinkLockFile } from '../../src/index.js';
import { temporaryDirectory } from '../support/temporary.js';

type Call = (...args: readonly unknown[]) => unknown;

const synchronous = Object.keys(fs).filter((name) => name.endsWith('Sync'));

/** The calls of Node's `fs` that `work` makes, each with the names that it is about. Each is one of the system. */
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
      await cycle(lock); // Learns what it need not ask again, and sweeps.
      const cycles: string[][] = [];
      for (let count = 0; count < 20; count++) cycles.push(await callsOf(() => cycle(lock)));
      // Once in a while, one more reads the directory: to see whether others wait.
      const [calls = []] = cycles.sort((one, other) => one.length - other.length);
      const names = ['open', 'writeFile', 'close', 'link', 'lstat', 'lstat', 'unlink', 'unlink'];
      expect(calls.map((call) => call.split(' ')[0])).to.deep.equal(names.map((name) => `${name}Sync`));
      const paths = calls.flatMap((call) => call.split(' ').slice(1));
      expect(paths).to.have.length(7);
      for (const each of paths) expect(dirname(each)).to.equal(dirname(path));
    });
  }
});
