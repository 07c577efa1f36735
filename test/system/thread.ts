/** A worker thread that takes a lock, reports it, and ends in the given way. */
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { LockFile, MkdirLockFile, SymlinkLockFile } from '../../src/index.js';
import type { LockOptions } from '../../src/lock/options.js';

const kinds = { link: LockFile, mkdir: MkdirLockFile, symlink: SymlinkLockFile };

export const endings = [
  'returns',
  'throws',
  'rejects',
  'exits',
  'is terminated',
  'is terminated while it stops',
] as const;

export interface Orders {
  readonly path: string;
  readonly kind: keyof typeof kinds;
  readonly ending: (typeof endings)[number];
  readonly options?: LockOptions;
}

function obey({ path, kind, ending, options }: Orders): void {
  new kinds[kind](path, { timeout: 0, ...options }).acquireSync();
  parentPort?.postMessage('held');
  if (ending === 'is terminated while it stops') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  // It lives until the next message, so that the test can inspect it.
  parentPort?.once('message', () => {
    if (ending === 'throws') throw new Error('on request');
    if (ending === 'rejects') void Promise.reject(new Error('on request'));
    if (ending === 'exits') process.exit(3);
    if (ending === 'is terminated') parentPort?.ref();
  });
}

if (!isMainThread) obey(workerData as Orders);
