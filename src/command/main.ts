#!/usr/bin/env node
/**
 * The command `holdfast`: what it prints, and its exit code. `help.ts` lists the exit codes.
 *
 * Rule: results go to standard output. Everything else goes to standard error, as a sentence or, with `--json`, as one
 * line of JSON. The process ends when it has nothing left to do, never by `process.exit()`, which could cut off output
 * that is still in a pipe.
 */
import { AlreadyLocked, LockFailed, LockFileError, LockTimeout, UnlockError } from '../model/errors.js';
import { TIMEOUT_CODE, UsageError, parseTask, wantsJson, type Task } from './arguments.js';
import { breakLock } from './break.js';
import { HELP, version } from './help.js';
import { CommandFailed, run } from './run.js';
import { adviseForce, describeHolder, describeHold } from './text.js';
import { status } from './status.js';
import { wait } from './wait.js';

/** sysexits.h: EX_USAGE, EX_SOFTWARE, EX_CANTCREAT. */
const WRONG_USAGE = 64;
/** A bug, or a system error that no other code describes. */
const SOFTWARE_ERROR = 70;
const CANT_CREATE = 73;
const REFUSED = 1;

async function runTask(task: Task): Promise<number> {
  switch (task.name) {
    case 'help':
      print(HELP.trimEnd());
      return 0;
    case 'version':
      print(version());
      return 0;
    case 'run':
      return await run(task, (error) => printError(error, task, undefined));
    case 'status':
      return await status(task, task.json ? 'json' : isTerminal() ? 'terminal' : 'plain', print);
    case 'wait':
      await wait(task);
      return 0;
    case 'break': {
      const broken = await breakLock(task);
      if (task.json) print(JSON.stringify({ path: task.path, broken }));
      else
        print(
          broken === null
            ? `${task.path}: no lock to break`
            : `${task.path}: broke the lock of ${describeHolder(broken)}`,
        );
      return 0;
    }
  }
}

function isTerminal(): boolean {
  return process.stdout.isTTY && process.stdout.hasColors();
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function codeFor(error: unknown, task: Task | undefined): number {
  if (error instanceof LockTimeout || error instanceof AlreadyLocked) {
    return task?.name === 'break' ? REFUSED : (task?.timeoutCode ?? TIMEOUT_CODE);
  }
  if (error instanceof LockFailed) return CANT_CREATE;
  if (error instanceof UnlockError) return REFUSED;
  if (error instanceof CommandFailed) return error.exitCode;
  if (error instanceof UsageError || error instanceof TypeError || error instanceof RangeError)
    return WRONG_USAGE;
  return SOFTWARE_ERROR;
}

/** `exitCode` is undefined for a warning, which doesn't change the exit code. */
function printError(error: unknown, task: Task | undefined, exitCode: number | undefined): void {
  const sentence = sentenceFor(error, task);
  if (!wantsJson(process.argv.slice(2))) {
    process.stderr.write(`holdfast: ${sentence}\n`);
    return;
  }
  const { name, code, path, lockPath, holder } = error as LockFileError;
  const details = { name, code, message: sentence, path, lockPath, holder, exitCode };
  process.stderr.write(`${JSON.stringify({ error: details })}\n`);
}

function sentenceFor(error: unknown, task: Task | undefined): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof UsageError) return `${error.message}\nTry: holdfast --help`;
  const path = task !== undefined && 'path' in task ? task.path : undefined;
  const isHeld = error instanceof LockTimeout || error instanceof AlreadyLocked;
  if (!isHeld || path === undefined || error.holder === undefined) return error.message;
  const held = `${path} is held ${describeHold(error.holder)}.`;
  const advice = adviseForce(path);
  if (task?.name === 'break') return `the lock was not broken. ${held}\n${advice}`;
  return `${error instanceof LockTimeout ? 'timed out' : 'not waiting'}: ${held}\n${advice}`;
}

async function main(args: readonly string[]): Promise<number> {
  let task: Task | undefined;
  try {
    task = parseTask(args);
    return await runTask(task);
  } catch (error) {
    const exitCode = codeFor(error, task);
    printError(error, task, exitCode);
    return exitCode;
  }
}

// A reader such as `head` closes the pipe when it has read enough.
for (const output of [process.stdout, process.stderr]) {
  output.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}
process.exitCode = await main(process.argv.slice(2));
