/**
 * The data of a hold: any JSON value, in a file of its own beside the lock.
 *
 * Rule DATA-1: The file is named by the token of the hold, and its text is the holder's record with one field more. So it
 * never describes another holder's lock, and a sweep knows it for what a dead process left (SWEEP-1).
 * Rule DATA-2: The file is renamed to its name when it is complete. A reader finds the old data or the new.
 *
 * Not in the record itself: the lock would have to be replaced at every change, and a symbolic link holds too little.
 */
import { privatePath } from './file-names.js';
import { formatRecord, parseRecord, type HolderRecord, type Token } from './record.js';

/** The limit for the data, in bytes of JSON. */
export const MAX_DATA_BYTES = 4096;

/** The file of a hold's data. */
export function dataPath(lock: string, token: Token): string {
  return privatePath(`${lock}.data`, token);
}

/** A name for new data until it is complete. */
export function newDataPath(lock: string, token: Token, serial: number): string {
  return privatePath(`${lock}.data.${String(serial)}`, token);
}

/** The text of the file, for data that is JSON already. */
export function formatData(record: HolderRecord, json: string): string {
  return `${formatRecord(record).slice(0, -1)},"data":${json}}`;
}

/** The data in the text of the file of this token; `undefined` if the text is something else. */
export function parseData(text: string, token: Token): unknown {
  if (parseRecord(text)?.token !== token) return undefined;
  return (JSON.parse(text) as { readonly data?: unknown }).data;
}

/** The data as JSON. Throws a `TypeError` if it isn't JSON, and a `RangeError` if it is too long. */
export function toJson(data: unknown): string {
  let json: unknown;
  try {
    json = JSON.stringify(data);
  } catch (cause) {
    throw new TypeError(`data must be a value that JSON can represent: ${(cause as Error).message}`, {
      cause,
    });
  }
  if (typeof json !== 'string')
    throw new TypeError(`data must be a value that JSON can represent, not a ${typeof data}`);
  const bytes = new TextEncoder().encode(json).length;
  if (bytes > MAX_DATA_BYTES)
    throw new RangeError(
      `data must be at most ${String(MAX_DATA_BYTES)} bytes long, as JSON, not ${String(bytes)}`,
    );
  return json;
}
