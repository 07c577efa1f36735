/**
 * Recognizes the locks of other libraries, and reads the holder's pid and host from their text or file names.
 *
 * Rule FOREIGN-1: The result is for people only. It never decides whether a foreign lock's holder is alive, and a
 * foreign lock is never removed automatically.
 *
 * Not promised: that the guess is right. Where the locks of several libraries look alike, the result names all of them.
 */

/** The parts of a foreign lock that were read. */
export interface ForeignContent {
  /** The text of a file or a symbolic link. */
  readonly text?: string;
  /** The names of a directory's files, all of them empty. */
  readonly names?: readonly string[];
  /** Another name of the same file, beside the lock. */
  readonly sibling?: string;
}

/** The library that a lock looks like, with its holder's pid and host where the lock shows them. */
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
 * pylockfile joins host name, thread, pid and a hash of the path: `host-980192c0.16023-45453021407`. The thread is
 * there by default. If the hash is positive, no sign separates it from the pid, and the pid can't be read.
 */
const UNIQUE_NAME = /^(?<host>[^/\s]+?)(?:-[0-9a-f]{5,8})?\.(?:(?<pid>\d{1,7})-\d{5,19}|\d{9,26})$/;

/** The file in pylockfile's directory, `host.-980192c016023`. Nothing separates the thread from the pid after it. */
const MKDIR_NAME = /^(?<host>[^/\s]+?)\.(?:-[0-9a-f]{2,15}|(?<pid>\d{1,7}))$/;

/** Libraries whose locks have a text, with the form of the text. */
const TEXTS: readonly (readonly [library: string, text: RegExp])[] = [
  ['pylockfile (SymlinkLockFile)', UNIQUE_NAME],
  // Host name, PID namespace in hexadecimal, pid. A file with this text where symbolic links aren't supported.
  ['Mercurial', /^(?<host>[^/:\s]+)(?:\/[0-9a-f]+)?:(?<pid>\d{1,10})$/],
  ['filelock (SoftFileLock)', /^(?<pid>\d{1,10})\n(?<host>[^\n]*)\n?(?:[^\n]*\n?)?$/],
  ['a pid file', /^\s*(?<pid>\d{1,10})\s*$/],
];

/** Could this name be a pylockfile holder's unique file, to which its lock is a link? */
export const isPylockfileName = (name: string): boolean => UNIQUE_NAME.test(name);

/** The library that a lock looks like; `undefined` if no known library fits. */
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
