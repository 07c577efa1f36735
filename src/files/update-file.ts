/**
 * Changing a file that processes share: lock, read, let the caller say what it becomes, replace it whole, unlock.
 *
 * Rule UPDATE-1: whoever reads the file, also without the lock, finds the old one or the new one, whole.
 * Rule UPDATE-2: what fails before the new one is in place leaves the old one, and comes through once the lock is free.
 * Rule UPDATE-3: who lost the lock meanwhile, to a forced break, writes nothing; the release then says so.
 *
 * Not promised: that somebody who writes the file without the lock is noticed. That more is kept of a file than its
 * mode, and its owner where the system lets us give files away: access lists and further hard links are not. That two
 * names of one file exclude each other: the lock is that of the path as it is given, though a symbolic link is
 * followed to the file that is replaced.
 */
import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { LockFile } from '../lock/lock-file.js';
import { isPromise, withLock, withLockSync } from '../lock/with-lock.js';
import type { LockOptions } from '../lock/options.js';
import { replace, replaceSync, sweepReplacements, sweepReplacementsSync } from './atomic-replace.js';

/**
 * How a file is changed, besides how it is locked.
 *
 * @example
 * await updateJson('secrets.json', addKey, { fileMode: 0o600, timeout: 5_000 });
 */
export interface UpdateOptions extends LockOptions {
  /** Permissions of the file if there is none yet; 0o666 less the umask by default. One that exists keeps its own. */
  readonly fileMode?: number | undefined;
}

/**
 * How a file of text or bytes is changed.
 *
 * @example
 * await updateFile('image.png', (old) => old && strip(old), { encoding: null });
 */
export interface UpdateFileOptions extends UpdateOptions {
  /** How bytes become text, and text bytes: `utf8` by default. `null`: `update` gets the bytes, as a `Buffer`. */
  readonly encoding?: BufferEncoding | null | undefined;
}

/**
 * What a file may be replaced by; `undefined` leaves it as it is.
 *
 * @example
 * const trim = (old?: string): NewContent => old?.trimEnd();
 */
export type NewContent = string | Uint8Array | undefined;

interface AsText extends UpdateFileOptions {
  readonly encoding?: BufferEncoding | undefined;
}

interface AsBytes extends UpdateFileOptions {
  readonly encoding: null;
}

/**
 * Changes a file under its lock: the one call for read, modify and write.
 *
 * @param path The file. It need not exist, but its directory must.
 * @param update Gets what the file holds, or `undefined` if there is none; returns what it is to hold, or `undefined`
 *   to leave it. It may be asynchronous: the lock is held until it is done.
 * @returns What `update` returned, once that is on the disk.
 * @throws What `acquire` and `release` throw; whatever `update` throws; the system's error if the file can't be read
 *   or written; an `Error` if it is no text in its encoding. The file is as it was then, and the lock is free.
 * @example
 * await updateFile('visits.log', (old = '') => `${old}${new Date().toISOString()}\n`);
 */
export async function updateFile(
  path: string,
  update: (old: string | undefined) => NewContent | Promise<NewContent>,
  options?: AsText,
): Promise<NewContent>;
export async function updateFile(
  path: string,
  update: (old: Buffer | undefined) => NewContent | Promise<NewContent>,
  options: AsBytes,
): Promise<NewContent>;
export async function updateFile(
  path: string,
  update: (old: never) => NewContent | Promise<NewContent>,
  options: UpdateFileOptions = {},
): Promise<NewContent> {
  const { encoding = 'utf8', fileMode, ...lockOptions } = options;
  checkUpdate(update, encoding);
  return await withLock(
    path,
    async (lock) => {
      if (mayHaveLeft(lock)) await sweepReplacements(lock.path);
      const old = await readFile(lock.path).catch(rethrowUnlessMissing);
      const content = await update(decode(lock.path, old, encoding) as never);
      if (content === undefined) return undefined;
      const bytes = encode(content, encoding);
      if (await lock.iAmLocking()) await replace(lock.path, bytes, old === undefined ? fileMode : undefined); // UPDATE-3
      return content;
    },
    lockOptions,
  );
}

/**
 * The synchronous form of `updateFile`: `update` can't be asynchronous, and this thread stops while it waits.
 *
 * @throws As `updateFile`.
 * @example
 * updateFileSync('visits.log', (old = '') => `${old}one more\n`);
 */
export function updateFileSync(
  path: string,
  update: (old: string | undefined) => NewContent,
  options?: AsText,
): NewContent;
export function updateFileSync(
  path: string,
  update: (old: Buffer | undefined) => NewContent,
  options: AsBytes,
): NewContent;
export function updateFileSync(
  path: string,
  update: (old: never) => NewContent,
  options: UpdateFileOptions = {},
): NewContent {
  const { encoding = 'utf8', fileMode, ...lockOptions } = options;
  checkUpdate(update, encoding);
  return withLockSync(
    path,
    (lock) => {
      if (mayHaveLeft(lock)) sweepReplacementsSync(lock.path);
      const old = readIfThere(lock.path);
      const content = update(decode(lock.path, old, encoding) as never);
      if (content === undefined) return undefined;
      const bytes = encode(content, encoding);
      if (lock.iAmLockingSync()) replaceSync(lock.path, bytes, old === undefined ? fileMode : undefined); // UPDATE-3
      return content;
    },
    lockOptions,
  );
}

function checkUpdate(update: unknown, encoding: string | null): void {
  if (typeof update !== 'function') throw new TypeError('update must be a function');
  if (encoding !== null && !Buffer.isEncoding(encoding)) {
    throw new TypeError(`encoding must be null or one that Buffer knows, not ${encoding}`);
  }
}

/** A program that updates ever new files must not grow for it. */
const MAX_PATHS = 1_000;

/** The files whose leftovers have been swept in this thread's time. */
const swept = new Set<string>();

/** May somebody have been killed in the middle of an update? The lock's last holder; or anyone, before our time. */
function mayHaveLeft({ path, clean }: LockFile): boolean {
  if (clean && swept.has(path)) return false;
  if (swept.size === MAX_PATHS) swept.clear();
  swept.add(path);
  return true;
}

function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    rethrowUnlessMissing(error);
    return undefined;
  }
}

function rethrowUnlessMissing(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}

function decode(
  path: string,
  bytes: Buffer | undefined,
  encoding: BufferEncoding | null,
): Buffer | string | undefined {
  if (bytes === undefined || encoding === null) return bytes;
  // Else what is no text would come back as question marks, and be written like that.
  if (/^utf-?8$/i.test(encoding) && !isUtf8(bytes)) {
    throw new Error(
      `${path} is not UTF-8 text, and was left as it is. Give its encoding, or null for bytes.`,
    );
  }
  return bytes.toString(encoding);
}

function encode(content: string | Uint8Array, encoding: BufferEncoding | null): Uint8Array {
  if (content instanceof Uint8Array) return content;
  if (typeof content === 'string') return Buffer.from(content, encoding ?? 'utf8');
  const given = isPromise(content) ? 'a promise' : typeof content;
  throw new TypeError(
    `update must return a string, a Uint8Array, or undefined to leave the file; not ${given}`,
  );
}
