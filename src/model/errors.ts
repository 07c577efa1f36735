/**
 * The errors, made fresh where they happen.
 *
 *     LockFileError
 *     ├── LockError      not acquired:  LockTimeout, AlreadyLocked, LockFailed
 *     └── UnlockError    not released:  NotLocked, NotMyLock
 */
import type { Holder } from './holder.js';

export interface ErrorDetails {
  /** The lock's name on disk. */
  readonly path: string;
  /** Who was in the way, where somebody was. */
  readonly holder?: Holder | undefined;
  readonly cause?: unknown;
}

/**
 * All that this package throws of its own accord, but for a `TypeError` or `RangeError` about bad arguments.
 *
 * The message is for people: who holds the lock, for how long, whether it lives, what to do next. `code` is for
 * programs.
 *
 * @example
 * try {
 *   await lock.acquire(5_000);
 * } catch (error) {
 *   if (error instanceof LockFileError) console.error(error.code, error.message, error.holder?.pid);
 * }
 */
export abstract class LockFileError extends Error {
  /** Spelled out, since a minified class has another. */
  abstract override readonly name: string;
  /** What happened, for programs; the same in every version, and for every copy of this package. */
  abstract readonly code: string;
  /** The lock's name on disk, absolute. */
  readonly path: string;
  /** Who was in the way, where somebody was. */
  readonly holder: Holder | undefined;

  /** Made by this package where it happens; for a kind of lock of your own, by you. */
  constructor(message: string, { path, holder, cause }: ErrorDetails) {
    super(message, cause === undefined ? undefined : { cause });
    this.path = path;
    this.holder = holder;
  }
}

/**
 * The lock was not acquired.
 *
 * @example
 * if (error instanceof LockError) return 'busy';
 */
export abstract class LockError extends LockFileError {}

/**
 * The timeout passed while somebody else held the lock: `holder` says who.
 *
 * @example
 * await lock.acquire(5_000); // LockTimeout after five seconds
 */
export class LockTimeout extends LockError {
  readonly name = 'LockTimeout';
  readonly code = 'LOCK_TIMEOUT';
}

/**
 * Somebody else holds the lock, and the caller asked not to wait: `holder` says who.
 *
 * @example
 * await lock.acquire(0); // AlreadyLocked at once
 */
export class AlreadyLocked extends LockError {
  readonly name = 'AlreadyLocked';
  readonly code = 'ALREADY_LOCKED';
}

/**
 * The lock can't be made: no such directory, no permission, disk full. `cause` is the system's error.
 *
 * @example
 * await new LockFile('no/such/directory/file').acquire(); // LockFailed, whose cause is ENOENT
 */
export class LockFailed extends LockError {
  readonly name = 'LockFailed';
  readonly code = 'LOCK_FAILED';
}

/**
 * The lock was not released, or not broken. Thrown as itself when the system refused, with the system's error as
 * `cause`.
 *
 * @example
 * if (error instanceof UnlockError) console.error(error.message, error.cause);
 */
export class UnlockError extends LockFileError {
  readonly name: string = 'UnlockError';
  readonly code: string = 'UNLOCK_FAILED';
}

/**
 * Nobody holds the lock.
 *
 * @example
 * await new LockFile('config.json').release(); // NotLocked
 */
export class NotLocked extends UnlockError {
  override readonly name = 'NotLocked';
  override readonly code = 'NOT_LOCKED';
}

/**
 * Somebody else holds the lock, or the caller's was broken by force.
 *
 * @example
 * await new LockFile(path).breakLock();
 * await lock.release(); // NotMyLock
 */
export class NotMyLock extends UnlockError {
  override readonly name = 'NotMyLock';
  override readonly code = 'NOT_MY_LOCK';
}
