/**
 * The error classes. Each error is created where it happens, so that its stack is useful.
 *
 *     LockFileError
 *     ├── LockError      not acquired:  LockTimeout, AlreadyLocked, WouldDeadlock, LockFailed
 *     └── UnlockError    not released:  NotLocked, NotMyLock
 */
import type { Holder } from './holder.js';

export interface ErrorDetails {
  /** What is locked. */
  readonly path: string;
  /** The lock's name on disk. */
  readonly lockPath: string;
  /** The holder that was in the way, if there was one. */
  readonly holder?: Holder | undefined;
  readonly cause?: unknown;
}

/**
 * The `code` of each error of this package, which a program may compare.
 *
 * @example
 * if (error instanceof LockFileError) switch (error.code) { case 'LOCK_TIMEOUT': … }
 */
export type LockErrorCode =
  | 'LOCK_TIMEOUT'
  | 'ALREADY_LOCKED'
  | 'WOULD_DEADLOCK'
  | 'LOCK_FAILED'
  | 'UNLOCK_FAILED'
  | 'NOT_LOCKED'
  | 'NOT_MY_LOCK';

/**
 * The base class of this package's errors. Only a `TypeError` or `RangeError` about a bad argument is not one of them.
 *
 * The message is for people: it says who holds the lock, for how long, whether the holder is alive, and what to do
 * next. `code` is for programs.
 *
 * @example
 * try {
 *   await lock.acquire(5_000);
 * } catch (error) {
 *   if (error instanceof LockFileError) console.error(error.code, error.message, error.holder?.pid);
 * }
 */
export abstract class LockFileError extends Error {
  /** A literal, since a minifier changes the class's own name. */
  abstract override readonly name: string;
  /** What happened, for programs. The same in every version and in every copy of this package. */
  abstract readonly code: LockErrorCode;
  /** The path that is locked, absolute, as in `lock.path`. */
  readonly path: string;
  /** The lock's name on disk, absolute, as in `lock.lockPath`. */
  readonly lockPath: string;
  /** The holder that was in the way, if there was one. */
  readonly holder: Holder | undefined;

  /** Call it only from a kind of lock of your own. */
  constructor(message: string, { path, lockPath, holder, cause }: ErrorDetails) {
    super(message, cause === undefined ? undefined : { cause });
    this.path = path;
    this.lockPath = lockPath;
    this.holder = holder;
  }
}

/**
 * The lock was not acquired.
 *
 * @example
 * if (error instanceof LockError) return 'busy';
 */
export abstract class LockError extends LockFileError {
  abstract override readonly code: 'LOCK_TIMEOUT' | 'ALREADY_LOCKED' | 'WOULD_DEADLOCK' | 'LOCK_FAILED';
}

/**
 * The timeout expired while another holder had the lock. `holder` describes it.
 *
 * @example
 * await lock.acquire(5_000); // LockTimeout after five seconds
 */
export class LockTimeout extends LockError {
  readonly name = 'LockTimeout';
  readonly code = 'LOCK_TIMEOUT';
}

/**
 * Another holder has the lock, and the caller asked not to wait. `holder` describes it.
 *
 * @example
 * await lock.acquire(0); // AlreadyLocked immediately
 */
export class AlreadyLocked extends LockError {
  readonly name = 'AlreadyLocked';
  readonly code = 'ALREADY_LOCKED';
}

/**
 * The caller holds the lock itself, and would wait for itself forever.
 *
 * @example
 * await withLock('config.json', () => withLock('config.json', work)); // WouldDeadlock immediately
 */
export class WouldDeadlock extends LockError {
  readonly name = 'WouldDeadlock';
  readonly code = 'WOULD_DEADLOCK';
}

/**
 * The lock can't be created: no such directory, no permission, disk full. `cause` is the system's error.
 *
 * @example
 * await new LockFile('no/such/directory/file').acquire(); // LockFailed, whose cause is ENOENT
 */
export class LockFailed extends LockError {
  readonly name = 'LockFailed';
  readonly code = 'LOCK_FAILED';
}

/**
 * The lock was not released, or not broken. An error of this class itself means that a system call failed; `cause` is
 * the system's error.
 *
 * @example
 * if (error instanceof UnlockError) console.error(error.message, error.cause);
 */
export class UnlockError extends LockFileError {
  readonly name: string = 'UnlockError';
  readonly code: 'UNLOCK_FAILED' | 'NOT_LOCKED' | 'NOT_MY_LOCK' = 'UNLOCK_FAILED';
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
 * Another holder has the lock, or the caller's lock was broken with `breakLock()`.
 *
 * @example
 * await new LockFile(path).breakLock();
 * await lock.release(); // NotMyLock
 */
export class NotMyLock extends UnlockError {
  override readonly name = 'NotMyLock';
  override readonly code = 'NOT_MY_LOCK';
}

/**
 * Any error of this package, as a union that `code` narrows.
 *
 * @example
 * const { code, holder } = error as AnyLockError;
 */
export type AnyLockError =
  LockTimeout | AlreadyLocked | WouldDeadlock | LockFailed | UnlockError | NotLocked | NotMyLock;
