/**
 * `holdfast run`: runs a command while holding a lock.
 *
 * Rule RUN-1: The command starts after the lock is held, and the lock is held until the command has ended.
 * Rule RUN-2: To its caller, `holdfast run` behaves like the command: the same input and output, the same exit code,
 * and signals reach the command.
 *
 * Not promised: that the command ignores SIGHUP after `nohup holdfast run`, since Node.js undoes that at its start.
 * Write `holdfast run … -- nohup COMMAND`: then this process passes SIGHUP on, and holds the lock until the command has
 * ended. Nor that the command ends when this process is killed by SIGKILL. This process is the holder: once it is dead,
 * the next contender takes the lock while the command may still run. `docs/guide/command-line.md` says what to do.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import { basename } from 'node:path';
import { NotLocked, NotMyLock, type LockFileError } from '../model/errors.js';
import { LinkLockFile, LockFile, MkdirLockFile, SymlinkLockFile } from '../lock/lock-file.js';
import type { LockBase } from '../lock/lock-base.js';
import type { LockKind, Run } from './arguments.js';
import { withDescriptors } from './descriptors.js';
import { passSignals } from './signals.js';

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

/** The command may not be signaled by this user. */
export class SignalNotPassed extends Error {
  override readonly name = 'SignalNotPassed';
  readonly code = 'SIGNAL_NOT_PASSED';

  constructor(signal: NodeJS.Signals | undefined, cause: NodeJS.ErrnoException) {
    const reason = cause.code === 'EPERM' ? 'it runs as another user (EPERM)' : (cause.code ?? cause.message);
    super(
      `can't pass ${signal ?? 'a signal'} on to the command: ${reason}. The lock is held until the command has ended.`,
      { cause },
    );
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
  const hold = await lock.acquire();
  try {
    return await runCommand(task.command, warn);
  } finally {
    await hold.release().catch((error: unknown) => {
      warn(error instanceof NotLocked || error instanceof NotMyLock ? new LockLost(error) : error);
    });
  }
}

async function runCommand(
  [program, ...args]: Run['command'],
  warn: (error: unknown) => void,
): Promise<number> {
  // Listen before the command starts: a signal in between would end this process and free the lock.
  let child: ChildProcess | undefined;
  let passing: NodeJS.Signals | undefined;
  const stopListening = passSignals((signal) => {
    passing = signal;
    child?.kill(signal);
  });
  try {
    const start = withDescriptors(program, args, process.env);
    child = spawn(start.program, start.args, { stdio: start.stdio });
    return await ended(child, (cause) => {
      warn(new SignalNotPassed(passing, cause));
    });
  } catch (error) {
    throw new CommandFailed(program, error as NodeJS.ErrnoException);
  } finally {
    stopListening();
  }
}

/** Returns the exit code of the command. Calls `onRefusal` if a signal can't be passed on. */
function ended(child: ChildProcess, onRefusal: (cause: NodeJS.ErrnoException) => void): Promise<number> {
  return new Promise((resolve, reject) => {
    child.on('error', (error) => {
      // RUN-1: a command that has started is still running, whatever the error is about.
      if (child.pid === undefined) reject(error);
      else onRefusal(error);
    });
    child.on('exit', (code, signal) => {
      resolve(code ?? 128 + constants.signals[signal ?? 'SIGKILL']);
    });
  });
}
