/**
 * A step, performed on the real filesystem: synchronously and asynchronously, side by side.
 *
 * Rule: both forms make the same system calls and give the same answers. Codes that a step's answer expresses are
 * turned into it; all others are thrown on as they came.
 */
import { isUtf8 } from 'node:buffer';
import * as fs from 'node:fs';
import { dirname } from 'node:path';
import { ask, askSync } from '../system/beacon.js';
import type { Machine } from '../system/machine.js';
import { throughDirectory, throughDirectorySync } from '../system/directory-handle.js';
import { TEXT_LIMIT, type Content, type Step } from '../model/steps.js';
import { judgeHolder } from '../system/verdict.js';
import { judgeWriter } from '../system/pid-verdict.js';

/** The steps that a filesystem or the machine answers; `pause` and `settle` are the driver's own. */
export type Call = Exclude<Step, { call: 'pause' | 'settle' }>;

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? '';

/** The answers that are refusals in disguise, by call and code. */
const REFUSALS: { readonly [call in Call['call']]?: Readonly<Record<string, unknown>> } = {
  link: { EEXIST: 'exists', ENOENT: 'missing' },
  symlink: { EEXIST: 'exists' },
  mkdir: { EEXIST: 'exists' },
  rename: { ENOENT: 'missing', ENOTDIR: 'missing' },
  // EINVAL: not a link any more. ENOTDIR: the lock's directory is no directory any more.
  readlink: { ENOENT: undefined, EINVAL: undefined, ENOTDIR: undefined },
  list: { ENOENT: undefined, ENOTDIR: undefined },
  same: { ENOENT: false, ENOTDIR: false },
  age: { ENOENT: undefined, ENOTDIR: undefined },
  unlink: { ENOENT: false, ENOTDIR: false },
  rmdir: { ENOENT: false, ENOTDIR: false, ENOTEMPTY: false, EEXIST: false },
};

/** The step's answer to a refusal; throws the refusal if it has none. */
function refused(step: Call, error: unknown): unknown {
  const code = codeOf(error);
  // The reader of the error knows the name, not the way that led there.
  if (isWithin(step) && error instanceof Error)
    Object.assign(error, { path: step.call === 'rename' ? step.to : step.path });
  if (step.call === 'read') return unopened(code, error);
  const answers = REFUSALS[step.call];
  if (answers === undefined || !(code in answers)) throw error;
  return answers[code];
}

/** What a name that can't be looked at, or opened, is. */
function unopened(code: string, error: unknown): Content {
  if (code === 'ENOENT' || code === 'ENOTDIR') return { is: 'nothing' };
  if (code === 'ELOOP' || code === 'EMLINK') return { is: 'symlink' }; // EMLINK is FreeBSD's: open(2).
  if (code === 'EISDIR') return { is: 'directory' };
  if (code === 'ENXIO') return { is: 'other', what: 'a socket, or a device without a driver' };
  if (code === 'EAGAIN') return { is: 'other', what: 'a file under a lease or a mandatory lock' };
  // The last two are refusals of the runtime, not of the system: of Node's permission model, and of Deno.
  const refusal = code === '' && error instanceof Error ? error.name : code;
  if (['EACCES', 'EPERM', 'ERR_ACCESS_DENIED', 'NotCapable'].includes(refusal))
    return { is: 'other', what: `something that we may not read (${refusal})` };
  throw error;
}

// For what became something else since we looked. O_NOFOLLOW: a link is text, and never followed. O_NONBLOCK: opening
// a FIFO waits for nobody. Windows knows neither, nor FIFOs.
const { O_NOFOLLOW = 0, O_NONBLOCK = 0, O_DIRECTORY = 0 } = fs.constants as Partial<typeof fs.constants>;
const READ_FLAGS = fs.constants.O_RDONLY | O_NOFOLLOW | O_NONBLOCK;

function notAFile(stats: fs.Stats): Content | undefined {
  if (stats.isSymbolicLink()) return { is: 'symlink' };
  if (stats.isDirectory()) return { is: 'directory' };
  if (stats.isFIFO()) return { is: 'other', what: 'a FIFO' };
  if (stats.isSocket()) return { is: 'other', what: 'a socket' };
  if (!stats.isFile()) return { is: 'other', what: 'a device' };
  if (stats.size > TEXT_LIMIT) return { is: 'other', what: `a file of ${String(stats.size)} bytes` };
  return undefined;
}

function toText(buffer: Buffer): Content {
  return isUtf8(buffer)
    ? { is: 'file', text: buffer.toString() }
    : { is: 'other', what: 'a file whose content is not text' };
}

/** A directory, to see whether we may read it; not by its name, which may be a link's by now. Windows opens none. */
const isToBeOpened = (named: Content): boolean => named.is === 'directory' && O_DIRECTORY !== 0;

/**
 * Looks before it opens: opening a FIFO wakes whoever waits to write to it, and opening some devices acts. What was
 * opened is looked at again, since the name may have changed hands.
 */
function readSync(path: string): Content {
  const stats = fs.lstatSync(path, { throwIfNoEntry: false }); // To find nothing is common, and a throw takes long.
  if (stats === undefined) return { is: 'nothing' };
  const named = notAFile(stats);
  if (named !== undefined && !isToBeOpened(named)) return named;
  const descriptor = fs.openSync(path, READ_FLAGS);
  try {
    const other = notAFile(fs.fstatSync(descriptor));
    if (other !== undefined) return other;
    const buffer = Buffer.allocUnsafe(TEXT_LIMIT);
    return toText(buffer.subarray(0, fs.readSync(descriptor, buffer, 0, TEXT_LIMIT, 0)));
  } finally {
    fs.closeSync(descriptor);
  }
}

async function read(path: string): Promise<Content> {
  const named = notAFile(await fs.promises.lstat(path));
  if (named !== undefined && !isToBeOpened(named)) return named;
  const file = await fs.promises.open(path, READ_FLAGS);
  try {
    const other = notAFile(await file.stat());
    if (other !== undefined) return other;
    const buffer = Buffer.allocUnsafe(TEXT_LIMIT);
    return toText(buffer.subarray(0, (await file.read(buffer, 0, TEXT_LIMIT, 0)).bytesRead));
  } finally {
    await file.close();
  }
}

function listSync(path: string, limit: number): string[] {
  const names: string[] = [];
  const directory = fs.opendirSync(path);
  try {
    for (let entry; names.length < limit && (entry = directory.readSync()) !== null;) names.push(entry.name);
  } finally {
    directory.closeSync();
  }
  return names;
}

async function list(path: string, limit: number): Promise<string[]> {
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

/** Makes a new file with its text, or nothing: a file that could not be filled is removed again. */
function stageSync(path: string, text: string, mode: number): void {
  const descriptor = fs.openSync(path, 'wx', mode);
  try {
    fs.writeFileSync(descriptor, text);
  } catch (error) {
    fs.unlinkSync(path);
    throw error;
  } finally {
    fs.closeSync(descriptor);
  }
}

async function stage(path: string, text: string, mode: number): Promise<void> {
  const file = await fs.promises.open(path, 'wx', mode);
  try {
    await file.writeFile(text);
  } catch (error) {
    await fs.promises.unlink(path);
    throw error;
  } finally {
    await file.close();
  }
}

function isSameFile(one: fs.BigIntStats, other: fs.BigIntStats): boolean {
  return one.ino !== 0n && one.ino === other.ino && one.dev === other.dev; // 0: a filesystem without inodes.
}

type StepWithin = Extract<Call, { within?: unknown }> & { readonly within: string };

/** Is a step to be made by way of the lock directory that it is for? */
const isWithin = (step: Call): step is StepWithin => 'within' in step && step.within !== undefined;

/** The same step, its path told by way of another name of its directory. */
function rerouted(step: StepWithin, way: string): Call {
  const reroute = (path: string) => way + path.slice(step.within.length);
  return step.call === 'rename' ? { ...step, to: reroute(step.to) } : { ...step, path: reroute(step.path) };
}

function actSync(step: Call, machine: Machine): unknown {
  switch (step.call) {
    case 'stage':
      stageSync(step.path, step.text, step.mode);
      return undefined;
    case 'link':
      fs.linkSync(step.from, step.to);
      return 'made';
    case 'symlink':
      fs.symlinkSync(step.text, step.path);
      return 'made';
    case 'mkdir':
      fs.mkdirSync(step.path, step.mode);
      return 'made';
    case 'rename':
      fs.renameSync(step.from, step.to);
      return 'moved';
    case 'read':
      return readSync(step.path);
    case 'readlink':
      return fs.readlinkSync(step.path);
    case 'list':
      return listSync(step.path, step.limit);
    case 'same':
      return isSameFile(
        fs.lstatSync(step.path, { bigint: true }),
        fs.lstatSync(step.other, { bigint: true }),
      );
    case 'age':
      return fs.lstatSync(step.witness).mtimeMs - fs.lstatSync(step.path).mtimeMs;
    case 'unlink':
      fs.unlinkSync(step.path);
      return true;
    case 'rmdir':
      fs.rmdirSync(step.path);
      return true;
    case 'judge':
      return judgeHolder(step.record, machine, dirname(step.path), step.signal);
    case 'judgePid':
      return judgeWriter(step.pid, machine, dirname(step.path));
    case 'signal':
      return askSync(step.path);
    case 'ask':
      return step.sync();
  }
}

async function act(step: Call, machine: Machine): Promise<unknown> {
  switch (step.call) {
    case 'stage':
      await stage(step.path, step.text, step.mode);
      return undefined;
    case 'link':
      await fs.promises.link(step.from, step.to);
      return 'made';
    case 'symlink':
      await fs.promises.symlink(step.text, step.path);
      return 'made';
    case 'mkdir':
      await fs.promises.mkdir(step.path, step.mode);
      return 'made';
    case 'rename':
      await fs.promises.rename(step.from, step.to);
      return 'moved';
    case 'read':
      return await read(step.path);
    case 'readlink':
      return await fs.promises.readlink(step.path);
    case 'list':
      return await list(step.path, step.limit);
    case 'same':
      return isSameFile(
        await fs.promises.lstat(step.path, { bigint: true }),
        await fs.promises.lstat(step.other, { bigint: true }),
      );
    case 'age':
      return (await fs.promises.lstat(step.witness)).mtimeMs - (await fs.promises.lstat(step.path)).mtimeMs;
    case 'unlink':
      await fs.promises.unlink(step.path);
      return true;
    case 'rmdir':
      await fs.promises.rmdir(step.path);
      return true;
    case 'judge':
      // Reads /proc, which is memory: dearer to hand to another thread than to do.
      return judgeHolder(step.record, machine, dirname(step.path), step.signal);
    case 'judgePid':
      return judgeWriter(step.pid, machine, dirname(step.path));
    case 'signal':
      return await ask(step.path);
    case 'ask':
      return await step.async();
  }
}

export function performSync(step: Call, machine: Machine): unknown {
  try {
    return isWithin(step)
      ? throughDirectorySync(step.within, (way) => actSync(rerouted(step, way), machine))
      : actSync(step, machine);
  } catch (error) {
    return refused(step, error);
  }
}

export async function perform(step: Call, machine: Machine): Promise<unknown> {
  try {
    return await (isWithin(step)
      ? throughDirectory(step.within, (way) => act(rerouted(step, way), machine))
      : act(step, machine));
  } catch (error) {
    return refused(step, error);
  }
}
