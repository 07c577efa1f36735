/** A claim: what one acquisition puts under a lock's name. */
import { formatRecord, type HolderRecord } from './record.js';
import { privatePath } from './file-names.js';
import { MARK } from './mark.js';

/** How a lock's name appears: as a hard link, a directory or a symbolic link. They exclude each other. */
export type Kind = 'link' | 'mkdir' | 'symlink';

/** What every protocol needs of a claim. Each acquisition makes a new claim with a token of its own. */
export interface AnyClaim {
  /** Who holds it. */
  readonly record: HolderRecord;
}

/** A claim for a lock that is a name on disk. */
export interface Claim extends AnyClaim {
  /** The lock's path, the same for every contender. */
  readonly lock: string;
  readonly kind: Kind;
  /** The record as it stands on disk. */
  readonly text: string;
  /** This claim's own path beside the lock: the file is complete there before it appears under the lock's name. */
  readonly privateFile: string;
  /** The permissions of the claim's file, less the umask, and the mark if the directory is on a local disk. */
  readonly mode: number;
  /** How long an empty lock directory counts as held, in milliseconds. */
  readonly orphanGraceMs: number;
}

/** The permissions of a directory for files of this mode: every user who may read the files may enter it. */
export function directoryMode(mode: number): number {
  return (mode & ~MARK) | 0o300 | ((mode & 0o444) >> 2);
}

export interface ClaimOptions {
  readonly mode: number;
  readonly orphanGraceMs: number;
}

export function makeClaim(lock: string, kind: Kind, record: HolderRecord, options: ClaimOptions): Claim {
  return {
    lock,
    kind,
    record,
    text: formatRecord(record),
    privateFile: privatePath(lock, record.token),
    mode: record.local === true ? options.mode | MARK : options.mode, // CRASH-3
    orphanGraceMs: options.orphanGraceMs,
  };
}

/** The result of a protocol that took a lock. */
export interface Taken<C extends AnyClaim = AnyClaim> {
  /** The claim that now holds the lock: the requested one, or the one the protocol made of it. */
  readonly claim: C;
  /** The dead holder that it replaced, if any. */
  readonly previous: HolderRecord | undefined;
  /** It replaced a dead holder whose record was lost when the machine crashed. */
  readonly afterCrash?: boolean | undefined;
}
