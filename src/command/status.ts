/**
 * `holdfast status`: shows who holds a lock, since when, whether the holder is alive and how that is known; and a lower
 * bound of how many wait.
 *
 * Not promised: the number of all waiters. Only those in the wait queue have a file on disk (`countWaiters`); the
 * others can't be counted.
 */
import { dirname } from 'node:path';
import { noWait, runAsync } from '../driver/run.js';
import type { Holder } from '../model/holder.js';
import { LockFile } from '../lock/lock-file.js';
import { countWaiters } from '../protocol/wait-queue.js';
import type { Status } from './arguments.js';
import { describeData, describeHolder, describeHold, describeSince, stateOf, type State } from './text.js';

/** The state of a lock at one moment. */
export interface Inspection {
  readonly path: string;
  readonly lockPath: string;
  readonly state: State;
  readonly holder: Holder | null;
}

export async function inspectPath(path: string): Promise<Inspection> {
  const lock = new LockFile(path);
  const holder = await lock.holder();
  return { path, lockPath: lock.lockPath, state: stateOf(holder), holder };
}

interface StatusReport extends Inspection {
  readonly waitingAtLeast: number;
}

async function report(path: string): Promise<StatusReport> {
  const inspection = await inspectPath(path);
  const { lockPath, holder } = inspection;
  const count = runAsync(countWaiters(lockPath, dirname(lockPath), holder?.token), noWait, 'async');
  // If the directory can't be listed, 0 is still a correct lower bound.
  return { ...inspection, waitingAtLeast: await count.catch(() => 0) };
}

export type Style = 'json' | 'plain' | 'terminal';

/** Prints the status of each path. Returns the exit code: 1 if any of the locks is held. */
export async function status(task: Status, style: Style, print: (line: string) => void): Promise<number> {
  let code = 0;
  for (const path of task.paths) {
    const current = await report(path);
    if (current.state === 'held') code = 1;
    print(FORMATS[style](current));
  }
  return code;
}

const FORMATS: { readonly [style in Style]: (current: StatusReport) => string } = {
  json: (current) => JSON.stringify(current),
  plain: formatPlain,
  terminal: formatTerminal,
};

/** One line, which begins with the state, so that scripts can match on it. */
function formatPlain({ path, state, holder, waitingAtLeast }: StatusReport): string {
  const held = holder === null ? '' : `, ${describeHold(holder)}${describeData(holder, '; data ')}`;
  return `${state}: ${path}${held}${waitingAtLeast === 0 ? '' : `; ${describeWaiters(waitingAtLeast)}`}`;
}

function describeWaiters(count: number): string {
  return `at least ${String(count)} waiting`;
}

const COLORS: { readonly [state in State]: number } = { free: 32, stale: 33, held: 31 };

function formatTerminal({ path, state, holder, waitingAtLeast }: StatusReport): string {
  const head = `\u001b[1;${String(COLORS[state])}m${state.padEnd(5)}\u001b[0m  \u001b[1m${path}\u001b[0m`;
  const lines = [
    ...(holder === null ? [] : linesOf(holder)),
    ...(waitingAtLeast === 0 ? [] : [['queue', describeWaiters(waitingAtLeast)]]),
  ];
  return [head, ...lines.map(([name = '', words = '']) => `       ${name.padEnd(8)} ${words}`)].join('\n');
}

function linesOf(holder: Holder): readonly string[][] {
  const { verdict, reason } = holder;
  return [
    ['by', describeHolder(holder)],
    ['since', describeSince(holder, Date.now()) ?? 'unknown'],
    ...(holder.data === undefined ? [] : [['data', describeData(holder)]]),
    [verdict, verdict === 'dead' ? `${reason}; the next contender replaces it` : reason],
  ];
}
