/**
 * What Linux tells in /proc: who we are, and what is known of a process or a thread.
 *
 * Rule PROC-1: what can't be told is absent from the answer, and never guessed.
 * Rule PROC-2: the numbers in /proc are those of the PID namespace that it was mounted in. If that isn't ours, they name
 * other processes, and are not read.
 */
import { closeSync, openSync, readFileSync, readSync, readlinkSync, statSync } from 'node:fs';

export function present<T>(ask: () => T): T | undefined {
  try {
    return ask();
  } catch {
    return undefined;
  }
}

/** What stat says of a process or a thread: proc_pid_stat(5). */
export interface Status {
  /** One letter; Z is a zombie. */
  readonly state: string;
  /** The kernel is ending it: none of its own code ever runs again. */
  readonly ending: boolean;
  /** Threads of its process. */
  readonly threads: number;
  /** Since the boot, in the reader's time namespace, in ticks. */
  readonly started: string;
}

// Numbered as in proc_pid_stat(5), less the two fields before.
const STATE = 3 - 3;
const FLAGS = 9 - 3;
const THREADS = 20 - 3;
const STARTED = 22 - 3;

/** PF_EXITING of linux/sched.h, the same since 1994. */
const ENDING = 0x4;

/** Where the name before the fields ends: it may hold blanks and brackets, so count from the last bracket. */
function parseStatus(text: string): Status | undefined {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const { [STATE]: state, [STARTED]: started } = fields;
  if (state === undefined || started === undefined) return undefined;
  return { state, ending: (Number(fields[FLAGS]) & ENDING) !== 0, threads: Number(fields[THREADS]), started };
}

/** Read in one call, and into one buffer: this is asked at every look at a lock that is held. */
const buffer = Buffer.alloc(1_024);

function readStatus(path: string): Status | undefined {
  const descriptor = openSync(path, 'r');
  try {
    return parseStatus(buffer.toString('latin1', 0, readSync(descriptor, buffer)));
  } finally {
    closeSync(descriptor);
  }
}

/** Is /proc that of our own PID namespace? PROC-2 */
const procIsOurs = (): boolean => present(() => readlinkSync('/proc/self')) === String(process.pid);

/** Of a process that exists; `undefined` if /proc doesn't show it. */
export function processStatus(pid: number): Status | undefined {
  return procIsOurs() ? present(() => readStatus(`/proc/${pid}/stat`)) : undefined;
}

/** Of one thread of a process that /proc shows; `gone` if it has none of that number. */
export function taskStatus(pid: number, task: number): Status | 'gone' | undefined {
  if (!procIsOurs()) return undefined;
  try {
    return readStatus(`/proc/${pid}/task/${task}/stat`);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // ESRCH: it ended between open and read.
    return code === 'ENOENT' || code === 'ESRCH' ? 'gone' : undefined;
  }
}

/** The kernel's number of the thread that asks. The link is made for whoever reads it, and a sync call is the asker. */
export function ownTask(): number | undefined {
  const [pid, task] = present(() => readlinkSync('/proc/thread-self'))?.split('/task/') ?? [];
  return pid === String(process.pid) && task !== undefined ? Number(task) : undefined;
}

/** PROC_PID_INIT_INO of linux/proc_ns.h, the same in every Linux: outside of it we are in a container. */
export const INITIAL_PID_NAMESPACE = '4026531836';

/** The inode of one of our namespaces: its identity for as long as it exists. */
export function namespace(type: 'pid' | 'time'): string | undefined {
  return present(() => /\[(\d+)\]/.exec(readlinkSync(`/proc/self/ns/${type}`))?.[1]);
}

const BOOT_ID = '/proc/sys/kernel/random/boot_id';

/**
 * The boot id, and whether it is the kernel's: systemd-nspawn and LXC mount a file over it, so that each container
 * has its own. What is mounted over it is another file system, and so another device.
 */
export function bootId(): { id: string; replaced: boolean } | undefined {
  return present(() => {
    const id = readFileSync(BOOT_ID, 'latin1').trim();
    return { id, replaced: statSync(BOOT_ID).dev !== statSync('/proc/self/stat').dev };
  });
}
