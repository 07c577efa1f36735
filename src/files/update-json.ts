/**
 * `updateFile` for values: a JSON file that processes share.
 *
 * Rule JSON-1: what is not JSON is never replaced, not even an empty file: it may be somebody's data, and the error says
 * which file it is.
 */
import { resolve } from 'node:path';
import { isPromise } from '../lock/with-lock.js';
import { updateFile, updateFileSync, type UpdateOptions } from './update-file.js';

/**
 * How a JSON file is changed.
 *
 * @example
 * await updateJson('state.json', count, { space: 0 });
 */
export interface UpdateJsonOptions extends UpdateOptions {
  /** What the text is indented by, as `JSON.stringify` takes it: 2 blanks by default; 0 makes it one line. */
  readonly space?: number | string | undefined;
}

/**
 * Changes a JSON file under its lock. The text it leaves is indented as `space` says, and ends with a newline.
 *
 * @param path The file. It need not exist, but its directory must.
 * @param update Gets the file's value, or `undefined` if there is no file; returns the value that the file is to hold,
 *   or `undefined` to leave it. It may be asynchronous, and may change what it gets and return that.
 * @returns What `update` returned, once that is on the disk.
 * @throws As `updateFile`; and `SyntaxError`, which names the file, if that is not JSON; `TypeError` if what `update`
 *   returned can't be written as JSON. The file is as it was then, and the lock is free.
 * @example
 * await updateJson<{ visits: number }>('state.json', (old = { visits: 0 }) => ({ visits: old.visits + 1 }));
 */
export async function updateJson<Value>(
  path: string,
  update: (old: Value | undefined) => Value | undefined | Promise<Value | undefined>,
  options: UpdateJsonOptions = {},
): Promise<Value | undefined> {
  checkUpdate(update);
  const { space = 2, ...fileOptions } = options;
  let value: Value | undefined;
  await updateFile(
    path,
    async (text) => {
      value = await update(parse(path, text) as Value | undefined);
      return format(value, space);
    },
    fileOptions,
  );
  return value;
}

/**
 * The synchronous form of `updateJson`: `update` can't be asynchronous, and this thread stops while it waits.
 *
 * @throws As `updateJson`.
 * @example
 * updateJsonSync<{ visits: number }>('state.json', (old = { visits: 0 }) => ({ visits: old.visits + 1 }));
 */
export function updateJsonSync<Value>(
  path: string,
  update: (old: Value | undefined) => Value | undefined,
  options: UpdateJsonOptions = {},
): Value | undefined {
  checkUpdate(update);
  const { space = 2, ...fileOptions } = options;
  let value: Value | undefined;
  updateFileSync(
    path,
    (text) => {
      value = update(parse(path, text) as Value | undefined);
      return format(value, space);
    },
    fileOptions,
  );
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
    throw new SyntaxError(`${resolve(path)} is not JSON, and was left as it is: ${reason}`, { cause });
  }
}

function format(value: unknown, space: number | string): string | undefined {
  if (value === undefined) return undefined;
  // To JSON a promise is an empty object, which would replace everything that the file holds.
  if (isPromise(value)) throw new TypeError('update must not be asynchronous here: use updateJson()');
  const text = JSON.stringify(value, null, space) as string | undefined;
  if (text === undefined)
    throw new TypeError(`update must return a value that JSON has, not a ${typeof value}`);
  return `${text}\n`;
}
