/**
 * The holder's record: who took a lock, and what will prove one day that it lives or is dead. One line of JSON.
 *
 * Rule: what can't be read as a record of this version, to the letter, is not a record. A lock with another text
 * is somebody else's, and is held.
 */

/** Random, unique per claim, and safe as part of a file's name. */
export type Token = string;

/**
 * Who holds a claim. A field that this machine could not tell is absent, and then proves nothing.
 *
 * @example
 * if (!lock.clean) console.log(`pid ${lock.previousHolder?.pid} died here; its work may be half done`);
 */
export interface HolderRecord {
  /** Random, and of this one claim. */
  readonly token: Token;
  /** The holder's process, as it is numbered where the holder runs. */
  readonly pid: number;
  /** 0 is the main thread. Absent: the whole process is the holder (`threaded: false`). */
  readonly thread?: number;
  /** The kernel's own number of a worker's thread: it ends with the worker, though the process lives on. */
  readonly task?: number;
  /** When that thread started, as `started`. */
  readonly taskStarted?: string;
  /** The holder's host name. For people; it proves nothing. */
  readonly host: string;
  /** The kernel's boot id: another one means another run of the kernel, or another machine. */
  readonly boot?: string;
  /** The boot id is a container's, which its manager put in the place of the kernel's: another one means nothing. */
  readonly replacedBoot?: true;
  /** Inode of the PID namespace: pids mean the same only within one. */
  readonly pidNamespace?: string;
  /** Inode of the time namespace: start times compare only within one. */
  readonly timeNamespace?: string;
  /** When the process started, in the kernel's own units: tells it from a later one with the same pid. */
  readonly started?: string;
  /** To the holder, the lock stands on a disk that only its own kernel writes: not on a network's, not a guest's. */
  readonly local?: true;
  /** The holder listens on a socket beside the lock for as long as it lives: what `beaconPath` takes to find it. */
  readonly beacon?: string;
  /** A descriptor of that process, whose end its death is: where to listen for it. It proves nothing. */
  readonly lifeline?: number;
  /** When the claim was made: milliseconds since 1970, by the holder's clock. For people; it proves nothing. */
  readonly since: number;
  /** The caller's own words. */
  readonly note?: string;
}

const FORMAT = 1;
const DIGITS = /^[0-9a-f]{8}$/;
const TOKEN = /^[0-9a-f]{24}$/;
const PID_LIMIT = 2 ** 31;

/** How many bytes the caller's note may take in the record: a symbolic link on XFS holds 1,024 in all. */
export const MAX_NOTE_BYTES = 512;

/** What the claims of one thread have in common, in JSON: all but the token and the time. */
interface RecordTemplate {
  readonly record: HolderRecord;
  readonly who: string;
  readonly note: string;
}

let template: RecordTemplate | undefined;

/** The record as it stands on disk: one line of JSON. */
export function formatRecord(record: HolderRecord): string {
  if (template === undefined || !hasSameTemplate(record, template.record)) template = templateFor(record);
  const { who, note } = template;
  return `{"holdfast":${FORMAT},"token":"${record.token}",${who},"since":${record.since}${note}}`;
}

function templateFor(record: HolderRecord): RecordTemplate {
  const { note } = record;
  const who = { ...record, token: undefined, since: undefined, note: undefined };
  return {
    record,
    who: JSON.stringify(who).slice(1, -1),
    note: note === undefined ? '' : `,"note":${JSON.stringify(note)}`,
  };
}

function hasSameTemplate(one: HolderRecord, other: HolderRecord): boolean {
  return TEMPLATE_FIELDS.every((field) => one[field] === other[field]);
}

/** The record that a text is, or `undefined` if it is none of ours. Fields that we don't know are left out. */
export function parseRecord(text: string): HolderRecord | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const fields = value as Readonly<Record<string, unknown>>;
  if (fields['holdfast'] !== FORMAT) return undefined;
  const record: Record<string, unknown> = {};
  for (const [field, check] of CHECKS) {
    const value = fields[field];
    if (!check(value)) return undefined;
    if (value !== undefined) record[field] = value;
  }
  return record as unknown as HolderRecord;
}

const optional = (check: (value: unknown) => boolean) => (value: unknown) =>
  value === undefined || check(value);
const isText = (value: unknown) => typeof value === 'string' && value.length > 0;
const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;
const isTrue = (value: unknown) => value === true;
// 0 and the negatives name process groups, and must never reach kill(2).
const isPid = (value: unknown) => isCount(value) && (value as number) > 0 && (value as number) < PID_LIMIT;

const FIELDS: { readonly [field in keyof Required<HolderRecord>]: (value: unknown) => boolean } = {
  token: (value) => typeof value === 'string' && TOKEN.test(value),
  pid: isPid,
  thread: optional(isCount),
  task: optional(isPid),
  taskStarted: optional(isText),
  host: (value) => typeof value === 'string',
  boot: optional(isText),
  replacedBoot: optional(isTrue),
  pidNamespace: optional(isText),
  timeNamespace: optional(isText),
  started: optional(isText),
  local: optional(isTrue),
  beacon: optional((value) => typeof value === 'string' && DIGITS.test(value)),
  lifeline: optional(isCount),
  since: isCount,
  note: optional((value) => typeof value === 'string'),
};

const CHECKS = Object.entries(FIELDS);
const TEMPLATE_FIELDS = (Object.keys(FIELDS) as (keyof HolderRecord)[]).filter(
  (field) => field !== 'token' && field !== 'since',
);
