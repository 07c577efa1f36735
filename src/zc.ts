/** What `holdfast/zc` exports: the classes of zc.lockfile. */
export { LockError, LockFile, SimpleLockFile, type LockFileOptions } from './zc/lock-file.js';
