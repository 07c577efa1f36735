/** What this package exports. */
export type { LockMessage, RecoveredMessage } from './channels.js';
export {
  AlreadyLocked,
  LockError,
  LockFailed,
  LockFileError,
  LockTimeout,
  NotLocked,
  NotMyLock,
  UnlockError,
} from './errors.js';
export type { Holder } from './holder.js';
export { LinkLockFile, LockFile, MkdirLockFile, SymlinkLockFile } from './kinds.js';
export { LockBase } from './lock-file.js';
export { locked, lockedSync, withLock, withLockSync } from './locked.js';
export { PidLockFile } from './pid-lock-file.js';
export type { AcquireOptions, LockOptions } from './options.js';
export type { HolderRecord } from './record.js';
export { updateFile, updateFileSync } from './update-file.js';
export type { NewContent, UpdateFileOptions, UpdateOptions } from './update-file.js';
export { updateJson, updateJsonSync } from './update-json.js';
export type { UpdateJsonOptions } from './update-json.js';
