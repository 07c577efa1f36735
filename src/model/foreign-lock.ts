/**
 * Which other library's a lock looks like, and what its text or its names tell of the holder.
 *
 * Rule FOREIGN-1: for people only. A foreign lock is never judged by this, and never broken by itself.
 *
 * Not promised: that it is theirs. Some look alike; then all are named.
 */

/** What a foreign lock shows, as far as it was looked at. */
export interface ForeignContent {
  /** The text of a file or a link. */
  readonly text?: string;
  /** The names of a directory's files, all empty. */
  readonly names?: readonly string[];
  /** The name of a file beside the lock that is the same file. */
  readonly sibling?: string;
}

/** Whose it looks like, and who holds it, where the traces tell. */
export interface ForeignLibrary {
  readonly library: string;
  readonly pid?: number;
  readonly host?: string;
}

/** An empty directory. */
export const EMPTY_DIRECTORY: ForeignLibrary = {
  library: 'proper-lockfile, or a directory lock (ours or pylockfile’s) that is being made',
};

const EMPTY_FILE: ForeignLibrary = {
  library: 'npm’s lockfile, pylockfile (LinkLockFile) or filelock (SoftFileLock)',
};

/**
 * pylockfile runs host name, thread and pid together, and a hash of the path: `host-980192c0.16023-45453021407`. The
 * thread is there by default; the hash may be positive, and then nobody can tell where the pid ends.
 */
const UNIQUE_NAME = /^(?<host>[^/\s]+?)(?:-[0-9a-f]{5,8})?\.(?:(?<pid>\d{1,7})-\d{5,19}|\d{9,26})$/;

/** The file in pylockfile's directory, `host.-980192c016023`: after a thread nobody can tell where the pid begins. */
const MKDIR_NAME = /^(?<host>[^/\s]+?)\.(?:-[0-9a-f]{2,15}|(?<pid>\d{1,7}))$/;

/** What stands in the text of those who write one. */
const TEXTS: readonly (readonly [library: string, text: RegExp])[] = [
  ['pylockfile (SymlinkLockFile)', UNIQUE_NAME],
  // Host name, PID namespace in hexadecimal, pid; the text of a file where there are no links.
  ['Mercurial', /^(?<host>[^/:\s]+)(?:\/[0-9a-f]+)?:(?<pid>\d{1,10})$/],
  ['filelock (SoftFileLock)', /^(?<pid>\d{1,10})\n(?<host>[^\n]*)\n?(?:[^\n]*\n?)?$/],
  ['a pid file', /^\s*(?<pid>\d{1,10})\s*$/],
];

/** Could this be the private file of a pylockfile holder, whose lock is the same file? */
export const isPylockfileName = (name: string): boolean => UNIQUE_NAME.test(name);

/** Whose the traces look like; `undefined` if nobody's that is known here. */
export function identifyForeignLock({ text, names, sibling }: ForeignContent): ForeignLibrary | undefined {
  if (sibling !== undefined) return fromName('pylockfile (LinkLockFile)', UNIQUE_NAME.exec(sibling));
  if (names !== undefined) {
    const [name = ''] = names;
    return names.length === 1 ? fromName('pylockfile (MkdirLockFile)', MKDIR_NAME.exec(name)) : undefined;
  }
  if (text === '') return EMPTY_FILE;
  for (const [library, pattern] of TEXTS) {
    const likeness = fromName(library, pattern.exec(text ?? ''));
    if (likeness !== undefined) return likeness;
  }
  return undefined;
}

function fromName(library: string, match: RegExpExecArray | null): ForeignLibrary | undefined {
  if (match === null) return undefined;
  const { pid, host } = match.groups as { readonly pid?: string; readonly host?: string };
  return {
    library,
    ...(pid === undefined ? {} : { pid: Number(pid) }),
    ...(host === undefined || host === '' ? {} : { host }),
  };
}
