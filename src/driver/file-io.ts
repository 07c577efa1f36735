/** Reading, listing and creating a lock's files: the steps that take more than one system call, in both forms. */
import { isUtf8 } from 'node:buffer';
import * as fs from 'node:fs';
import { MARK } from '../model/mark.js';
import { MAX_TEXT_BYTES, type Content } from '../model/steps.js';

// The name may have become something else since `lstat`. O_NOFOLLOW: a symbolic link is text, and is never followed.
// O_NONBLOCK: opening a FIFO doesn't wait for a writer. Windows has neither flag, and no FIFOs.
const { O_NOFOLLOW = 0, O_NONBLOCK = 0, O_DIRECTORY = 0 } = fs.constants as Partial<typeof fs.constants>;

const READ_FLAGS = fs.constants.O_RDONLY | O_NOFOLLOW | O_NONBLOCK;

function notAFile(stats: fs.Stats): Content | undefined {
  if (stats.isSymbolicLink()) return { is: 'symlink' };
  if (stats.isDirectory()) return { is: 'directory' };
  if (stats.isFIFO()) return { is: 'other', what: 'a FIFO' };
  if (stats.isSocket()) return { is: 'other', what: 'a socket' };
  if (!stats.isFile()) return { is: 'other', what: 'a device' };
  if (stats.size > MAX_TEXT_BYTES) return { is: 'other', what: `a file of ${String(stats.size)} bytes` };
  return undefined;
}

function toContent(bytes: Buffer, mode: number): Content {
  const isMarked = (mode & MARK) !== 0;
  if (isMarked && bytes.includes(0)) return { is: 'file', text: '\0', isMarked }; // Whatever else a crash left in it.
  const whole = isMarked ? withoutCutCharacter(bytes) : bytes;
  if (!isUtf8(whole)) return { is: 'other', what: 'a file whose content is not text' };
  return { is: 'file', text: whole.toString(), ...(isMarked ? { isMarked } : {}) };
}

/** Without the character that the bytes end in the middle of, if they do: where a crash cut a text short. */
function withoutCutCharacter(bytes: Buffer): Buffer {
  const start = bytes.findLastIndex((byte) => (byte & 0xc0) !== 0x80);
  return isUtf8(bytes.subarray(start)) || bytes.length - start > 3 ? bytes : bytes.subarray(0, start);
}

/** A directory is opened to learn whether we may read it. Windows can't open directories. */
const mustBeOpened = (named: Content): boolean => named.is === 'directory' && O_DIRECTORY !== 0;

/**
 * Calls `lstat` before `open`: opening a FIFO wakes its writers, and opening some devices has effects. Then it checks
 * what it opened, because the name may have changed in between.
 */
export function readSync(path: string): Content {
  const stats = fs.lstatSync(path, { throwIfNoEntry: false }); // Finding nothing is common, and throwing is slow.
  if (stats === undefined) return { is: 'nothing' };
  const named = notAFile(stats);
  if (named !== undefined && !mustBeOpened(named)) return named;
  const descriptor = fs.openSync(path, READ_FLAGS);
  try {
    const stats = fs.fstatSync(descriptor);
    const other = notAFile(stats);
    if (other !== undefined) return other;
    const buffer = Buffer.allocUnsafe(MAX_TEXT_BYTES);
    return toContent(buffer.subarray(0, fs.readSync(descriptor, buffer, 0, MAX_TEXT_BYTES, 0)), stats.mode);
  } finally {
    fs.closeSync(descriptor);
  }
}

export async function read(path: string): Promise<Content> {
  const named = notAFile(await fs.promises.lstat(path));
  if (named !== undefined && !mustBeOpened(named)) return named;
  const file = await fs.promises.open(path, READ_FLAGS);
  try {
    const stats = await file.stat();
    const other = notAFile(stats);
    if (other !== undefined) return other;
    const buffer = Buffer.allocUnsafe(MAX_TEXT_BYTES);
    return toContent(
      buffer.subarray(0, (await file.read(buffer, 0, MAX_TEXT_BYTES, 0)).bytesRead),
      stats.mode,
    );
  } finally {
    await file.close();
  }
}

export function listSync(path: string, limit: number): string[] {
  const names: string[] = [];
  const directory = fs.opendirSync(path);
  try {
    for (let entry; names.length < limit && (entry = directory.readSync()) !== null;) names.push(entry.name);
  } finally {
    directory.closeSync();
  }
  return names;
}

export async function list(path: string, limit: number): Promise<string[]> {
  const names: string[] = [];
  const directory = await fs.promises.opendir(path);
  try {
    for (let entry; names.length < limit && (entry = await directory.read()) !== null;)
      names.push(entry.name);
  } finally {
    await directory.close();
  }
  return names;
}

/**
 * Creates a file with its text, or nothing: a file that can't be filled is removed again. `close` counts as well,
 * because network file systems and quotas report there what they could not write. The first error is thrown.
 */
export function createFileSync(path: string, text: string, mode: number): void {
  const descriptor = fs.openSync(path, 'wx', mode);
  let isOpen = true;
  try {
    fs.writeFileSync(descriptor, text);
    isOpen = false; // Also if `close` fails: Linux frees the descriptor in any case.
    fs.closeSync(descriptor);
  } catch (error) {
    if (isOpen) attemptSync(() => fs.closeSync(descriptor));
    attemptSync(() => fs.unlinkSync(path));
    throw error;
  }
}

export async function createFile(path: string, text: string, mode: number): Promise<void> {
  const file = await fs.promises.open(path, 'wx', mode);
  let isOpen = true;
  try {
    await file.writeFile(text);
    isOpen = false;
    await file.close();
  } catch (error) {
    if (isOpen) await file.close().catch(() => undefined);
    await fs.promises.unlink(path).catch(() => undefined);
    throw error;
  }
}

/** Cleans up after an error, which a second error must not hide. */
function attemptSync(cleanUp: () => void): void {
  try {
    cleanUp();
  } catch {
    // The file is ours and unfinished: the next sweep removes it when this process is dead.
  }
}

export function isSameFile(one: fs.BigIntStats, other: fs.BigIntStats): boolean {
  return one.ino !== 0n && one.ino === other.ino && one.dev === other.dev; // 0: a filesystem without inodes.
}
