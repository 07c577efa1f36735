/**
 * Facts about this machine: the identity of this thread, whether a process or thread lives, whether a disk is local.
 *
 * Rule MACHINE-1: A fact that can't be determined is absent from the answer. Nothing is guessed.
 */
import { hostname } from 'node:os';
import { isMainThread, threadId } from 'node:worker_threads';
import { imageOf } from './process-image.js';
import { deviceOf, isLocalDisk, isVolatileDisk } from './local-disk.js';
import { bootId, namespace, ownStatus, ownTask, processStatus, taskStatus } from './proc.js';
import type { HolderRecord } from '../model/record.js';

/** The fields of a record that identify the thread that made it. */
export type Identity = Omit<
  HolderRecord,
  'token' | 'since' | 'note' | 'thread' | 'local' | 'beacon' | 'device' | 'lifeline'
> & {
  readonly thread: number;
};

/** `gone`: no such process. `there`: one exists, with what is known about it. `unknown`: we may not ask. */
export type ProcessState =
  { is: 'gone' } | { is: 'there'; started?: string; image?: string; zombie: boolean } | { is: 'unknown' };

/** The same for a thread. `ending`: none of its code runs any more. */
export type TaskState = { is: 'gone' } | { is: 'there'; started?: string; ending: boolean };

/** What a verdict needs to know. Tests pass other answers to stand for other systems. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  self(): Identity;
  process(pid: number): ProcessState;
  /** A thread of a process that exists. */
  task(pid: number, task: number): TaskState;
  /** Is the disk of `path` used by one running kernel at a time? `undefined` if that can't be determined. */
  isLocal(path: string): boolean | undefined;
  /** Does the disk of `path` lose its files when its kernel ends? */
  isVolatile(path: string): boolean;
  /** The device of the directory `path`; `undefined` if that can't be determined. */
  device(path: string): number | undefined;
}

let identity: Identity | undefined;

/** @throws if the system lacks the means for the moment (PROC-3); the next call tries again. */
function identify(): Identity {
  const boot = bootId();
  const status = ownStatus();
  const task = isMainThread ? undefined : ownTask(); // The main thread ends with its process.
  return withoutUndefined({
    pid: process.pid,
    thread: threadId,
    task,
    taskStarted: task === undefined ? undefined : ownStatus(task)?.started,
    host: hostname(),
    boot: boot?.id,
    replacedBoot: boot?.replaced === true ? (true as const) : undefined,
    pidNamespace: namespace('pid'),
    timeNamespace: namespace('time'),
    started: status?.started,
    image: imageOf(status),
  });
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** Without the fields that are `undefined`: MACHINE-1. */
function withoutUndefined<T extends object>(fields: T): Defined<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;
}

/** How long an answer that a process lives is reused: within one acquire, checks follow each other closely. */
const FRESH_MS = 1;

let recent: { readonly pid: number; readonly at: number; readonly state: ProcessState } | undefined;

function processState(pid: number): ProcessState {
  const at = performance.now();
  if (recent?.pid === pid && at - recent.at < FRESH_MS) return recent.state;
  const state = readProcessState(pid);
  recent = state.is === 'there' && !state.zombie ? { pid, at, state } : undefined;
  return state;
}

function readProcessState(pid: number): ProcessState {
  const status = processStatus(pid);
  if (status === undefined) return probeProcess(pid);
  const { state, threads, started } = status;
  // A leader that has exited under a living thread shows Z as well: only the last thread's end is the process's.
  const zombie = state === 'X' || (state === 'Z' && threads <= 1);
  const image = imageOf(status);
  return { is: 'there', started, zombie, ...(image === undefined ? undefined : { image }) };
}

/** Checks a process that /proc doesn't show: it may be gone, or hidden. */
function probeProcess(pid: number): ProcessState {
  try {
    process.kill(pid, 0); // Signal 0 only checks: kill(2).
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ESRCH') return { is: 'gone' };
    // EPERM: another user's process. Any other code is no answer: Deno's permissions may refuse `process.kill`.
    if (code !== 'EPERM') return { is: 'unknown' };
  }
  return { is: 'there', zombie: false };
}

function taskState(pid: number, task: number): TaskState {
  // If /proc hides the process (hidepid), it hides its threads too, and a missing thread proves nothing.
  if (processStatus(pid) === undefined) return { is: 'there', ending: false };
  const status = taskStatus(pid, task);
  if (status === 'gone') return { is: 'gone' };
  return status === undefined
    ? { is: 'there', ending: false }
    : { is: 'there', started: status.started, ending: status.ending };
}

/** This machine. What can't change while a thread lives is read once. */
export const thisMachine: Machine = {
  platform: process.platform,
  self: () => (identity ??= identify()),
  process: processState,
  task: taskState,
  isLocal: isLocalDisk,
  isVolatile: isVolatileDisk,
  device: deviceOf,
};

/** Was a record made by this process, in any of its threads, and by the program that it runs now? */
export function isThisProcess(record: HolderRecord): boolean {
  const here = thisMachine.self();
  return (
    record.pid === here.pid &&
    record.boot === here.boot &&
    record.started === here.started &&
    !differ(record.image, here.image) &&
    record.pidNamespace === here.pidNamespace &&
    // Without a boot id, only the host name distinguishes machines that share a directory.
    (record.boot !== undefined || record.host === here.host)
  );
}

/** Was a record made by this very thread? */
export function isThisThread(record: HolderRecord): boolean {
  return record.thread === thisMachine.self().thread && isThisProcess(record);
}

/** True if both values are known and not the same. */
export function differ(one: string | undefined, other: string | undefined): boolean {
  return one !== undefined && other !== undefined && one !== other;
}
