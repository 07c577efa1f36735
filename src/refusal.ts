/** What a system's refusal means for someone who wants a lock, in words that say what to do. */

const MEANINGS: Readonly<Record<string, (directory: string) => string>> = {
  ENOENT: (directory) => `its directory ${directory} does not exist; create it first`,
  ENOTDIR: (directory) => `${directory} is not a directory`,
  EACCES: (directory) => `this process may not write in ${directory}`,
  EPERM: (directory) => `the system does not permit it in ${directory}`,
  EROFS: (directory) => `${directory} is on a read-only file system; lock a path in a writable directory`,
  ENOSPC: (directory) => `the disk of ${directory} is full`,
  EDQUOT: (directory) => `the disk quota for ${directory} is used up`,
  EISDIR: () => 'it is a directory of files that no lock would hold; look at them, and remove it by hand',
  ENAMETOOLONG: () =>
    'its name is too long: a lock takes about 30 characters more than the name of what it locks',
  EMFILE: () => 'this process has too many files open',
  ENFILE: () => 'the system has too many files open',
};

/** Why a call on a name in `directory` was refused. */
export function sayRefusal(cause: unknown, directory: string): string {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  const meaning = MEANINGS[code];
  if (meaning !== undefined) return `${meaning(directory)} (${code})`;
  return cause instanceof Error ? cause.message : String(cause);
}
