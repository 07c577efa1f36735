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

/** All that this package throws of its own accord, but for a `TypeError` or `RangeError` about bad arguments. */
export abstract class LockFileError extends Error {
  /** Spelled out, since a minified class has another. */
  abstract override readonly name: string;
  abstract readonly code: string;
  /** The lock's name on disk, absolute. */
  readonly path: string;
  /** Who was in the way, where somebody was. */
  readonly holder: Holder | undefined;

  constructor(message: string, { path, holder, cause }: ErrorDetails) {
    super(message, cause === undefined ? undefined : { cause });
    this.path = path;
    this.holder = holder;
  }
}

/** The lock was not acquired. */
export abstract class LockError extends LockFileError {}

/** The timeout passed while somebody else held the lock. */
export class LockTimeout extends LockError {
  readonly name = 'LockTimeout';
  readonly code = 'LOCK_TIMEOUT';
}

/** Somebody else holds the lock, and the caller asked not to wait. */
export class AlreadyLocked extends LockError {
  readonly name = 'AlreadyLocked';
  readonly code = 'ALREADY_LOCKED';
}

/** The lock can't be made: no such directory, no permission, disk full. `cause` is the system's error. */
export class LockFailed extends LockError {
  readonly name = 'LockFailed';
  readonly code = 'LOCK_FAILED';
}

/** The lock was not released. Thrown as itself when the system refused, with the system's error as `cause`. */
export class UnlockError extends LockFileError {
  readonly name: string = 'UnlockError';
  readonly code: string = 'UNLOCK_FAILED';
}

/** Nobody holds the lock. */
export class NotLocked extends UnlockError {
  override readonly name = 'NotLocked';
  override readonly code = 'NOT_LOCKED';
}

/** Somebody else holds the lock, or the caller's was broken. */
export class NotMyLock extends UnlockError {
  override readonly name = 'NotMyLock';
  override readonly code = 'NOT_MY_LOCK';
}
