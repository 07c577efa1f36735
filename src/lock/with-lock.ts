/** A block of code under a lock. */
import { LockFile } from './lock-file.js';
import type { LockOptions } from './options.js';

/**
 * Runs `work` while holding the lock of `path`, and gives it back however `work` ends.
 *
 * @returns What `work` returns. If `work` throws, that is what comes through.
 * @throws What `acquire` and `release` throw.
 * @example
 * await withLock('config.json', async () => { … }, { timeout: 5_000 });
 */
export async function withLock<Result>(
  path: string,
  work: (lock: LockFile) => Result,
  options?: LockOptions,
): Promise<Awaited<Result>> {
  const lock = await new LockFile(path, options).acquire();
  let result: Awaited<Result>;
  try {
    result = await work(lock);
  } catch (error) {
    await lock.release().catch(() => undefined); // The work's own error is the one to tell.
    throw error;
  }
  await lock.release();
  return result;
}

/**
 * The synchronous form of `withLock`; `work` must not return a promise, for the lock is given back at once.
 *
 * @throws What `acquireSync` and `releaseSync` throw; {TypeError} if `work` returns a promise.
 * @example
 * const size = withLockSync('config.json', () => statSync('config.json').size, { timeout: 1_000 });
 */
export function withLockSync<Result>(
  path: string,
  work: (lock: LockFile) => Result,
  options?: LockOptions,
): Result {
  const lock = new LockFile(path, options).acquireSync();
  let result: Result;
  try {
    result = work(lock);
    refusePromise(result);
  } catch (error) {
    try {
      lock.releaseSync();
    } catch {
      // The work's own error is the one to tell.
    }
    throw error;
  }
  lock.releaseSync();
  return result;
}

function refusePromise(result: unknown): void {
  if (isPromise(result)) {
    throw new TypeError(
      'a function under a synchronous lock must not be asynchronous: it would go on without it',
    );
  }
}

/** Is it something that `await` would wait for? */
export function isPromise(value: unknown): boolean {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}
