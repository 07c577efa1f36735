/** A claim: what one acquisition is about to put, or has put, under a lock's name. */
import { formatRecord, type HolderRecord } from './record.js';
import { privatePath } from './file-names.js';

/** How a lock's name appears: as a hard link, a directory or a symbolic link. They exclude each other. */
export type Kind = 'link' | 'mkdir' | 'symlink';

/** What every protocol needs of a claim. Made new for every acquisition: its token tells it from all others. */
export interface AnyClaim {
  /** Who holds it. */
  readonly record: HolderRecord;
}

/** A claim that is put under a lock's name. */
export interface Claim extends AnyClaim {
  /** The lock's name, which every contender knows. */
  readonly lock: string;
  readonly kind: Kind;
  /** The record as it stands on disk. */
  readonly text: string;
  /** A private name beside the lock's, where a file is finished before it appears under the lock's name. */
  readonly privateFile: string;
  /** The permissions of the claim's file, as far as the umask lets. */
  readonly mode: number;
  /** How long an empty lock directory is honoured, in milliseconds. */
  readonly orphanGraceMs: number;
}

/** The permissions of a directory for files of this mode: whoever may read those may enter it. */
export function directoryMode(mode: number): number {
  return mode | 0o300 | ((mode & 0o444) >> 2);
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
    mode: options.mode,
    orphanGraceMs: options.orphanGraceMs,
  };
}

/** What a protocol has taken: the claim that now holds the lock, and the dead holder whom it replaced. */
export interface Taken<C extends AnyClaim = AnyClaim> {
  /** The claim that now holds the lock: the one that was asked for, or what it has become. */
  readonly claim: C;
  /** The dead holder whom it replaced, if it did. */
  readonly previous: HolderRecord | undefined;
}
