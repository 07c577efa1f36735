/**
 * `holdfast status`: who holds a lock, since when, does it live, and how is that known.
 *
 * Not promised: how many wait. Who waits has nothing on disk, so that nothing is left of who is killed while waiting.
 */
import type { Holder } from '../holder.js';
import { LockFile } from '../kinds.js';
import type { Status } from './arguments.js';
import { sayHolder, sayHolding, saySince, stateOf, type State } from './say.js';

export interface Seen {
  readonly path: string;
  readonly lockPath: string;
  readonly state: State;
  readonly holder: Holder | null;
}

export async function look(path: string): Promise<Seen> {
  const lock = new LockFile(path);
  const holder = await lock.holder();
  return { path, lockPath: lock.lockPath, state: stateOf(holder), holder };
}

export type Style = 'json' | 'plain' | 'terminal';

/** The exit code: 1 if any of the locks is held. */
export async function status(task: Status, style: Style, print: (line: string) => void): Promise<number> {
  let code = 0;
  for (const path of task.paths) {
    const seen = await look(path);
    if (seen.state === 'held') code = 1;
    print(SAY[style](seen));
  }
  return code;
}

const SAY: { readonly [style in Style]: (seen: Seen) => string } = {
  json: (seen) => JSON.stringify(seen),
  plain: sayPlainly,
  terminal: sayAtATerminal,
};

/** One line, that begins with what scripts look for. */
function sayPlainly({ path, state, holder }: Seen): string {
  return holder === null ? `${state}: ${path}` : `${state}: ${path}, ${sayHolding(holder)}`;
}

const COLOURS: { readonly [state in State]: number } = { free: 32, stale: 33, held: 31 };

function sayAtATerminal({ path, state, holder }: Seen): string {
  const head = `\u001b[1;${String(COLOURS[state])}m${state.padEnd(5)}\u001b[0m  \u001b[1m${path}\u001b[0m`;
  if (holder === null) return head;
  const lines = [
    ['by', sayHolder(holder)],
    ['since', saySince(holder, Date.now()) ?? 'not told'],
    [holder.verdict, state === 'stale' ? `${holder.reason}; whoever tries next replaces it` : holder.reason],
  ];
  return [head, ...lines.map(([name = '', words = '']) => `       ${name.padEnd(8)} ${words}`)].join('\n');
}
