/** What a system error means for a lock, and what its user can do about it. */

interface SystemError {
  readonly code?: string;
  readonly syscall?: string;
  readonly path?: string;
}

const MEANINGS: Readonly<Record<string, (directory: string) => string>> = {
  ENOENT: (directory) => `its directory ${directory} does not exist; create it first`,
  ENOTDIR: (directory) => `${directory} is not a directory`,
  EACCES: (directory) =>
    `this process may not write in ${directory}; change its permissions, or set the option lockPath`,
  EPERM: (directory) => `the operating system does not permit this call in ${directory}`,
  EROFS: (directory) =>
    `${directory} is on a read-only file system; put the lock into a writable directory with the option lockPath`,
  ERR_ACCESS_DENIED: (directory) =>
    `Node's permission model denies this process access to ${directory}; allow it with --allow-fs-read and ` +
    `--allow-fs-write, or put the lock into an allowed directory with the option lockPath`,
  ENOSPC: (directory) => `the disk of ${directory} is full`,
  EDQUOT: (directory) => `the disk quota for ${directory} is used up`,
  EISDIR: () => 'it is a directory that contains files of another program; check them, and remove it by hand',
  ENAMETOOLONG: () =>
    'its name is too long: a lock needs about 40 characters more than the name of the file that it locks',
  ESTALE: (directory) => `${directory} is gone from its server, or was replaced there`,
  EMFILE: () => 'this process has too many files open',
  ENFILE: () => 'the system has too many files open',
};

/** The permission model refuses symbolic links to a process that may not read and write everywhere. */
const NO_SYMLINKS =
  "Node's permission model allows symbolic links only to a process that may read and write everywhere; " +
  'use LockFile, which creates a hard link (ERR_ACCESS_DENIED)';

/** The codes that a sticky directory answers with when a process removes another user's file. */
const OWNERS_ONLY: ReadonlySet<string> = new Set(['EPERM', 'EACCES']);

/** What `symlink` fails with on vfat and procfs (EPERM) and on SMB, where its own message speaks of sockets. */
const LINKS_UNSUPPORTED: ReadonlySet<string> = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

/** The calls that list a directory. FUSE file systems fail there with codes that mean something else elsewhere. */
const LISTING: ReadonlySet<string> = new Set(['opendir', 'readdir', 'scandir']);

/** Explains why a call on a name in `directory` failed. */
export function explainSystemError(cause: unknown, directory: string): string {
  const { code = '', syscall = '', path = '' } = (cause ?? {}) as SystemError;
  if (code === 'ERR_ACCESS_DENIED' && (cause as Error).message.includes('symlink')) return NO_SYMLINKS;
  if ((syscall === 'unlink' || syscall === 'rmdir') && OWNERS_ONLY.has(code)) {
    return (
      `${path} can't be removed: this process may not write in its directory, or the file is another user's and the ` +
      `directory is sticky, so that only its owner or root may remove it (${code})`
    );
  }
  if (syscall === 'symlink' && LINKS_UNSUPPORTED.has(code))
    return `the file system of ${directory} has no symbolic links; use LockFile, which doesn't need them (${code})`;
  if (LISTING.has(syscall) && (code === 'EIO' || code === 'ENAMETOOLONG'))
    return `the file system failed to list ${path === '' ? directory : path} (${code})`;
  const meaning = MEANINGS[code];
  if (meaning !== undefined) return `${meaning(directory)} (${code})`;
  return cause instanceof Error ? cause.message : String(cause);
}
