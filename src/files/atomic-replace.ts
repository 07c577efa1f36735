/**
 * A file replaced whole: at every moment, and after a crash of the machine, it is the old one or the new one.
 *
 * Rule REPLACE-1: the new file is finished and on the disk under a name of its own, and only then gets the file's name.
 * Rule REPLACE-2: its bytes are written by a call that goes on after a short write. write-file-atomic writes once and doesn't
 * look how much was written: on a disk that is nearly full that puts half a file in the place of a whole one. So it is
 * given nothing to write, and the bytes are written when it has made its file, before it syncs and renames that.
 * Rule REPLACE-3: a rename is on the disk when its directory is.
 * Rule REPLACE-4: every name made here holds our mark and a random token, so that what a killed process left is known as
 * that to the next who holds the file's lock, and to nobody a file of the user's. write-file-atomic's own names are
 * the file's and a number, like those of rotated logs, so it is let at a name of ours, and not at the file's.
 *
 * The caller holds the lock of the file. A symbolic link is followed to the file that it leads to; one that leads
 * nowhere is replaced.
 */
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { onExit } from 'signal-exit';
import writeFileAtomic, { type Options } from 'write-file-atomic';

const MARK = 'holdfast-';

/** The end of a finished file's name or, with a number, of one that write-file-atomic has not finished. */
const OWN_END = new RegExp(`^\\.${MARK}[0-9a-f]{24}(?:\\.\\d+)?$`);

/** Nothing, for write-file-atomic to write (REPLACE-2). */
const NOTHING = '';

/** `mode` is for a file that doesn't exist; one that does keeps its own, and its owner. */
export async function replace(path: string, bytes: Uint8Array, mode?: number): Promise<void> {
  const target = await fs.promises.realpath(path).catch(() => path);
  const staged = temporaryPathFor(target);
  const forget = onExit(() => {
    fs.rmSync(staged, { force: true });
  });
  try {
    const stats = await fs.promises.stat(target).catch(() => undefined);
    // The types don't say that a promise is awaited; it is.
    const tmpfileCreated = (made: string) => fs.promises.writeFile(made, bytes, { flag: 'r+' }) as unknown;
    await writeFileAtomic(staged, NOTHING, { ...attributes(stats, mode), tmpfileCreated });
    await fs.promises.rename(staged, target);
  } catch (error) {
    await fs.promises.rm(staged, { force: true });
    throw error;
  } finally {
    forget();
  }
  await syncDirectory(dirname(target));
}

/** The synchronous form of `replace`. */
export function replaceSync(path: string, bytes: Uint8Array, mode?: number): void {
  const target = attempt(() => fs.realpathSync(path)) ?? path;
  const staged = temporaryPathFor(target);
  try {
    const stats = attempt(() => fs.statSync(target));
    const tmpfileCreated = (made: string) => {
      fs.writeFileSync(made, bytes, { flag: 'r+' });
    };
    writeFileAtomic.sync(staged, NOTHING, { ...attributes(stats, mode), tmpfileCreated });
    fs.renameSync(staged, target);
  } catch (error) {
    fs.rmSync(staged, { force: true });
    throw error;
  }
  syncDirectorySync(dirname(target));
}

/**
 * Removes what those left who were killed while they replaced this file (REPLACE-4). Never throws: a directory that we may not
 * list is no reason to leave the file as it is.
 */
export async function sweepReplacements(path: string): Promise<void> {
  try {
    const target = await fs.promises.realpath(path).catch(() => path);
    for (const left of leftoversOf(target, await fs.promises.readdir(dirname(target))))
      await fs.promises.rm(left, { force: true });
  } catch {
    // It stays for the next.
  }
}

/** The synchronous form of `sweepReplacements`. */
export function sweepReplacementsSync(path: string): void {
  try {
    const target = attempt(() => fs.realpathSync(path)) ?? path;
    for (const left of leftoversOf(target, fs.readdirSync(dirname(target)))) fs.rmSync(left, { force: true });
  } catch {
    // It stays for the next.
  }
}

function temporaryPathFor(target: string): string {
  return `${target}.${MARK}${randomBytes(12).toString('hex')}`;
}

function leftoversOf(target: string, names: readonly string[]): string[] {
  const base = basename(target);
  return names
    .filter((name) => name.startsWith(base) && OWN_END.test(name.slice(base.length)))
    .map((name) => join(dirname(target), name));
}

function attributes(stats: fs.Stats | undefined, mode: number | undefined): Options {
  return stats === undefined ? { mode } : { mode: stats.mode, chown: { uid: stats.uid, gid: stats.gid } };
}

function attempt<T>(ask: () => T): T | undefined {
  try {
    return ask();
  } catch {
    return undefined;
  }
}

/** REPLACE-3; but the file is in place by now, so no refusal counts that comes of a system's way with directories. */
async function syncDirectory(path: string): Promise<void> {
  try {
    const directory = await fs.promises.open(path, 'r');
    await directory.sync().finally(() => directory.close());
  } catch (error) {
    checkNotSynced(error);
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
    checkNotSynced(error);
  }
}

/** Windows opens no directories, some file systems sync none, and one that we may write in we may not be let read. */
const NO_SYNC: ReadonlySet<unknown> = new Set(['EACCES', 'EINVAL', 'EISDIR', 'ENOTSUP', 'EPERM']);

function checkNotSynced(error: unknown): void {
  if (!NO_SYNC.has((error as NodeJS.ErrnoException).code)) throw error;
}
