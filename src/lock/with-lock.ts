/** Runs a block of code under a lock. */
import { LockFile } from './lock-file.js';
import {
  beginning,
  blockAround,
  blockAroundSync,
  runBlock,
  runBlockSync,
  type Block,
} from './block-context.js';
import * as failures from './messages.js';
import type { Hold } from './hold.js';
import { splitOptions, splitSyncOptions, type BlockOptions, type SyncBlockOptions } from './block-options.js';
import type { LockOptions } from './options.js';

/**
 * Acquires the lock of `path`, runs `work`, and releases the lock when `work` has ended, also if it throws.
 *
 * @param work Gets the hold.
 * @returns The result of `work`. If `work` throws, its error is rethrown.
 * @throws What `acquire` and `release` throw; {WouldDeadlock} if the call is made in a block that holds this lock,
 *   unless its timeout is 0 or less.
 * @example
 * await withLock('config.json', async (hold) => { … }, { timeout: 5_000 });
 */
export function withLock<Result>(
  path: string | URL,
  work: (hold: Hold) => Result,
  options?: BlockOptions,
): Promise<Awaited<Result>> {
  return callWithLock(path, work, options, withLock);
}

/** `withLock`, as it is called by the function `call`. */
export async function callWithLock<Result>(
  path: string | URL,
  work: (hold: Hold) => Result,
  options: BlockOptions | undefined,
  call: Call,
): Promise<Awaited<Result>> {
  const { lockOptions, signal, within } = splitOptions(options);
  const lock = new LockFile(path, lockOptions);
  const began = beginning(call);
  if (within !== undefined) {
    checkWithin(lock, within);
    return await runBlock(within, began, () => work(within));
  }
  refuseDeadlock(blockAround(lock.lockPath), lockOptions);
  const hold = await lock.acquire({ signal });
  let result: Awaited<Result>;
  try {
    result = await runBlock(hold, began, () => work(hold));
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
 * @throws What `acquireSync` and `releaseSync` throw; {WouldDeadlock} as `withLock`; {TypeError} if `work` returns a
 *   promise.
 * @example
 * const size = withLockSync('config.json', () => statSync('config.json').size, { timeout: 1_000 });
 */
export function withLockSync<Result>(
  path: string | URL,
  work: (hold: Hold) => Result,
  options?: SyncBlockOptions,
): Result {
  return callWithLockSync(path, work, options, withLockSync);
}

/** `withLockSync`, as it is called by the function `call`. */
export function callWithLockSync<Result>(
  path: string | URL,
  work: (hold: Hold) => Result,
  options: SyncBlockOptions | undefined,
  call: Call,
): Result {
  const { lockOptions, within } = splitSyncOptions(options);
  const lock = new LockFile(path, lockOptions);
  const began = beginning(call);
  const runWork = (hold: Hold) => {
    const result = runBlockSync(hold, began, () => work(hold));
    refusePromise(result);
    return result;
  };
  if (within !== undefined) {
    checkWithin(lock, within);
    return runWork(within);
  }
  refuseDeadlock(blockAroundSync(lock.lockPath), lockOptions);
  const hold = lock.acquireSync();
  let result: Result;
  try {
    result = runWork(hold);
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

type Call = (...args: never) => unknown;

/** A caller that doesn't wait is told that the lock is held. Any other one would wait in vain. */
function refuseDeadlock(block: Block | undefined, { timeout = Infinity }: LockOptions): void {
  if (block !== undefined && timeout > 0) throw failures.blockWouldDeadlock(block);
}

function checkWithin(lock: LockFile, within: Hold): void {
  if (within.lockPath !== lock.lockPath)
    throw new RangeError(`within must be a hold of ${lock.lockPath}, not of ${within.lockPath}`);
  if (within.hasEnded) throw failures.withinEndedHold(lock);
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
