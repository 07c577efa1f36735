/**
 * The holder's record: who took a lock, and the facts that later prove the holder alive or dead. One line of JSON.
 *
 * Rule: A text that doesn't match this version's format exactly is not a record. A lock with another text
 * belongs to another program and counts as held.
 */

/** Unique per claim, and safe as part of a file's name. It begins with the time, so tokens sort by age. */
export type Token = string;

/**
 * Who holds a claim. A field that could not be determined is absent, and then proves nothing.
 *
 * @example
 * if (!lock.clean) console.log(`pid ${lock.previousHolder?.pid} died here; its work may be half done`);
 */
export interface HolderRecord {
  /** Unique to this one claim. */
  readonly token: Token;
  /** The holder's process id, as seen where the holder runs. */
  readonly pid: number;
  /** 0 is the main thread. Absent: the whole process is the holder (`threaded: false`). */
  readonly thread?: number;
  /** The kernel's id of a worker's thread. The thread ends with the worker, even if the process lives on. */
  readonly task?: number;
  /** When that thread started, in the unit of `started`. */
  readonly taskStarted?: string;
  /** The holder's host name. For people; it proves nothing. */
  readonly host: string;
  /** The kernel's boot id. A different one means another boot, or another machine. */
  readonly boot?: string;
  /** A container manager replaced the kernel's boot id: a different one proves nothing. */
  readonly replacedBoot?: true;
  /** The inode of the PID namespace. Pids can be compared only within one namespace. */
  readonly pidNamespace?: string;
  /** The inode of the time namespace. Start times can be compared only within one namespace. */
  readonly timeNamespace?: string;
  /** When the process started, in the kernel's own units. A later process with the same pid has another time. */
  readonly started?: string;
  /** Distinguishes the program that the process ran from one that replaced it (execve). */
  readonly image?: string;
  /** The lock is on a disk that only the holder's own kernel writes: not on a share of a network or of a VM's host. */
  readonly local?: true;
  /** The holder listens on a socket beside the lock as long as it lives. These are the digits for `beaconPath`. */
  readonly beacon?: string;
  /** The number of the device that the beacon is on, as the holder sees it. A beacon on another device proves nothing. */
  readonly device?: number;
  /** A descriptor of the holder's process that closes when the process dies. It wakes waiters; it proves nothing. */
  readonly lifeline?: number;
  /** When the claim was made: milliseconds since 1970, by the holder's clock. For people; it proves nothing. */
  readonly since: number;
  /** The caller's own text. */
  readonly note?: string;
}

const FORMAT = 1;
const DIGITS = /^[0-9a-f]{8}$/;
const TOKEN = /^[0-9a-f]{24}$/;
const PID_LIMIT = 2 ** 31;

/** The limit for the caller's note in the record, in bytes: on XFS a symbolic link holds 1,024 bytes in all. */
export const MAX_NOTE_BYTES = 512;

/** The part of the JSON that all claims of one thread share: everything but the token and the time. */
interface RecordTemplate {
  readonly record: HolderRecord;
  readonly who: string;
  readonly note: string;
}

let template: RecordTemplate | undefined;

/** The record's text on disk: one line of JSON. */
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

/** Parses a record; `undefined` if the text is not one. Unknown fields are left out. */
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
// 0 and negative numbers address process groups, and must never reach kill(2).
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
  image: optional(isText),
  local: optional(isTrue),
  beacon: optional((value) => typeof value === 'string' && DIGITS.test(value)),
  device: optional(isCount),
  lifeline: optional(isCount),
  since: isCount,
  note: optional((value) => typeof value === 'string'),
};

const CHECKS = Object.entries(FIELDS);
const TEMPLATE_FIELDS = (Object.keys(FIELDS) as (keyof HolderRecord)[]).filter(
  (field) => field !== 'token' && field !== 'since',
);
