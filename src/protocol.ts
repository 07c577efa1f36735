/**
 * For authors of locks of their own: what a subclass of `LockBase` needs to supply a protocol. Exported as
 * `holdfast/protocol`; `docs/extending.md` builds a lock with it.
 */
export type { AnyClaim } from './claim.js';
export { apart } from './flat.js';
export { insist, quietly } from './insist.js';
export { LockBase, type Taken } from './lock-file.js';
export { formatRecord, parseRecord, type HolderRecord } from './record.js';
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
} from './step.js';
