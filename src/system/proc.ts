/**
 * Facts that Linux shows in /proc: the identity of this thread, and the state of a process or thread.
 *
 * Rule PROC-1: A fact that can't be read is absent from the answer. Nothing is guessed.
 * Rule PROC-2: The pids in /proc are those of the PID namespace that it was mounted in. If that isn't ours, they name
 * other processes, and are not used.
 * Rule PROC-3: Facts about this thread are read once and then remembered. So a failure that may pass, such as too many
 * open files, is thrown instead: an identity without its fields could never be proved dead.
 * Rule PROC-4: /proc is read only on Linux. Elsewhere the name may lead anywhere: on Windows it is a folder of the
 * current drive, which any user can make.
 */
import { closeSync, existsSync, openSync, readFileSync, readSync, readlinkSync, statSync } from 'node:fs';

export function present<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** Does this system have the kernel's /proc (PROC-4)? Android is a Linux, too. */
export const hasProc = process.platform === 'linux' || process.platform === 'android';

/** Failures of the moment: too many open files, no memory. */
const TRANSIENT: ReadonlySet<unknown> = new Set(['EMFILE', 'ENFILE', 'ENOMEM', 'EAGAIN', 'EINTR']);

/** As `present`, for a fact about this thread: PROC-3. */
function presentForGood<T>(read: () => T): T | undefined {
  if (!hasProc) return undefined;
  try {
    return read();
  } catch (error) {
    if (TRANSIENT.has((error as NodeJS.ErrnoException).code)) throw error;
    return undefined;
  }
}

/** The state of a process or thread: proc_pid_stat(5). */
export interface Status {
  /** One letter; Z is a zombie. */
  readonly state: string;
  /** The kernel is ending it: none of its own code runs again. */
  readonly ending: boolean;
  /** The number of threads in its process. */
  readonly threads: number;
  /** Start time in ticks since the boot, in the reader's time namespace. */
  readonly started: string;
  /** Addresses that the kernel drew for the running program; `undefined` for a process that we may not inspect. */
  readonly layout?: string;
}

// The field numbers of proc_pid_stat(5), counted from the first field after the name.
const STATE = 3 - 3;
const FLAGS = 9 - 3;
const THREADS = 20 - 3;
const STARTED = 22 - 3;
const START_CODE = 26 - 3;
const START_STACK = 28 - 3;
const START_BRK = 47 - 3;

/** PF_EXITING of linux/sched.h, the same since 1994. */
const ENDING = 0x4;

/** The process name before the fields may contain blanks and brackets, so the fields start after the last bracket. */
function parseStatus(text: string): Status | undefined {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const { [STATE]: state, [STARTED]: started, [START_STACK]: stack = '0' } = fields;
  if (state === undefined || started === undefined) return undefined;
  const status = {
    state,
    ending: (Number(fields[FLAGS]) & ENDING) !== 0,
    threads: Number(fields[THREADS]),
    started,
  };
  if (stack === '0') return status;
  return { ...status, layout: [fields[START_CODE], stack, fields[START_BRK]].join() };
}

/** One buffer for all reads: this is read at every check of a held lock. */
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
const procIsOurs = (): boolean =>
  hasProc && present(() => readlinkSync('/proc/self')) === String(process.pid);

/** The state of a process; `undefined` if /proc doesn't show it. */
export function processStatus(pid: number): Status | undefined {
  return procIsOurs() ? present(() => readStatus(`/proc/${pid}/stat`)) : undefined;
}

/** The state of this process, or of one of its threads: PROC-3. */
export function ownStatus(task?: number): Status | undefined {
  const directory = `/proc/${process.pid}${task === undefined ? '' : `/task/${task}`}`;
  return presentForGood(() =>
    readlinkSync('/proc/self') === String(process.pid) ? readStatus(`${directory}/stat`) : undefined,
  );
}

/** The state of one thread of a process that /proc shows; `gone` if the process has no such thread. */
export function taskStatus(pid: number, task: number): Status | 'gone' | undefined {
  if (!procIsOurs()) return undefined;
  try {
    return readStatus(`/proc/${pid}/task/${task}/stat`);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // ESRCH: it ended between `open` and `read`.
    return code === 'ENOENT' || code === 'ESRCH' ? 'gone' : undefined;
  }
}

/** The kernel's id of this thread. `thread-self` names the thread that reads it, so this must be a synchronous call. */
export function ownTask(): number | undefined {
  const [pid, task] = presentForGood(() => readlinkSync('/proc/thread-self'))?.split('/task/') ?? [];
  return pid === String(process.pid) && task !== undefined ? Number(task) : undefined;
}

/** PROC_PID_INIT_INO of linux/proc_ns.h, the same in every Linux. Any other PID namespace is a container's. */
export const INITIAL_PID_NAMESPACE = '4026531836';

/** The inode of one of our namespaces, which identifies it while it exists. */
export function namespace(type: 'pid' | 'time'): string | undefined {
  return presentForGood(() => /\[(\d+)\]/.exec(readlinkSync(`/proc/self/ns/${type}`))?.[1]);
}

/**
 * The boot id, and whether it is not the kernel's own. systemd-nspawn and LXC mount a file over it to give each container
 * its own; a mounted file is on another device than the rest of /proc. gVisor, which emulates a kernel, gives each mount
 * of /proc its own; it lacks a file that every Linux kernel has beside the boot id.
 */
export function bootId(proc = '/proc'): { id: string; replaced: boolean } | undefined {
  return presentForGood(() => {
    const path = `${proc}/sys/kernel/random/boot_id`;
    const id = readFileSync(path, 'latin1').trim();
    const isKernels =
      statSync(path).dev === statSync(`${proc}/self/stat`).dev &&
      existsSync(`${proc}/sys/kernel/random/entropy_avail`);
    return { id, replaced: !isKernels };
  });
}
