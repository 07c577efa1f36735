/** The main entry point of the package. */
export type { LockMessage, LostMessage, RecoveredMessage } from './lock/tracing.js';
export {
  AlreadyLocked,
  LockError,
  LockFailed,
  LockFileError,
  LockTimeout,
  NotLocked,
  NotMyLock,
  UnlockError,
  WouldDeadlock,
  type AnyLockError,
  type LockErrorCode,
} from './model/errors.js';
export type { Holder } from './model/holder.js';
export { Hold } from './lock/hold.js';
export { LinkLockFile, LockFile, MkdirLockFile, SymlinkLockFile } from './lock/lock-file.js';
export { LockBase } from './lock/lock-base.js';
export { locked, lockedSync, type LockedOptions } from './lock/locked.js';
export { withLock, withLockSync } from './lock/with-lock.js';
export { PidLockFile } from './lock/pid-lock-file.js';
export type { BlockOptions, SyncBlockOptions } from './lock/block-options.js';
export type { AcquireOptions, LockOptions } from './lock/options.js';
export type { HolderRecord } from './model/record.js';
export { UNCHANGED, type Unchanged } from './files/unchanged.js';
export { updateFile, updateFileSync } from './files/update-file.js';
export type { NewContent, UpdatedContent, UpdateFileOptions, UpdateOptions } from './files/update-file.js';
export { updateJson, updateJsonSync } from './files/update-json.js';
export type { UpdatedValue, UpdateJsonOptions } from './files/update-json.js';
