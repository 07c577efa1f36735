/**
 * `holdfast run`: runs a command while holding a lock.
 *
 * Rule RUN-1: The command starts after the lock is held, and the lock is held until the command has ended.
 * Rule RUN-2: To its caller, `holdfast run` behaves like the command: the same input and output, the same exit code,
 * and signals reach the command.
 *
 * Not promised: that the command ends when this process is killed by SIGKILL. This process is the holder: once it is
 * dead, the next contender takes the lock while the command may still run. `docs/command.md` says what to do.
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

/** The holder is this process: a thread number would only confuse people. */
const ONE_HOLDER = { threaded: false };

/** The command could not be started. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed';
  readonly code = 'COMMAND_FAILED';
  /** As in shells: 127 if it was not found, 126 if it was found but can't be run. */
  readonly exitCode: number;

  constructor(program: string, cause: NodeJS.ErrnoException) {
    const missing = cause.code === 'ENOENT';
    super(
      missing ? `command not found: ${program}` : `can't run ${program} (${cause.code ?? cause.message})`,
      { cause },
    );
    this.exitCode = missing ? 127 : 126;
  }
}

/** Someone broke the lock by force, so another holder may have run at the same time as the command. */
export class LockLost extends Error {
  override readonly name = 'LockLost';
  readonly code = 'LOCK_LOST';

  constructor(cause: LockFileError) {
    super(`the lock was broken by force while the command ran: ${cause.message}`, { cause });
  }
}

/** Returns the exit code. Calls `warn` with errors that don't change it. */
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
  // Listen before the command starts: a signal in between would end this process and free the lock.
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

/** Signals that ask a process to do something. The others stop and continue it, or report its own faults. */
const PASSED = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2', 'SIGALRM'] as const;
const PASSED_ON_WINDOWS = ['SIGINT', 'SIGBREAK', 'SIGHUP'] as const;

/** Passes on each signal that this process receives. Returns a function that stops that. */
function passSignals(pass: (signal: NodeJS.Signals) => void): () => void {
  const listener = (signal: NodeJS.Signals) => {
    if (!cameFromTerminal(signal)) pass(signal);
  };
  const signals = process.platform === 'win32' ? PASSED_ON_WINDOWS : PASSED;
  for (const signal of signals) process.on(signal, listener);
  return () => {
    for (const signal of signals) process.off(signal, listener);
  };
}

/**
 * Has the command received this signal already? A terminal sends Ctrl-C to every process in its foreground. Programs
 * such as terraform, docker compose and test runners skip their clean-up when they receive it twice. Node.js doesn't
 * report who sent a signal, so in a terminal's foreground SIGINT and SIGQUIT count as the terminal's.
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
