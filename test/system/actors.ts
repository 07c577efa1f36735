/** Starts actors (`actor.ts`) in namespaces and as other users, and ends them all after each test. */
import { spawn, spawnSync, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { LockOptions } from '../../src/lock/options.js';
import type { Report } from './actor.js';

const program = fileURLToPath(new URL('actor.js', import.meta.url));
const running = new Set<ChildProcess>();

export type Action = 'hold' | 'hold-sync' | 'block' | 'try' | 'try-sync' | 'holder';

export interface Stage {
  /** The command that the actor runs under, such as `unshare --pid --fork`. */
  readonly under?: readonly string[];
  readonly spawn?: SpawnOptions;
  /** The user id that the actor switches to, if we are root. */
  readonly user?: number;
  readonly options?: LockOptions & { readonly kind?: 'link' | 'mkdir' | 'symlink' };
}

export interface Actor extends Report {
  readonly process: ChildProcess;
  /** Resolves when the process has ended and been reaped. */
  readonly ended: Promise<void>;
}

/** The command line of an actor. */
export function commandOf(
  action: Action,
  path: string,
  { under = [], user, options = {} }: Stage = {},
): string[] {
  return [...under, process.execPath, program, action, path, JSON.stringify({ user, ...options })];
}

/** Runs any command whose first line of output is an actor's report. */
export async function run(command: readonly string[], options: SpawnOptions = {}): Promise<Actor> {
  const [file = '', ...args] = command;
  const child = spawn(file, args, { ...options, stdio: ['pipe', 'pipe', 'inherit'] });
  running.add(child);
  const ended = new Promise<void>((resolve) => {
    child.on('close', () => {
      running.delete(child);
      resolve();
    });
  });
  const line = await new Promise<string>((resolve, reject) => {
    createInterface(child.stdout).once('line', resolve);
    child.once('error', reject);
    child.once('close', (code) =>
      reject(new Error(`${command.join(' ')} ended with ${String(code)} and no output`)),
    );
  });
  return { ...(JSON.parse(line) as Report), process: child, ended };
}

export async function actor(action: Action, path: string, stage: Stage = {}): Promise<Actor> {
  const one = await run(commandOf(action, path, stage), stage.spawn);
  if (!action.startsWith('hold-') && !['hold', 'block'].includes(action)) await one.ended; // It has released.
  return one;
}

/** Kills an actor and waits until it has been reaped. */
export async function kill(victim: Actor): Promise<void> {
  victim.process.kill('SIGKILL');
  await victim.ended;
}

/** For `afterEach`: kills the actors that a test, failed or not, has left running. */
export async function endAll(): Promise<void> {
  for (const child of running) {
    child.kill('SIGCONT');
    child.kill('SIGKILL');
  }
  while (running.size > 0) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** Does this command work here? For tests that skip, visibly, where it doesn't. */
export function works(...command: readonly [string, ...string[]]): boolean {
  const [file, ...args] = command;
  return spawnSync(file, args, { stdio: 'ignore' }).status === 0;
}

/** The state letter that /proc shows for a process; undefined once it is gone. */
export function stateOf(pid: number): string | undefined {
  try {
    return /\) (\w)/.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'))?.[1];
  } catch {
    return undefined;
  }
}

/** Waits for a condition that must become true within a few seconds. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
