/** The options of the calls that run a block of code under a lock: those of the lock, and those of this one call. */
import { checkSignal, LOCK_OPTION_NAMES, type LockOptions } from './options.js';
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
}

/** The names of the options of a block. */
export const BLOCK_OPTION_NAMES: readonly string[] = [...LOCK_OPTION_NAMES, 'signal'];

/** The options of a call, taken apart. */
export interface CheckedBlock {
  readonly lockOptions: LockOptions;
  readonly signal: AbortSignal | undefined;
}

/** Checks the options of a block, except the values of those of the lock: the lock's constructor checks these. */
export function splitOptions(options: BlockOptions = {}): CheckedBlock {
  checkNames(options, BLOCK_OPTION_NAMES);
  const { signal, ...lockOptions } = options;
  checkSignal(signal);
  return { lockOptions, signal };
}

/** The same for a synchronous call. */
export function splitSyncOptions(options: LockOptions = {}): LockOptions {
  refuseSignal(options);
  return splitOptions(options).lockOptions;
}

/** Nothing can abort a synchronous call while it blocks the thread. */
export function refuseSignal(options: BlockOptions): void {
  if ((options as BlockOptions | null)?.signal !== undefined)
    throw new TypeError(
      'a synchronous call takes no signal, because nothing can abort it while it blocks the thread; pass a timeout',
    );
}
