/**
 * `updateFile` for a JSON file that processes share.
 *
 * Rule JSON-1: A file that is not JSON is never replaced, not even an empty one: it may hold someone's data. The error
 * names the file.
 */
import type { Hold } from '../lock/hold.js';
import { isPromise } from '../lock/with-lock.js';
import { BLOCK_OPTION_NAMES, refuseSignal } from '../lock/block-options.js';
import { checkNames } from '../lock/option-names.js';
import { checkPath } from '../lock/options.js';
import { UNCHANGED, type Unchanged } from './unchanged.js';
import { callUpdate, callUpdateSync, type UpdateOptions } from './update-file.js';

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
 * @param update Gets the file's value, or `undefined` if there is no file, and the hold. Returns the new value, or
 *   `UNCHANGED` to leave the file as it is. It may be asynchronous. It may modify the value that it gets, and return that.
 * @returns The value in the file, once it is on the disk: what `update` returned or, after `UNCHANGED`, the old value.
 * @throws What `updateFile` throws; `SyntaxError`, with the file's path, if the file is not JSON; `TypeError` if what
 *   `update` returned can't be written as JSON. After these two the file is unchanged and the lock is free.
 * @example
 * await updateJson<{ visits: number }>('state.json', (old = { visits: 0 }) => ({ visits: old.visits + 1 }));
 */
export function updateJson<Value>(
  path: string | URL,
  update: (old: Value | undefined, hold: Hold) => Value | Promise<Value>,
  options?: UpdateJsonOptions,
): Promise<UpdatedValue<Value>>;
export function updateJson<Value>(
  path: string | URL,
  update: (old: Value | undefined, hold: Hold) => Value | Unchanged | Promise<Value | Unchanged>,
  options?: UpdateJsonOptions,
): Promise<Value | undefined>;
export function updateJson(
  path: string | URL,
  update: (old: unknown, hold: Hold) => unknown,
  options?: UpdateJsonOptions,
): Promise<unknown> {
  return callUpdateJson(path, update, options, updateJson);
}

/**
 * The value in a file after an update: `undefined` is possible only if the update may return `UNCHANGED`.
 *
 * @example
 * const state: UpdatedValue<State> = await updateJson<State>('state.json', (old = first) => next(old));
 */
export type UpdatedValue<Value> = [Unchanged] extends [Value] ? Exclude<Value, Unchanged> | undefined : Value;

async function callUpdateJson(
  path: string | URL,
  update: (old: unknown, hold: Hold) => unknown,
  options: UpdateJsonOptions = {},
  call: (...args: never) => unknown,
): Promise<unknown> {
  checkUpdate(update);
  checkNames(options, OPTION_NAMES);
  const { space = 2, ...fileOptions } = options;
  const file = checkPath(path);
  let value: unknown;
  const replaceText = async (text: string | undefined, hold: Hold) => {
    value = await update(parse(file, text), hold);
    if (value !== UNCHANGED) return format(file, value, space);
    value = parse(file, text); // `update` may have modified the one that it got.
    return UNCHANGED;
  };
  await callUpdate(file, replaceText, fileOptions, call);
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
  path: string | URL,
  update: (old: Value | undefined, hold: Hold) => Value,
  options?: Omit<UpdateJsonOptions, 'signal'>,
): UpdatedValue<Value>;
export function updateJsonSync<Value>(
  path: string | URL,
  update: (old: Value | undefined, hold: Hold) => Value | Unchanged,
  options?: Omit<UpdateJsonOptions, 'signal'>,
): Value | undefined;
export function updateJsonSync(
  path: string | URL,
  update: (old: never, hold: Hold) => unknown,
  options: Omit<UpdateJsonOptions, 'signal'> = {},
): unknown {
  checkUpdate(update);
  checkNames(options, OPTION_NAMES);
  refuseSignal(options);
  const { space = 2, ...fileOptions } = options;
  const file = checkPath(path);
  let value: unknown;
  const replaceText = (text: string | undefined, hold: Hold) => {
    value = update(parse(file, text) as never, hold);
    if (value !== UNCHANGED) return format(file, value, space);
    value = parse(file, text);
    return UNCHANGED;
  };
  callUpdateSync(file, replaceText, fileOptions, updateJsonSync);
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
    throw new SyntaxError(`${path} is not JSON; it was not changed: ${reason}`, { cause });
  }
}

function format(path: string, value: unknown, space: number | string): string {
  // JSON.stringify turns a promise into an empty object, which would replace the whole content of the file.
  if (isPromise(value))
    throw new TypeError('update must not be asynchronous in updateJsonSync(): use updateJson()');
  const text = JSON.stringify(value, null, space) as string | undefined;
  if (text === undefined)
    throw new TypeError(
      `update must return a value that JSON can represent, or UNCHANGED to leave the file as it is, ` +
        `not ${value === undefined ? 'undefined' : `a ${typeof value}`}; ${path} was not changed`,
    );
  return `${text}\n`;
}
