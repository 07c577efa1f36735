/**
 * `holdfast run`: a command under a lock.
 *
 * Rule RUN-1: nothing runs before the lock is held, and the lock is held until the command has ended.
 * Rule RUN-2: who runs `holdfast run` sees the command: its input and output, its exit code, and signals reach it.
 *
 * Not promised: that the command ends when this process is killed by SIGKILL. The holder is this process; when it is
 * dead the next contender takes the lock, while the command may still run. `docs/command.md` says what to do.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { basename } from 'node:path';
import { NotLocked, NotMyLock, type LockFileError } from '../model/errors.js';
import { LinkLockFile, LockFile, MkdirLockFile, SymlinkLockFile } from '../lock/lock-file.js';
import type { LockBase } from '../lock/lock-base.js';
import type { LockKind, Run } from './arguments.js';

const KINDS: {
  readonly [kind in LockKind]: new (...args: ConstructorParameters<typeof LockFile>) => LockBase;
} = {
  link: LinkLockFile,
  mkdir: MkdirLockFile,
  symlink: SymlinkLockFile,
};

/** This process is the holder; to tell its threads apart would tell people nothing. */
const ONE_HOLDER = { threaded: false };

/** The command can't be run at all. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed';
  readonly code = 'COMMAND_FAILED';
  /** As shells say it: 127 not found, 126 found and not to be run. */
  readonly exitCode: number;

  constructor(program: string, cause: NodeJS.ErrnoException) {
    const missing = cause.code === 'ENOENT';
    super(
      missing ? `there is no command ${program}` : `${program} can't be run (${cause.code ?? cause.message})`,
      {
        cause,
      },
    );
    this.exitCode = missing ? 127 : 126;
  }
}

/** Somebody broke the lock by force, so the command may not have been alone. */
export class LockLost extends Error {
  override readonly name = 'LockLost';
  readonly code = 'LOCK_LOST';

  constructor(cause: LockFileError) {
    super(`the lock was broken by force while the command ran: ${cause.message}`, { cause });
  }
}

/** The exit code. `warn` gets what went wrong without changing that. */
export async function run(task: Run, warn: (error: unknown) => void): Promise<number> {
  const Kind = task.kind === undefined ? LockFile : KINDS[task.kind];
  const [program] = task.command;
  const lock = new Kind(task.path, {
    ...ONE_HOLDER,
    note: task.note ?? basename(program),
    timeout: task.timeout,
  });
  await lock.acquire();
  try {
    return await runCommand(task.command);
  } finally {
    await lock.release().catch((error: unknown) => {
      warn(error instanceof NotLocked || error instanceof NotMyLock ? new LockLost(error) : error);
    });
  }
}

async function runCommand([program, ...args]: Run['command']): Promise<number> {
  // Before the command exists, so that no signal ends us, and frees the lock, while it starts.
  let child: ChildProcess | undefined;
  const stopListening = passSignals((signal) => child?.kill(signal));
  try {
    child = spawn(program, args, { stdio: 'inherit' });
    return await ended(child);
  } catch (error) {
    throw new CommandFailed(program, error as NodeJS.ErrnoException);
  } finally {
    stopListening();
  }
}

function ended(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      resolve(code ?? 128 + constants.signals[signal ?? 'SIGKILL']);
    });
  });
}

/** Those that ask a process for something. The others stop and continue it, or come of what it does itself. */
const PASSED = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2', 'SIGALRM'] as const;
const PASSED_ON_WINDOWS = ['SIGINT', 'SIGBREAK', 'SIGHUP'] as const;

/** Has each signal that we get handed on; returns what ends that. */
function passSignals(pass: (signal: NodeJS.Signals) => void): () => void {
  const hear = (signal: NodeJS.Signals) => {
    if (!cameFromTerminal(signal)) pass(signal);
  };
  const signals = process.platform === 'win32' ? PASSED_ON_WINDOWS : PASSED;
  for (const signal of signals) process.on(signal, hear);
  return () => {
    for (const signal of signals) process.off(signal, hear);
  };
}

/**
 * Did the command get this signal by itself? A terminal sends Ctrl-C to every process in its foreground, and a command
 * that is told twice takes that for impatience: terraform, docker compose and test runners then give up their clean-up.
 * Who sends a signal can't be told here, so in a terminal's foreground Ctrl-C is taken for the terminal's.
 */
function cameFromTerminal(signal: NodeJS.Signals): boolean {
  if (process.platform === 'win32') return true;
  return (signal === 'SIGINT' || signal === 'SIGQUIT') && isInForeground();
}

function isInForeground(): boolean {
  try {
    const stat = readFileSync('/proc/self/stat', 'latin1');
    const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return group === foreground;
  } catch {
    return process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  }
}
