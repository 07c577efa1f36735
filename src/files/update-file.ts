/**
 * Updates a file that processes share: lock, read, call the caller's function, replace the file as a whole, unlock.
 *
 * Rule UPDATE-1: Every reader, with or without the lock, finds the whole old file or the whole new one.
 * Rule UPDATE-2: An error before the new file is in place leaves the old file unchanged, and is thrown after the lock
 * is released.
 * Rule UPDATE-3: An update that lost its lock to a forced break writes nothing. Its release then reports the break.
 *
 * Not promised:
 * - Noticing a program that writes the file without the lock.
 * - Keeping more than the file's mode, and its owner and group where the system permits (OWNER-1): access control lists
 *   and other hard links are lost.
 * - Excluding updates through another name of the same file: the lock is that of the given path, although a symbolic
 *   link is followed to the file that is replaced.
 */
import type { Hold } from '../lock/hold.js';
import { callWithLock, callWithLockSync, isPromise } from '../lock/with-lock.js';
import { BLOCK_OPTION_NAMES, refuseSignal, type BlockOptions } from '../lock/block-options.js';
import { lostWithin } from '../lock/messages.js';
import { checkNames } from '../lock/option-names.js';
import { checkPath } from '../lock/options.js';
import { replace, replaceSync, sweepReplacements, sweepReplacementsSync } from './atomic-replace.js';
import { readIfThere, readIfThereSync } from './read.js';
import { UNCHANGED, type Unchanged } from './unchanged.js';
import { decodeText, encodeText } from './text.js';

/**
 * Options for updating a file, in addition to those of its lock.
 *
 * @example
 * await updateJson('secrets.json', addKey, { fileMode: 0o600, timeout: 5_000 });
 */
export interface UpdateOptions extends BlockOptions {
  /** Mode of a file that is created; by default 0o666 minus the umask. An existing file keeps its mode. */
  readonly fileMode?: number | undefined;
}

/**
 * Options for updating a file of text or bytes.
 *
 * @example
 * await updateFile('image.png', (old) => old && strip(old), { encoding: null });
 */
export interface UpdateFileOptions extends UpdateOptions {
  /** The encoding of the text: `utf8` by default. With `null`, `update` gets the bytes as a `Buffer`. */
  readonly encoding?: BufferEncoding | null | undefined;
}

/**
 * What the function of an update may return: the new content of the file, or that there is none.
 *
 * @example
 * const trim = (old?: string): NewContent => old?.trimEnd() ?? UNCHANGED;
 */
export type NewContent = string | Uint8Array | Unchanged;

/**
 * The content of a file after an update. If the update left the file unchanged, it is the old content, or `undefined` if
 * there is no file.
 *
 * @example
 * const now: UpdatedContent<string> = await updateFile('visits.log', (old = '') => `${old}one more\n`);
 */
export type UpdatedContent<Content extends NewContent, Old = string | undefined> = Content extends Unchanged
  ? Old
  : Content extends string
    ? string
    : Content;

const OPTION_NAMES = [
  ...BLOCK_OPTION_NAMES,
  ...(['encoding', 'fileMode'] satisfies (keyof UpdateFileOptions)[]),
];

interface AsText extends UpdateFileOptions {
  readonly encoding?: BufferEncoding | undefined;
}

interface AsBytes extends UpdateFileOptions {
  readonly encoding: null;
}

/**
 * Reads, changes and writes a file while holding its lock.
 *
 * @param path The file. It need not exist, but its directory must.
 * @param update Gets the content of the file, or `undefined` if there is no file, and the hold. Returns the new content,
 *   or `UNCHANGED` to leave the file as it is. It may be asynchronous: the lock is held until it has settled.
 * @returns The content of the file, once it is on the disk: what `update` returned or, after `UNCHANGED`, the old content.
 * @throws Before the new content is in place: what `acquire` throws; what `update` throws; the system's error if the
 *   file can't be read or written; an `Error` if the file, or the new text, can't be represented in its encoding. The
 *   file is unchanged then, and the lock is free. Afterwards: the system's error if the directory can't be synced, and
 *   what `release` throws. The file has its new content then, and after an `UnlockError` the lock is still held. A
 *   `NotMyLock` means that the lock was broken by force: the file may have its old content or the new one.
 * @example
 * await updateFile('visits.log', (old = '') => `${old}${new Date().toISOString()}\n`);
 */
export function updateFile<Content extends NewContent>(
  path: string | URL,
  update: (old: string | undefined, hold: Hold) => Content | Promise<Content>,
  options?: AsText,
): Promise<UpdatedContent<Content>>;
export function updateFile<Content extends NewContent>(
  path: string | URL,
  update: (old: Buffer | undefined, hold: Hold) => Content | Promise<Content>,
  options: AsBytes,
): Promise<UpdatedContent<Content, Buffer | undefined>>;
export function updateFile(
  path: string | URL,
  update: Update,
  options?: UpdateFileOptions,
): Promise<unknown> {
  return callUpdate(path, update, options, updateFile);
}

type Update = (old: never, hold: Hold) => NewContent | Promise<NewContent>;
type Call = (...args: never) => unknown;

/** `updateFile`, as it is called by the function `call`. */
export async function callUpdate(
  path: string | URL,
  update: Update,
  options: UpdateFileOptions = {},
  call: Call,
): Promise<unknown> {
  checkNames(options, OPTION_NAMES);
  const { encoding = 'utf8', fileMode, ...blockOptions } = options;
  checkUpdate(update, encoding);
  const file = checkPath(path);
  const work = async (hold: Hold) => {
    if (mayHaveLeft(file, hold)) await sweepReplacements(file);
    const old = await readIfThere(file);
    const decoded = decode(file, old, encoding);
    const content = await update(decoded as never, hold);
    if (content === UNCHANGED) return decoded;
    const bytes = encode(file, content, encoding);
    const mode = old === undefined ? fileMode : undefined;
    if (await hold.isHeld())
      await replace(file, bytes, mode); // UPDATE-3
    else if (blockOptions.within !== undefined) throw lostWithin(hold);
    return content;
  };
  return await callWithLock(path, work, blockOptions, call);
}

/**
 * The synchronous form of `updateFile`: `update` must not be asynchronous, and waiting blocks this thread.
 *
 * @throws As `updateFile`.
 * @example
 * updateFileSync('visits.log', (old = '') => `${old}one more\n`);
 */
export function updateFileSync<Content extends NewContent>(
  path: string | URL,
  update: (old: string | undefined, hold: Hold) => Content,
  options?: Omit<AsText, 'signal'>,
): UpdatedContent<Content>;
export function updateFileSync<Content extends NewContent>(
  path: string | URL,
  update: (old: Buffer | undefined, hold: Hold) => Content,
  options: Omit<AsBytes, 'signal'>,
): UpdatedContent<Content, Buffer | undefined>;
export function updateFileSync(
  path: string | URL,
  update: (old: never, hold: Hold) => NewContent,
  options?: Omit<UpdateFileOptions, 'signal'>,
): unknown {
  return callUpdateSync(path, update, options, updateFileSync);
}

/** `updateFileSync`, as it is called by the function `call`. */
export function callUpdateSync(
  path: string | URL,
  update: (old: never, hold: Hold) => NewContent,
  options: Omit<UpdateFileOptions, 'signal'> = {},
  call: Call,
): unknown {
  checkNames(options, OPTION_NAMES);
  refuseSignal(options);
  const { encoding = 'utf8', fileMode, ...blockOptions } = options;
  checkUpdate(update, encoding);
  const file = checkPath(path);
  const work = (hold: Hold) => {
    if (mayHaveLeft(file, hold)) sweepReplacementsSync(file);
    const old = readIfThereSync(file);
    const decoded = decode(file, old, encoding);
    const content = update(decoded as never, hold);
    if (content === UNCHANGED) return decoded;
    const bytes = encode(file, content, encoding);
    const mode = old === undefined ? fileMode : undefined;
    if (hold.isHeldSync())
      replaceSync(file, bytes, mode); // UPDATE-3
    else if (blockOptions.within !== undefined) throw lostWithin(hold);
    return content;
  };
  return callWithLockSync(path, work, blockOptions, call);
}

function checkUpdate(update: unknown, encoding: string | null): void {
  if (typeof update !== 'function') throw new TypeError('update must be a function');
  if (encoding !== null && !Buffer.isEncoding(encoding)) {
    throw new TypeError(`encoding must be null or an encoding that Buffer supports, not ${encoding}`);
  }
}

/** Bounds the memory of a program that keeps updating new files. */
const MAX_PATHS = 1_000;

/** The files whose leftovers this thread has swept. */
const swept = new Set<string>();

/** Can there be leftovers? Of the last holder, if it died, or of any process before this thread's first update. */
function mayHaveLeft(path: string, { clean }: Hold): boolean {
  if (clean && swept.has(path)) return false;
  if (swept.size === MAX_PATHS) swept.clear();
  swept.add(path);
  return true;
}

function decode(
  path: string,
  bytes: Buffer | undefined,
  encoding: BufferEncoding | null,
): Buffer | string | undefined {
  if (bytes === undefined || encoding === null) return bytes;
  const text = decodeText(bytes, encoding);
  if (text !== undefined) return text;
  const name = /^utf-?8$/i.test(encoding) ? 'UTF-8' : encoding;
  throw new Error(
    `${path} is not ${name} text; it was not changed. Set the option encoding, or encoding: null to get bytes.`,
  );
}

function encode(path: string, content: unknown, encoding: BufferEncoding | null): Uint8Array {
  if (content instanceof Uint8Array) return content;
  if (typeof content === 'string') {
    const bytes = encodeText(content, encoding ?? 'utf8');
    if (bytes !== undefined) return bytes;
    throw new Error(
      `the text that update returned can't be written as ${encoding ?? 'utf8'} without loss; ${path} was not changed`,
    );
  }
  const given = isPromise(content) ? 'a promise' : typeof content;
  throw new TypeError(
    `update must return a string, a Uint8Array, or UNCHANGED to leave the file as it is, not ${given}; ` +
      `${path} was not changed`,
  );
}
