/**
 * Replaces a file as a whole: at every moment, and after a crash of the machine, the path names the old file or the new
 * one, never a mix.
 *
 * Rule REPLACE-1: The new file is written and synced under a temporary name, and only then renamed to the file's name.
 * Rule REPLACE-2: The bytes are written by a call that continues after a short write. write-file-atomic writes once and
 * ignores how much was written: on a disk that is nearly full, it would replace a whole file by half of one. So it
 * writes an empty text, and the bytes are written after it has created its file, before it syncs and renames that.
 * Rule REPLACE-3: A rename is durable only once its directory is synced.
 * Rule REPLACE-4: Every temporary name contains `holdfast-` and a random token. The next holder of the file's lock
 * recognizes what a killed process left, and never takes a user's file for it. write-file-atomic appends a number to
 * its target, as log rotation does; so it gets a temporary name as its target, never the file's own name.
 *
 * Rule REPLACE-5: When the process exits, the temporary file is removed before the lock is released. The thread pool
 * completes a call that it has got, also after the exit hooks:
 *
 *     P.1 rename(temporary, file) waits in the thread pool; process.exit(); the lock is released
 *     Q.1 acquires the lock, replaces the file, releases
 *     P.2 the thread pool renames: Q's update is lost
 *
 * The names are removed in the order in which the file gets them, so that a rename that is under way moves it to a name
 * that is removed next, or finds nothing.
 *
 * The caller holds the lock of the file. A symbolic link is followed (TARGET-1).
 */
import * as fs from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { beforeExitRelease } from '../lock/exit-hook.js';
import { randomBytes } from '../system/random-bytes.js';
import { keepOwner, keepOwnerSync } from './owner.js';
import { attempt, resolveTarget, resolveTargetSync } from './target.js';
import { loadWriteFileAtomic } from './write-file-atomic.js';

const MARK = 'holdfast-';

/** How a temporary name ends: of a finished file or, with a number, of one that write-file-atomic is writing. */
const TEMPORARY_SUFFIX = new RegExp(`^\\.${MARK}[0-9a-f]{24}(?:\\.\\d+)?$`);

/** What write-file-atomic itself writes (REPLACE-2). */
const EMPTY = '';

/** Replaces a file. `mode` applies to a new file; an existing one keeps its mode, its owner and its group. */
export async function replace(path: string, bytes: Uint8Array, mode?: number): Promise<void> {
  const target = await resolveTarget(path);
  const temporary = temporaryPathFor(target);
  const names = [temporary];
  const endExitCleanUp = beforeExitRelease(() => {
    removeAll(names);
  });
  try {
    const stats = await fs.promises.stat(target).catch(() => undefined);
    const fill = async (created: string) => {
      names.unshift(created); // REPLACE-5: before the name that it gets next.
      if (stats !== undefined) await keepOwner(created, stats); // First: the bytes are for this group.
      await fs.promises.writeFile(created, bytes, { flag: 'r+' });
    };
    // A promise is awaited here, though the types don't say so.
    const tmpfileCreated = fill as (created: string) => unknown;
    await loadWriteFileAtomic()(temporary, EMPTY, { mode: stats?.mode ?? mode, tmpfileCreated });
    await fs.promises.rename(temporary, target);
  } catch (error) {
    removeAll(names);
    throw explain(error, target);
  } finally {
    endExitCleanUp();
  }
  await syncDirectory(dirname(target));
}

/** The synchronous form of `replace`. */
export function replaceSync(path: string, bytes: Uint8Array, mode?: number): void {
  const target = resolveTargetSync(path);
  const temporary = temporaryPathFor(target);
  try {
    const stats = attempt(() => fs.statSync(target));
    const tmpfileCreated = (created: string) => {
      if (stats !== undefined) keepOwnerSync(created, stats);
      fs.writeFileSync(created, bytes, { flag: 'r+' });
    };
    loadWriteFileAtomic().sync(temporary, EMPTY, { mode: stats?.mode ?? mode, tmpfileCreated });
    fs.renameSync(temporary, target);
  } catch (error) {
    removeAll([temporary]);
    throw explain(error, target);
  }
  syncDirectorySync(dirname(target));
}

/** Never throws: a refusal must not hide the error that made the files useless. */
function removeAll(names: readonly string[]): void {
  for (const name of names) attempt(() => fs.rmSync(name, { force: true }));
}

/** Says what to do about a mount point, which the system refuses to replace without saying that it is one. */
function explain(error: unknown, target: string): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (code !== 'EBUSY' || syscall !== 'rename' || process.platform === 'win32') return error;
  const message =
    `${target} can't be replaced, because it is a mount point, such as a single file that is mounted into a ` +
    `container. Mount its directory instead (EBUSY)`;
  return Object.assign(new Error(message, { cause: error }), { code, syscall, path: target });
}

/**
 * Removes the temporary files of processes that were killed while they replaced this file (REPLACE-4). Never throws: a
 * directory that can't be listed must not prevent the update.
 */
export async function sweepReplacements(path: string): Promise<void> {
  try {
    const target = await resolveTarget(path);
    for (const leftover of leftoversFor(target, await fs.promises.readdir(dirname(target))))
      await fs.promises.rm(leftover, { force: true });
  } catch {
    // The next holder tries again.
  }
}

/** The synchronous form of `sweepReplacements`. */
export function sweepReplacementsSync(path: string): void {
  try {
    const target = resolveTargetSync(path);
    for (const leftover of leftoversFor(target, fs.readdirSync(dirname(target))))
      fs.rmSync(leftover, { force: true });
  } catch {
    // The next holder tries again.
  }
}

function temporaryPathFor(target: string): string {
  return `${target}.${MARK}${randomBytes(12).toString('hex')}`;
}

function leftoversFor(target: string, names: readonly string[]): string[] {
  const base = basename(target);
  return names
    .filter((name) => name.startsWith(base) && TEMPORARY_SUFFIX.test(name.slice(base.length)))
    .map((name) => join(dirname(target), name));
}

/** Applies REPLACE-3. The file is in place already, so a system that can't sync directories is no error. */
async function syncDirectory(path: string): Promise<void> {
  try {
    const directory = await fs.promises.open(path, 'r');
    await directory.sync().finally(() => directory.close());
  } catch (error) {
    rethrowUnlessUnsupported(error);
  }
}

function syncDirectorySync(path: string): void {
  try {
    const directory = fs.openSync(path, 'r');
    try {
      fs.fsyncSync(directory);
    } finally {
      fs.closeSync(directory);
    }
  } catch (error) {
    rethrowUnlessUnsupported(error);
  }
}

/** Windows can't open directories, some file systems can't sync them, and a writable directory may be unreadable. */
const NO_SYNC: ReadonlySet<unknown> = new Set(['EACCES', 'EINVAL', 'EISDIR', 'ENOTSUP', 'EPERM']);

function rethrowUnlessUnsupported(error: unknown): void {
  if (!NO_SYNC.has((error as NodeJS.ErrnoException).code)) throw error;
}
