/**
 * `holdfast status`: who holds a lock, since when, does it live, and how is that known; and how many wait, at least.
 *
 * Not promised: how many wait in all. Most who wait have nothing on disk (`waiting` says who has), so that nothing is
 * left of who is killed while waiting.
 */
import { dirname } from 'node:path';
import { noWait, runAsync } from '../driver/run.js';
import type { Holder } from '../model/holder.js';
import { LockFile } from '../lock/lock-file.js';
import { countWaiters } from '../protocol/wait-queue.js';
import type { Status } from './arguments.js';
import { describeHolder, describeHold, describeSince, stateOf, type State } from './text.js';

export interface Seen {
  readonly path: string;
  readonly lockPath: string;
  readonly state: State;
  readonly holder: Holder | null;
}

export async function inspectPath(path: string): Promise<Seen> {
  const lock = new LockFile(path);
  const holder = await lock.holder();
  return { path, lockPath: lock.lockPath, state: stateOf(holder), holder };
}

/** What is told of a lock: what one look sees, and the line. */
interface StatusReport extends Seen {
  readonly waitingAtLeast: number;
}

async function report(path: string): Promise<StatusReport> {
  const seen = await inspectPath(path);
  const { lockPath, holder } = seen;
  const count = runAsync(countWaiters(lockPath, dirname(lockPath), holder?.token), noWait, 'async');
  // Where the directory can't be listed nobody is seen to wait, which is true as well.
  return { ...seen, waitingAtLeast: await count.catch(() => 0) };
}

export type Style = 'json' | 'plain' | 'terminal';

/** The exit code: 1 if any of the locks is held. */
export async function status(task: Status, style: Style, print: (line: string) => void): Promise<number> {
  let code = 0;
  for (const path of task.paths) {
    const told = await report(path);
    if (told.state === 'held') code = 1;
    print(FORMATS[style](told));
  }
  return code;
}

const FORMATS: { readonly [style in Style]: (told: StatusReport) => string } = {
  json: (told) => JSON.stringify(told),
  plain: formatPlain,
  terminal: formatTerminal,
};

/** One line, that begins with what scripts look for. */
function formatPlain({ path, state, holder, waitingAtLeast }: StatusReport): string {
  const held = holder === null ? '' : `, ${describeHold(holder)}`;
  return `${state}: ${path}${held}${waitingAtLeast === 0 ? '' : `; ${describeWaiters(waitingAtLeast)}`}`;
}

function describeWaiters(count: number): string {
  return `at least ${String(count)} ${count === 1 ? 'waits' : 'wait'}`;
}

const COLORS: { readonly [state in State]: number } = { free: 32, stale: 33, held: 31 };

function formatTerminal({ path, state, holder, waitingAtLeast }: StatusReport): string {
  const head = `\u001b[1;${String(COLORS[state])}m${state.padEnd(5)}\u001b[0m  \u001b[1m${path}\u001b[0m`;
  const lines = [
    ...(holder === null ? [] : linesOf(holder)),
    ...(waitingAtLeast === 0 ? [] : [['line', describeWaiters(waitingAtLeast)]]),
  ];
  return [head, ...lines.map(([name = '', words = '']) => `       ${name.padEnd(8)} ${words}`)].join('\n');
}

function linesOf(holder: Holder): readonly string[][] {
  const { verdict, reason } = holder;
  return [
    ['by', describeHolder(holder)],
    ['since', describeSince(holder, Date.now()) ?? 'not told'],
    [verdict, verdict === 'dead' ? `${reason}; whoever tries next replaces it` : reason],
  ];
}
