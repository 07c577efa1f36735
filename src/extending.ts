/**
 * The exports of `holdfast/protocol`, for authors who implement a lock of their own: everything that a subclass of
 * `LockBase` needs.
 *
 * @module protocol
 */
export type { AnyClaim } from './model/claim.js';
export { delegate } from './protocol/trampoline.js';
export { retry, ignoreErrors } from './protocol/retry.js';
export type { Hold } from './lock/hold.js';
export { LockBase, type Taken } from './lock/lock-base.js';
export { formatRecord, parseRecord, type HolderRecord } from './model/record.js';
export {
  custom,
  judge,
  link,
  list,
  mkdir,
  pause,
  read,
  readlink,
  rename,
  rmdir,
  sameFile,
  backoff,
  create,
  symlink,
  unlink,
  type Delegation,
  type Blocker,
  type Content,
  type Found,
  type Judgement,
  type Protocol,
} from './model/steps.js';
