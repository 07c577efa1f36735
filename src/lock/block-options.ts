/** The options of the calls that run a block of code under a lock: those of the lock, and those of this one call. */
import { checkSignal, LOCK_OPTION_NAMES, type LockOptions } from './options.js';
import type { Hold } from './hold.js';
import { checkNames } from './option-names.js';

/**
 * The options of `withLock` and the other calls that run code under a lock: those of the lock, and those of the call.
 *
 * @example
 * await withLock('config.json', work, { timeout: 5_000, signal: controller.signal });
 */
export interface BlockOptions extends LockOptions {
  /** Cancels the wait for the lock. The call then rejects with the signal's reason, and the work doesn't run. */
  readonly signal?: AbortSignal | undefined;
  /**
   * A hold of this lock: the work runs within it. Nothing is acquired or released, and of the other options only
   * `lockPath` counts.
   */
  readonly within?: Hold | undefined;
}

/**
 * The options of a synchronous block, which nothing can abort.
 *
 * @example
 * const options: SyncBlockOptions = { timeout: 1_000 };
 */
export type SyncBlockOptions = Omit<BlockOptions, 'signal'>;

/** The names of the options of a block. */
export const BLOCK_OPTION_NAMES: readonly string[] = [...LOCK_OPTION_NAMES, 'signal', 'within'];

/** The options of a call, taken apart. */
export interface CheckedBlock {
  readonly lockOptions: LockOptions;
  readonly signal: AbortSignal | undefined;
  readonly within: Hold | undefined;
}

/** Checks the options of a block, except the values of those of the lock: the lock's constructor checks these. */
export function splitOptions(options: BlockOptions = {}): CheckedBlock {
  checkNames(options, BLOCK_OPTION_NAMES);
  const { signal, within, ...lockOptions } = options;
  checkSignal(signal);
  // Not `instanceof`: the hold may be of another copy of this package.
  if (within !== undefined && typeof (within as Partial<Hold> | null)?.isHeld !== 'function')
    throw new TypeError('within must be a hold');
  return { lockOptions, signal, within };
}

/** The same for a synchronous call. */
export function splitSyncOptions(options: SyncBlockOptions = {}): CheckedBlock {
  refuseSignal(options);
  return splitOptions(options);
}

/** Nothing can abort a synchronous call while it blocks the thread. */
export function refuseSignal(options: BlockOptions): void {
  if ((options as BlockOptions | null)?.signal !== undefined)
    throw new TypeError(
      'a synchronous call takes no signal, because nothing can abort it while it blocks the thread; pass a timeout',
    );
}
