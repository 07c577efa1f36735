/** What a system's refusal means for someone who wants a lock, in words that say what to do. */

interface SystemError {
  readonly code?: string;
  readonly syscall?: string;
  readonly path?: string;
}

const MEANINGS: Readonly<Record<string, (directory: string) => string>> = {
  ENOENT: (directory) => `its directory ${directory} does not exist; create it first`,
  ENOTDIR: (directory) => `${directory} is not a directory`,
  EACCES: (directory) => `this process may not write in ${directory}`,
  EPERM: (directory) => `the system does not permit it in ${directory}`,
  EROFS: (directory) =>
    `${directory} is on a read-only file system; have the lock stand in a writable directory by the option lockPath`,
  ERR_ACCESS_DENIED: (directory) =>
    `Node's permission model keeps this process out of ${directory}; allow it that directory with ` +
    `--allow-fs-read and --allow-fs-write, or have the lock stand in an allowed one by the option lockPath`,
  ENOSPC: (directory) => `the disk of ${directory} is full`,
  EDQUOT: (directory) => `the disk quota for ${directory} is used up`,
  EISDIR: () => 'it is a directory of files that no lock would hold; look at them, and remove it by hand',
  ENAMETOOLONG: () =>
    'its name is too long: a lock takes about 40 characters more than the name of what it locks',
  EMFILE: () => 'this process has too many files open',
  ENFILE: () => 'the system has too many files open',
};

/** The permission model refuses symbolic links to whoever may not read and write everywhere. */
const NO_SYMLINKS =
  "Node's permission model allows symbolic links only to a process that may read and write everywhere; " +
  'use LockFile, which makes a hard link (ERR_ACCESS_DENIED)';

/** What another user's name is refused with, in a directory where only a name's owner may remove it. */
const OWNERS_ONLY: ReadonlySet<string> = new Set(['EPERM', 'EACCES']);

/** Why a call on a name in `directory` was refused. */
export function explainSystemError(cause: unknown, directory: string): string {
  const { code = '', syscall = '', path = '' } = (cause ?? {}) as SystemError;
  if (code === 'ERR_ACCESS_DENIED' && (cause as Error).message.includes('symlink')) return NO_SYMLINKS;
  if ((syscall === 'unlink' || syscall === 'rmdir') && OWNERS_ONLY.has(code)) {
    return (
      `${path} can't be removed: this process may not write in its directory, or it is another user's and the ` +
      `directory is sticky, so that only they or root may remove it (${code})`
    );
  }
  const meaning = MEANINGS[code];
  if (meaning !== undefined) return `${meaning(directory)} (${code})`;
  return cause instanceof Error ? cause.message : String(cause);
}
