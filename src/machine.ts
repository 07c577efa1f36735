/**
 * What this machine can tell: who we are, whether a process lives, whether a filesystem is its own.
 *
 * Rule M1: what can't be told is absent from the answer, and never guessed.
 */
import { readFileSync, readlinkSync, statfsSync } from 'node:fs';
import { hostname } from 'node:os';
import { threadId } from 'node:worker_threads';
import type { HolderRecord } from './record.js';

/** What a record says of its maker. */
export type Identity = Omit<HolderRecord, 'token' | 'since' | 'note' | 'thread'> & {
  readonly thread: number;
};

/** `gone`: no such process. `there`: one exists, and this is what is known of it. */
export type ProcessState = { is: 'gone' } | { is: 'there'; started?: string; zombie: boolean };

/** The questions that a verdict asks. Tests for other systems answer them otherwise. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  self(): Identity;
  process(pid: number): ProcessState;
  /** Is the filesystem of `path` used by one running kernel at a time? False when that can't be told. */
  isLocal(path: string): boolean;
}

function present<T>(ask: () => T): T | undefined {
  try {
    return ask();
  } catch {
    return undefined;
  }
}

const inode = (link: string): string | undefined => present(() => /\[(\d+)\]/.exec(readlinkSync(link))?.[1]);

/** Without the names before it: the command's name may hold blanks and brackets, so count from the last bracket. */
function statFields(pid: number | 'self'): readonly string[] | undefined {
  const text = present(() => readFileSync(`/proc/${String(pid)}/stat`, 'latin1'));
  return text?.slice(text.lastIndexOf(')') + 2).split(' ');
}

// Numbered as in proc_pid_stat(5), less the two fields before.
const STATE = 3 - 3;
const THREADS = 20 - 3;
const STARTED = 22 - 3;

/** Is /proc that of our own PID namespace? In a new one without a new /proc, its numbers name other processes. */
const procIsOurs = (): boolean => present(() => readlinkSync('/proc/self')) === String(process.pid);

/**
 * Filesystems that only the kernel that mounted them writes, so that a lock made under another boot id was made
 * before a reboot. From statfs(2) and linux/magic.h; not here: everything that passes calls on to somebody else
 * (NFS, SMB, FUSE, 9p, virtiofs, the hypervisors' shared folders) or that several machines may mount at once.
 */
const LOCAL_TYPES: ReadonlySet<number> = new Set([
  0xef53, // ext2, ext3, ext4
  0x58465342, // xfs
  0x9123683e, // btrfs
  0xf2f52010, // f2fs
  0x2fc12fc1, // zfs
  0xca451a4e, // bcachefs
  0x01021994, // tmpfs
  0x858458f6, // ramfs
  0x794c7630, // overlayfs
  0x3153464a, // jfs
  0x52654973, // reiserfs
  0x4d44, // vfat
  0x2011bab0, // exfat
  0x7366746e, // ntfs3
]);

let identity: Identity | undefined;

function identify(): Identity {
  const boot = present(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim());
  const pidNamespace = inode('/proc/self/ns/pid');
  const timeNamespace = inode('/proc/self/ns/time');
  const started = procIsOurs() ? statFields('self')?.[STARTED] : undefined;
  return {
    pid: process.pid,
    thread: threadId,
    host: hostname(),
    ...(boot === undefined ? {} : { boot }),
    ...(pidNamespace === undefined ? {} : { pidNamespace }),
    ...(timeNamespace === undefined ? {} : { timeNamespace }),
    ...(started === undefined ? {} : { started }),
  };
}

function processState(pid: number): ProcessState {
  try {
    process.kill(pid, 0); // Signal 0 asks and sends nothing: kill(2).
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return { is: 'gone' };
    // EPERM: it exists and is another user's.
  }
  const fields = procIsOurs() ? statFields(pid) : undefined;
  const started = fields?.[STARTED];
  const state = fields?.[STATE];
  // A leader that has exited under a living thread shows Z as well: only the last thread's end is the process's.
  const zombie = state === 'X' || (state === 'Z' && Number(fields?.[THREADS]) <= 1);
  return started === undefined ? { is: 'there', zombie } : { is: 'there', started, zombie };
}

/** This machine, asked for real. What can't change while a thread lives is asked once. */
export const thisMachine: Machine = {
  platform: process.platform,
  self: () => (identity ??= identify()),
  process: processState,
  isLocal: (path) => LOCAL_TYPES.has(present(() => statfsSync(path).type) ?? 0),
};
