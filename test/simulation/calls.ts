/**
 * Executes a step on the simulated disk, as `execute` does on a real one.
 *
 * Rule WORLD-3: A call is atomic. Where the real driver needs two system calls for one step, the step is two calls here
 * (`create`), or its answer is one that was true at a single instant:
 *
 * - `read` (open, fstat, read): a file's text never changes once it has one, so the answer is that of the `open`,
 *   or, of a file that is being filled, that of the `read`.
 * - `list` (opendir, readdir): of a directory that was removed in between, readdir says ENOENT, which is the answer
 *   at the moment of its removal.
 * - `sameFile` (two lstat): the private file has one inode as long as it exists, so the answer is that of the first
 *   lstat, unless the file went in between: then false, which makes the caller read.
 * - `age` (two lstat): the witness is the caller's own, so the answer is that of the second.
 */
import { Refusal, type Disk } from './disk.js';
import type { Call } from '../../src/driver/syscalls.js';
import type { Content } from '../../src/model/steps.js';

/** What one tick of the explorer's clock is to a protocol, in milliseconds: longer than any grace. */
export const TICK_MS = 60_000;

/** The atomic calls on the disk: a protocol's steps, `create` as two of them, and the calls of other lockers. */
export type DiskCall =
  | Exclude<Call, { call: 'create' | 'judge' | 'judgePid' | 'judgeLost' | 'probe' | 'custom' }>
  | { call: 'create'; path: string; isMarked?: boolean }
  | { call: 'fill'; path: string; text: string }
  | { call: 'touch'; path: string };

/** The answers that are refusals in disguise. */
const ANSWERS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  link: { EEXIST: 'exists', ENOENT: 'missing' },
  symlink: { EEXIST: 'exists' },
  mkdir: { EEXIST: 'exists' },
  rename: { ENOENT: 'missing', ENOTDIR: 'missing' },
  readlink: { ENOENT: undefined, EINVAL: undefined, ENOTDIR: undefined },
  list: { ENOENT: undefined, ENOTDIR: undefined },
  sameFile: { ENOENT: false, ENOTDIR: false },
  age: { ENOENT: undefined, ENOTDIR: undefined },
  unlink: { ENOENT: false, ENOTDIR: false },
  rmdir: { ENOENT: false, ENOTDIR: false, ENOTEMPTY: false },
  read: { ENOENT: { is: 'nothing' }, ENOTDIR: { is: 'nothing' } },
};

/** Acts on the disk; the step's answer, or a thrown refusal. */
export function performOn(disk: Disk, call: DiskCall): unknown {
  try {
    return act(disk, call);
  } catch (error) {
    const answers = ANSWERS[call.call];
    // A lock directory that is a link is not looked through, so what would be behind it is not there.
    const isWithin = 'lockDirectory' in call && call.lockDirectory !== undefined;
    if (isWithin && error instanceof Refusal && error.code === 'ENAMETOOLONG') return answers?.['ENOENT'];
    if (!(error instanceof Refusal) || answers === undefined || !(error.code in answers)) throw error;
    return answers[error.code];
  }
}

function act(disk: Disk, call: DiskCall): unknown {
  switch (call.call) {
    case 'create':
      disk.create(call.path, call.isMarked);
      return undefined;
    case 'fill':
      disk.fill(call.path, call.text);
      return undefined;
    case 'touch':
      disk.touch(call.path);
      return undefined;
    case 'link':
      disk.link(call.from, call.to);
      return 'made';
    case 'symlink':
      disk.symlink(call.text, call.path);
      return 'made';
    case 'mkdir':
      disk.mkdir(call.path);
      return 'made';
    case 'rename':
      disk.rename(call.from, call.to);
      return 'moved';
    case 'read':
      return read(disk, call.path);
    case 'readlink':
      return disk.readlink(call.path);
    case 'list':
      return disk.list(call.path).slice(0, call.limit);
    case 'sameFile':
      return disk.lstat(call.path) === disk.lstat(call.other);
    case 'age': {
      if (call.witness === undefined)
        throw new Error('an age by the own clock is for checks, which are not explored');
      const { changed } = disk.lstat(call.path); // First, as the driver does: it may be gone.
      return Math.sign(disk.lstat(call.witness).changed - changed) * TICK_MS;
    }
    case 'unlink':
      disk.unlink(call.path);
      return true;
    case 'rmdir':
      disk.rmdir(call.path);
      return true;
  }
}

function read(disk: Disk, path: string): Content {
  const { is, text, isMarked } = disk.open(path);
  return is === 'file' ? { is, text, ...(isMarked === true ? { isMarked } : {}) } : { is };
}
