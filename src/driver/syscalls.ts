/**
 * A step, performed on the real filesystem: synchronously and asynchronously, side by side.
 *
 * Rule: both forms make the same system calls and give the same answers. Codes that a step's answer expresses are
 * turned into it; all others are thrown on as they came.
 */
import * as fs from 'node:fs';
import { dirname } from 'node:path';
import { probe, probeSync } from '../system/beacon.js';
import { createFile, createFileSync, isSameFile, list, listSync, read, readSync } from './file-io.js';
import type { Machine } from '../system/machine.js';
import { withDirectory, withDirectorySync } from '../system/directory-handle.js';
import type { Content, Step } from '../model/steps.js';
import { judgeHolder } from '../system/verdict.js';
import { judgePidAlone } from '../system/pid-verdict.js';

/** The steps that a filesystem or the machine answers; `pause` and `settle` are the driver's own. */
export type Call = Exclude<Step, { call: 'pause' | 'backoff' }>;

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? '';

/** The answers that are refusals in disguise, by call and code. */
const ANSWERS: { readonly [call in Call['call']]?: Readonly<Record<string, unknown>> } = {
  link: { EEXIST: 'exists', ENOENT: 'missing' },
  symlink: { EEXIST: 'exists' },
  mkdir: { EEXIST: 'exists' },
  rename: { ENOENT: 'missing', ENOTDIR: 'missing' },
  // EINVAL: not a link any more. ENOTDIR: the lock's directory is no directory any more.
  readlink: { ENOENT: undefined, EINVAL: undefined, ENOTDIR: undefined },
  list: { ENOENT: undefined, ENOTDIR: undefined },
  sameFile: { ENOENT: false, ENOTDIR: false },
  age: { ENOENT: undefined, ENOTDIR: undefined },
  unlink: { ENOENT: false, ENOTDIR: false },
  rmdir: { ENOENT: false, ENOTDIR: false, ENOTEMPTY: false, EEXIST: false },
};

/** The step's answer to a refusal; throws the refusal if it has none. */
function answerForError(step: Call, error: unknown): unknown {
  const code = codeOf(error);
  // The reader of the error knows the name, not the way that led there.
  if (hasLockDirectory(step) && error instanceof Error)
    Object.assign(error, { path: step.call === 'rename' ? step.to : step.path });
  if (step.call === 'read') return contentForError(code, error);
  const answers = ANSWERS[step.call];
  if (answers === undefined || !(code in answers)) throw error;
  return answers[code];
}

/** What a name that can't be looked at, or opened, is. */
function contentForError(code: string, error: unknown): Content {
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
type StepInLockDirectory = Extract<Call, { lockDirectory?: unknown }> & { readonly lockDirectory: string };

/** Is a step to be made by way of the lock directory that it is for? */
const hasLockDirectory = (step: Call): step is StepInLockDirectory =>
  'lockDirectory' in step && step.lockDirectory !== undefined;

/** The same step, its path told by way of another name of its directory. */
function withPathThrough(step: StepInLockDirectory, way: string): Call {
  const reroute = (path: string) => way + path.slice(step.lockDirectory.length);
  return step.call === 'rename' ? { ...step, to: reroute(step.to) } : { ...step, path: reroute(step.path) };
}

function actSync(step: Call, machine: Machine): unknown {
  switch (step.call) {
    case 'create':
      createFileSync(step.path, step.text, step.mode);
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
    case 'sameFile':
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
      return judgeHolder(step.record, machine, dirname(step.path), step.beacon);
    case 'judgePid':
      return judgePidAlone(step.pid, machine, dirname(step.path));
    case 'probe':
      return probeSync(step.path);
    case 'custom':
      return step.sync();
  }
}

async function act(step: Call, machine: Machine): Promise<unknown> {
  switch (step.call) {
    case 'create':
      await createFile(step.path, step.text, step.mode);
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
    case 'sameFile':
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
      return judgeHolder(step.record, machine, dirname(step.path), step.beacon);
    case 'judgePid':
      return judgePidAlone(step.pid, machine, dirname(step.path));
    case 'probe':
      return await probe(step.path);
    case 'custom':
      return await step.async();
  }
}

export function executeSync(step: Call, machine: Machine): unknown {
  try {
    return hasLockDirectory(step)
      ? withDirectorySync(step.lockDirectory, (way) => actSync(withPathThrough(step, way), machine))
      : actSync(step, machine);
  } catch (error) {
    return answerForError(step, error);
  }
}

export async function execute(step: Call, machine: Machine): Promise<unknown> {
  try {
    return await (hasLockDirectory(step)
      ? withDirectory(step.lockDirectory, (way) => act(withPathThrough(step, way), machine))
      : act(step, machine));
  } catch (error) {
    return answerForError(step, error);
  }
}
