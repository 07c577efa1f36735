/**
 * What this machine can tell: who we are, whether a process or a thread lives, whether a disk is its own.
 *
 * Rule MACHINE-1: what can't be told is absent from the answer, and never guessed.
 */
import { hostname } from 'node:os';
import { isMainThread, threadId } from 'node:worker_threads';
import { isLocalDisk } from './local-disk.js';
import { bootId, namespace, ownTask, processStatus, taskStatus } from './proc.js';
import type { HolderRecord } from '../model/record.js';

/** What a record says of its maker. */
export type Identity = Omit<
  HolderRecord,
  'token' | 'since' | 'note' | 'thread' | 'local' | 'beacon' | 'lifeline'
> & {
  readonly thread: number;
};

/** `gone`: no such process. `there`: one exists, and this is what is known of it. `untold`: we may not ask. */
export type ProcessState =
  { is: 'gone' } | { is: 'there'; started?: string; zombie: boolean } | { is: 'untold' };

/** The same of a thread. `ending`: it runs no code any more. */
export type TaskState = { is: 'gone' } | { is: 'there'; started?: string; ending: boolean };

/** The questions that a verdict asks. Tests for other systems answer them otherwise. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  self(): Identity;
  process(pid: number): ProcessState;
  /** A thread of a process that exists. */
  task(pid: number, task: number): TaskState;
  /** Is the disk of `path` used by one running kernel at a time? `undefined` when that can't be told. */
  isLocal(path: string): boolean | undefined;
}

let identity: Identity | undefined;

function identify(): Identity {
  const boot = bootId();
  const task = isMainThread ? undefined : ownTask(); // The main thread ends with its process.
  const taskStatusNow = task === undefined ? undefined : taskStatus(process.pid, task);
  return withoutUndefined({
    pid: process.pid,
    thread: threadId,
    task,
    taskStarted: typeof taskStatusNow === 'object' ? taskStatusNow.started : undefined,
    host: hostname(),
    boot: boot?.id,
    replacedBoot: boot?.replaced === true ? (true as const) : undefined,
    pidNamespace: namespace('pid'),
    timeNamespace: namespace('time'),
    started: processStatus(process.pid)?.started,
  });
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** Without the fields that are `undefined`: MACHINE-1. */
function withoutUndefined<T extends object>(fields: T): Defined<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;
}

/** For how long a process that lived is taken to live still: within one acquire, looks follow each other closely. */
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
  return { is: 'there', started, zombie: state === 'X' || (state === 'Z' && threads <= 1) };
}

/** Of a process that /proc doesn't show: it may be gone, or hidden. */
function probeProcess(pid: number): ProcessState {
  try {
    process.kill(pid, 0); // Signal 0 asks and sends nothing: kill(2).
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ESRCH') return { is: 'gone' };
    // EPERM: another user's. Any other code is no answer: Deno's permissions refuse the question.
    if (code !== 'EPERM') return { is: 'untold' };
  }
  return { is: 'there', zombie: false };
}

function taskState(pid: number, task: number): TaskState {
  // Where /proc hides others' processes, none of its threads are there either, and that means nothing.
  if (processStatus(pid) === undefined) return { is: 'there', ending: false };
  const status = taskStatus(pid, task);
  if (status === 'gone') return { is: 'gone' };
  return status === undefined
    ? { is: 'there', ending: false }
    : { is: 'there', started: status.started, ending: status.ending };
}

/** This machine, asked for real. What can't change while a thread lives is asked once. */
export const thisMachine: Machine = {
  platform: process.platform,
  self: () => (identity ??= identify()),
  process: processState,
  task: taskState,
  isLocal: isLocalDisk,
};

/** Is the maker of a record this very process, whichever of its threads? */
export function isThisProcess(record: HolderRecord): boolean {
  const here = thisMachine.self();
  return (
    record.pid === here.pid &&
    record.boot === here.boot &&
    record.started === here.started &&
    record.pidNamespace === here.pidNamespace &&
    // Without a boot id nothing else tells this machine from one that shares the directory.
    (record.boot !== undefined || record.host === here.host)
  );
}
