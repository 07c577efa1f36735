/**
 * `updateFile` for a JSON file that processes share.
 *
 * Rule JSON-1: A file that is not JSON is never replaced, not even an empty one: it may hold someone's data. The error
 * names the file.
 */
import { resolve } from 'node:path';
import type { Hold } from '../lock/hold.js';
import { isPromise } from '../lock/with-lock.js';
import { BLOCK_OPTION_NAMES, refuseSignal } from '../lock/block-options.js';
import { checkNames } from '../lock/option-names.js';
import { callUpdate, callUpdateSync, type Synchronous, type UpdateOptions } from './update-file.js';

/**
 * Options for updating a JSON file.
 *
 * @example
 * await updateJson('state.json', count, { space: 0 });
 */
export interface UpdateJsonOptions extends UpdateOptions {
  /** The indentation, as for `JSON.stringify`: 2 spaces by default; 0 writes one line. */
  readonly space?: number | string | undefined;
}

const OPTION_NAMES = [
  ...BLOCK_OPTION_NAMES,
  ...(['fileMode', 'space'] satisfies (keyof UpdateJsonOptions)[]),
];

/**
 * Reads, changes and writes a JSON file while holding its lock. The text is indented by `space` and ends with a
 * newline.
 *
 * @param path The file. It need not exist, but its directory must.
 * @param update Gets the file's value, or `undefined` if there is no file, and the hold. Returns the new value, or `undefined` to
 *   leave the file unchanged. It may be asynchronous. It may modify the value that it gets, and return that.
 * @returns What `update` returned, once that is on the disk.
 * @throws What `updateFile` throws; `SyntaxError`, with the file's path, if the file is not JSON; `TypeError` if what
 *   `update` returned can't be written as JSON. After these two the file is unchanged and the lock is free.
 * @example
 * await updateJson<{ visits: number }>('state.json', (old = { visits: 0 }) => ({ visits: old.visits + 1 }));
 */
export function updateJson<Value>(
  path: string,
  update: (old: Value | undefined, hold: Hold) => Value | undefined | Promise<Value | undefined>,
  options?: UpdateJsonOptions,
): Promise<Value | undefined> {
  return callUpdateJson(path, update, options, updateJson);
}

async function callUpdateJson<Value>(
  path: string,
  update: (old: Value | undefined, hold: Hold) => Value | undefined | Promise<Value | undefined>,
  options: UpdateJsonOptions = {},
  call: (...args: never) => unknown,
): Promise<Value | undefined> {
  checkUpdate(update);
  checkNames(options, OPTION_NAMES);
  const { space = 2, ...fileOptions } = options;
  let value: Value | undefined;
  const replaceText = async (text: string | undefined, hold: Hold) => {
    value = await update(parse(path, text) as Value | undefined, hold);
    return format(value, space);
  };
  await callUpdate(path, replaceText, fileOptions, call);
  return value;
}

/**
 * The synchronous form of `updateJson`: `update` must not be asynchronous, and waiting blocks this thread.
 *
 * @throws As `updateJson`.
 * @example
 * updateJsonSync<{ visits: number }>('state.json', (old = { visits: 0 }) => ({ visits: old.visits + 1 }));
 */
export function updateJsonSync<Value>(
  path: string,
  update: (old: Value | undefined, hold: Hold) => Value | undefined,
  options: Synchronous<UpdateJsonOptions> = {},
): Value | undefined {
  checkUpdate(update);
  checkNames(options, OPTION_NAMES);
  refuseSignal(options);
  const { space = 2, ...fileOptions } = options;
  let value: Value | undefined;
  const replaceText = (text: string | undefined, hold: Hold) => {
    value = update(parse(path, text) as Value | undefined, hold);
    return format(value, space);
  };
  callUpdateSync(path, replaceText, fileOptions, updateJsonSync);
  return value;
}

function checkUpdate(update: unknown): void {
  if (typeof update !== 'function') throw new TypeError('update must be a function');
}

const BYTE_ORDER_MARK = /^\uFEFF/;

function parse(path: string, text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text.replace(BYTE_ORDER_MARK, ''));
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new SyntaxError(`${resolve(path)} is not JSON; it was not changed: ${reason}`, { cause });
  }
}

function format(value: unknown, space: number | string): string | undefined {
  if (value === undefined) return undefined;
  // JSON.stringify turns a promise into an empty object, which would replace the whole content of the file.
  if (isPromise(value))
    throw new TypeError('update must not be asynchronous in updateJsonSync(): use updateJson()');
  const text = JSON.stringify(value, null, space) as string | undefined;
  if (text === undefined)
    throw new TypeError(`update must return a value that JSON can represent, not a ${typeof value}`);
  return `${text}\n`;
}
