/**
 * The holder's record: who took a lock, and what will prove one day that it lives or is dead. One line of JSON.
 *
 * Rule: what can't be read as a record of this version, to the letter, is not a record. A lock with another text
 * is somebody else's, and is held.
 */

/** Random, unique per claim, and safe as part of a file's name. */
export type Token = string;

/** Who holds a claim. A field that this machine could not tell is absent, and then proves nothing. */
export interface HolderRecord {
  readonly token: Token;
  readonly pid: number;
  /** 0 is the main thread. Absent: the whole process is the holder (`threaded: false`). */
  readonly thread?: number;
  readonly host: string;
  /** The kernel's boot id: another one means another run of the kernel, or another machine. */
  readonly boot?: string;
  /** Inode of the PID namespace: pids mean the same only within one. */
  readonly pidNamespace?: string;
  /** Inode of the time namespace: start times compare only within one. */
  readonly timeNamespace?: string;
  /** When the process started, in the kernel's own units: tells it from a later one with the same pid. */
  readonly started?: string;
  /** When the claim was made: milliseconds since 1970, by the holder's clock. For people; it proves nothing. */
  readonly since: number;
  /** The caller's own words. */
  readonly note?: string;
}

const FORMAT = 1;
const TOKEN = /^[0-9a-f]{24}$/;
const PID_LIMIT = 2 ** 31;

/** How many bytes the caller's note may take in the record: a symbolic link on XFS holds 1,024 in all. */
export const NOTE_LIMIT = 512;

/** Where a claim is written before it appears under the lock's name. */
export function stagedPath(lock: string, token: Token): string {
  return `${lock}.${token}`;
}

/** The token at the end of a staged claim's name, or `undefined` if the name is not one. */
export function tokenOfStaged(name: string): Token | undefined {
  return /\.([0-9a-f]{24})$/.exec(name)?.[1];
}

export function formatRecord(record: HolderRecord): string {
  const { since, note, ...who } = record;
  return JSON.stringify({ holdfast: FORMAT, ...who, since, note });
}

/** The record that a text is, or `undefined` if it is none of ours. */
export function parseRecord(text: string): HolderRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { holdfast, ...fields } = value as Readonly<Record<string, unknown>>;
  return holdfast === FORMAT && isRecord(fields) ? fields : undefined;
}

const optional = (check: (value: unknown) => boolean) => (value: unknown) =>
  value === undefined || check(value);
const isText = (value: unknown) => typeof value === 'string' && value.length > 0;
const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;

const CHECKS: { readonly [field in keyof Required<HolderRecord>]: (value: unknown) => boolean } = {
  token: (value) => typeof value === 'string' && TOKEN.test(value),
  // 0 and the negatives name process groups, and must never reach kill(2).
  pid: (value) => isCount(value) && (value as number) > 0 && (value as number) < PID_LIMIT,
  thread: optional(isCount),
  host: (value) => typeof value === 'string',
  boot: optional(isText),
  pidNamespace: optional(isText),
  timeNamespace: optional(isText),
  started: optional(isText),
  since: (value) => Number.isFinite(value),
  note: optional((value) => typeof value === 'string'),
};

function isRecord(
  fields: Readonly<Record<string, unknown>>,
): fields is Readonly<Record<string, unknown>> & HolderRecord {
  return Object.entries(CHECKS).every(([field, check]) => check(fields[field]));
}
