/**
 * Executes a step on the real file system, synchronously and asynchronously, side by side.
 *
 * Rule: both forms make the same system calls and give the same answers. An error code that a step's answer can express
 * becomes that answer. Every other error is rethrown as it is.
 */
import * as fs from 'node:fs';
import { dirname } from 'node:path';
import { probe, probeSync } from '../system/beacon.js';
import { createFile, createFileSync, isSameFile, list, listSync, read, readSync } from './file-io.js';
import {
  isStaleHandle,
  isStaleListing,
  nameStaleHandle,
  withFreshHandle,
  withFreshHandleSync,
} from './stale-handle.js';
import type { Machine } from '../system/machine.js';
import { withDirectory, withDirectorySync } from '../system/directory-handle.js';
import type { Content, Step } from '../model/steps.js';
import { isBeforeBoot } from '../system/boot-time.js';
import { judgeHolder, judgeLost } from '../system/verdict.js';
import { judgePidAlone } from '../system/pid-verdict.js';

/** The steps that the file system or the machine answers. The driver answers `pause` and `backoff` itself. */
export type Call = Exclude<Step, { call: 'pause' | 'backoff' }>;

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? '';

/** Error codes that are answers, by call. */
const ANSWERS: { readonly [call in Call['call']]?: Readonly<Record<string, unknown>> } = {
  link: { EEXIST: 'exists', ENOENT: 'missing' },
  symlink: { EEXIST: 'exists' },
  mkdir: { EEXIST: 'exists' },
  rename: { ENOENT: 'missing', ENOTDIR: 'missing' },
  // EINVAL: no longer a symbolic link. ENOTDIR: the lock's directory is no longer a directory.
  readlink: { ENOENT: undefined, EINVAL: undefined, ENOTDIR: undefined },
  list: { ENOENT: undefined, ENOTDIR: undefined },
  sameFile: { ENOENT: false, ENOTDIR: false },
  age: { ENOENT: undefined, ENOTDIR: undefined },
  unlink: { ENOENT: false, ENOTDIR: false },
  rmdir: { ENOENT: false, ENOTDIR: false, ENOTEMPTY: false, EEXIST: false },
};

/** The step's answer for an error; rethrows an error that has none. */
function answerForError(step: Call, error: unknown): unknown {
  nameStaleHandle(error);
  const code = codeOf(error) === 'ESTALE' ? 'ENOENT' : codeOf(error); // STALE-2
  // A user who reads the error knows the lock's path, not the descriptor path that the call used.
  if (hasLockDirectory(step) && error instanceof Error)
    Object.assign(error, { path: step.call === 'rename' ? step.to : step.path });
  if (step.call === 'read') return contentForError(code, error);
  const answers = ANSWERS[step.call];
  if (answers === undefined || !(code in answers)) throw error;
  return answers[code];
}

/** What stands at a name that `lstat` or `open` refused. */
function contentForError(code: string, error: unknown): Content {
  if (code === 'ENOENT' || code === 'ENOTDIR') return { is: 'nothing' };
  if (code === 'ELOOP' || code === 'EMLINK') return { is: 'symlink' }; // EMLINK is FreeBSD's: open(2).
  if (code === 'EISDIR') return { is: 'directory' };
  if (code === 'ENXIO') return { is: 'other', what: 'a socket, or a device without a driver' };
  if (code === 'EAGAIN') return { is: 'other', what: 'a file under a lease or a mandatory lock' };
  // The last two come from the runtime, not from the system: Node's permission model, and Deno.
  const refusal = code === '' && error instanceof Error ? error.name : code;
  if (['EACCES', 'EPERM', 'ERR_ACCESS_DENIED', 'NotCapable'].includes(refusal))
    return { is: 'other', what: `something that we may not read (${refusal})` };
  throw error;
}

type StepInLockDirectory = Extract<Call, { lockDirectory?: unknown }> & { readonly lockDirectory: string };

/** Must this step reach its path through a handle of the lock directory? */
const hasLockDirectory = (step: Call): step is StepInLockDirectory =>
  'lockDirectory' in step && step.lockDirectory !== undefined;

/** The same step, with its path below another name of the lock directory. */
function withPathThrough(step: StepInLockDirectory, directory: string): Call {
  const reroute = (path: string) => directory + path.slice(step.lockDirectory.length);
  return step.call === 'rename' ? { ...step, to: reroute(step.to) } : { ...step, path: reroute(step.path) };
}

/** In milliseconds, by the file system's own clock if there is a witness. */
function ageOf(file: fs.Stats, witness: fs.Stats | undefined, path: string, machine: Machine): number {
  const now = witness?.mtimeMs ?? Date.now();
  const isOfEarlierBoot = isBeforeBoot(file.mtimeMs, now);
  return isOfEarlierBoot && machine.isLocal(dirname(path)) === true ? Infinity : now - file.mtimeMs;
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
      return ageOf(
        fs.lstatSync(step.path),
        step.witness === undefined ? undefined : fs.lstatSync(step.witness),
        step.path,
        machine,
      );
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
    case 'judgeLost':
      return judgeLost(machine, dirname(step.path));
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
      return ageOf(
        await fs.promises.lstat(step.path),
        step.witness === undefined ? undefined : await fs.promises.lstat(step.witness),
        step.path,
        machine,
      );
    case 'unlink':
      await fs.promises.unlink(step.path);
      return true;
    case 'rmdir':
      await fs.promises.rmdir(step.path);
      return true;
    case 'judge':
      // This reads /proc, which is memory: the thread pool would take longer than the call.
      return judgeHolder(step.record, machine, dirname(step.path), step.beacon);
    case 'judgePid':
      return judgePidAlone(step.pid, machine, dirname(step.path));
    case 'judgeLost':
      return judgeLost(machine, dirname(step.path));
    case 'probe':
      return await probe(step.path);
    case 'custom':
      return await step.async();
  }
}

/** Reads of this machine, and calls of a lock's author, have no handles that another machine could outdate. */
const WITHOUT_HANDLES: ReadonlySet<Call['call']> = new Set(['judge', 'judgePid', 'probe', 'custom']);

const stalenessOf = ({ call }: Call) => (call === 'list' ? isStaleListing : isStaleHandle);

function actThroughDirectorySync(step: Call, machine: Machine): unknown {
  return hasLockDirectory(step)
    ? withDirectorySync(step.lockDirectory, (directory) => actSync(withPathThrough(step, directory), machine))
    : actSync(step, machine);
}

async function actThroughDirectory(step: Call, machine: Machine): Promise<unknown> {
  return await (hasLockDirectory(step)
    ? withDirectory(step.lockDirectory, (directory) => act(withPathThrough(step, directory), machine))
    : act(step, machine));
}

export function executeSync(step: Call, machine: Machine): unknown {
  if (WITHOUT_HANDLES.has(step.call)) return actSync(step, machine);
  try {
    return withFreshHandleSync(() => actThroughDirectorySync(step, machine), stalenessOf(step)); // STALE-1
  } catch (error) {
    return answerForError(step, error);
  }
}

export async function execute(step: Call, machine: Machine): Promise<unknown> {
  if (WITHOUT_HANDLES.has(step.call)) return await act(step, machine);
  try {
    return await withFreshHandle(() => actThroughDirectory(step, machine), stalenessOf(step)); // STALE-1
  } catch (error) {
    return answerForError(step, error);
  }
}
