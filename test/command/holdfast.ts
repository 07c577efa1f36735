/** Runs the command as a user does: as a process, in a temporary directory. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LockFile } from '../../src/index.js';
import { coverageOfChildren } from '../support/coverage.js';
import { projectDirectory } from '../support/paths.js';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary.js';

/** The compiled one, or the one that is published: `test/house/published.test.ts`. */
export const main = process.env['HOLDFAST_COMMAND'] ?? join(projectDirectory, 'dist/src/command/main.js');

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly child: ChildProcess;
  /** Resolves when the output contains the text. */
  readonly says: (text: string) => Promise<void>;
  /** Resolves when the error output contains the text. */
  readonly complains: (text: string) => Promise<void>;
  readonly ended: Promise<Ended>;
}

/** A directory to run the command in. */
export class Place {
  readonly directory: TemporaryDirectory = temporaryDirectory();
  /** Starts without the suite's terminal, which makes a difference to SIGINT. */
  detached = false;
  /** A command that starts the command, such as `setpriv`. */
  wrapper: readonly string[] = [];
  env: NodeJS.ProcessEnv = {};

  start(...args: readonly string[]): Started {
    const [program, ...rest] = [...this.wrapper, process.execPath, main, ...args] as [string, ...string[]];
    const child = spawn(program, rest, {
      cwd: this.directory.path,
      detached: this.detached,
      env: { ...process.env, ...coverageOfChildren, ...this.env },
      stdio: 'pipe',
    });
    const heard = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (heard.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (heard.stderr += text));
    const awaitText = async (output: 'stdout' | 'stderr', text: string) => {
      while (!heard[output].includes(text)) {
        if (child.exitCode !== null || child.signalCode !== null)
          throw new Error(`ended without "${text}": ${heard.stderr}`);
        await sleep(5);
      }
    };
    return {
      child,
      says: (text) => awaitText('stdout', text),
      complains: (text) => awaitText('stderr', text),
      ended: once(child, 'close').then(() => ({ code: child.exitCode, signal: child.signalCode, ...heard })),
    };
  }

  async run(...args: readonly string[]): Promise<Ended> {
    return await this.start(...args).ended;
  }

  lock(name: string): LockFile {
    return new LockFile(this.directory.join(name), { note: 'a test' });
  }

  /** Leaves the lock of a holder that was killed. */
  async leaveStale(name: string): Promise<void> {
    const script = `
      import { LockFile } from 'holdfast';
      await new LockFile(${JSON.stringify(this.directory.join(name))}, { note: 'the late' }).acquire();
      process.kill(process.pid, 'SIGKILL');`;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      cwd: projectDirectory,
    });
    await once(child, 'exit');
  }
}
