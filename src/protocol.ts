/**
 * For authors of locks of their own: what a subclass of `LockBase` needs to supply a protocol. Exported as
 * `holdfast/protocol`; `docs/extending.md` builds a lock with it.
 */
export type { AnyClaim } from './model/claim.js';
export { apart } from './protocol/trampoline.js';
export { insist, quietly } from './protocol/retry.js';
export { LockBase, type Taken } from './lock/lock-base.js';
export { formatRecord, parseRecord, type HolderRecord } from './model/record.js';
export {
  ask,
  judge,
  link,
  list,
  mkdir,
  pause,
  read,
  readlink,
  rename,
  rmdir,
  same,
  settle,
  stage,
  symlink,
  unlink,
  type Apart,
  type Blocker,
  type Content,
  type Found,
  type Judgement,
  type Protocol,
} from './model/steps.js';
