/**
 * Delays the file system calls of this thread, so that narrow races get wide. Import it before the module that should
 * be slow.
 *
 * `HOLDFAST_TEST_DELAYS=0.1:20` delays one call of ten, by up to 20 ms, and some of those by up to 800. Only tests
 * know that variable: it is the calls themselves that are replaced, in `node:fs`, so the code that ships is the code
 * that runs.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';

export const DELAYS = 'HOLDFAST_TEST_DELAYS';

/** Less what the line to the referee is made of: `readSync`, `writeSync`. */
const CALLS = [
  'link',
  'symlink',
  'mkdir',
  'rename',
  'readlink',
  'lstat',
  'open',
  'opendir',
  'readFile',
  'writeFile',
  'unlink',
  'rmdir',
] as const;

type Call = (...args: unknown[]) => unknown;

const [share = 0, longestMs = 0] = (process.env[DELAYS] ?? '').split(':').map(Number);

/** Some are long enough for the grace of an empty directory to run out meanwhile. */
const LONG = { share: 0.02, factor: 40 };

function delay(): number {
  if (Math.random() >= share) return 0;
  return Math.random() * longestMs * (Math.random() < LONG.share ? LONG.factor : 1);
}

const nobody = new Int32Array(new SharedArrayBuffer(4));

function slowSync(call: Call): Call {
  return (...args) => {
    Atomics.wait(nobody, 0, 0, delay());
    return call(...args);
  };
}

function slow(call: Call): Call {
  return async (...args) => {
    await sleep(delay());
    return await call(...args);
  };
}

if (share > 0) {
  const sync = fs as unknown as Record<string, Call>;
  const promises = fs.promises as unknown as Record<string, Call>;
  for (const name of CALLS) {
    sync[`${name}Sync`] = slowSync(sync[`${name}Sync`] as Call);
    promises[name] = slow(promises[name] as Call);
  }
  process.kill = slowSync(process.kill.bind(process) as Call) as typeof process.kill;
  syncBuiltinESMExports();
}
