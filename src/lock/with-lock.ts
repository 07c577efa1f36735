/** Runs a block of code under a lock. */
import { LockFile } from './lock-file.js';
import type { Hold } from './hold.js';
import { splitOptions, splitSyncOptions, type BlockOptions } from './block-options.js';
import type { LockOptions } from './options.js';

/**
 * Acquires the lock of `path`, runs `work`, and releases the lock when `work` has ended, also if it throws.
 *
 * @param work Gets the hold.
 * @returns The result of `work`. If `work` throws, its error is rethrown.
 * @throws What `acquire` and `release` throw.
 * @example
 * await withLock('config.json', async (hold) => { … }, { timeout: 5_000 });
 */
export async function withLock<Result>(
  path: string,
  work: (hold: Hold) => Result,
  options?: BlockOptions,
): Promise<Awaited<Result>> {
  const { lockOptions, signal } = splitOptions(options);
  const hold = await new LockFile(path, lockOptions).acquire({ signal });
  let result: Awaited<Result>;
  try {
    result = await work(hold);
  } catch (error) {
    await hold.release().catch(() => undefined); // The error of the work matters more.
    throw error;
  }
  await hold.release();
  return result;
}

/**
 * The synchronous form of `withLock`. `work` must not return a promise, because the lock is released when `work`
 * returns.
 *
 * @throws What `acquireSync` and `releaseSync` throw; {TypeError} if `work` returns a promise.
 * @example
 * const size = withLockSync('config.json', () => statSync('config.json').size, { timeout: 1_000 });
 */
export function withLockSync<Result>(
  path: string,
  work: (hold: Hold) => Result,
  options?: LockOptions,
): Result {
  const hold = new LockFile(path, splitSyncOptions(options)).acquireSync();
  let result: Result;
  try {
    result = work(hold);
    refusePromise(result);
  } catch (error) {
    try {
      hold.releaseSync();
    } catch {
      // The error of the work matters more.
    }
    throw error;
  }
  hold.releaseSync();
  return result;
}

function refusePromise(result: unknown): void {
  if (isPromise(result)) {
    throw new TypeError(
      'work under a synchronous lock must not return a promise, because it would continue without the lock',
    );
  }
}

/** Would `await` wait for this value? */
export function isPromise(value: unknown): boolean {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}
