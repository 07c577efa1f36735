/**
 * A lock's holder, described in the words that messages use.
 *
 * Rule TEXT-1: Anyone can write the text of a lock. It is cut, and stripped of everything that acts on a terminal, before
 * it becomes part of a message.
 */
import type { Holder } from './holder.js';

/** One or two sentences for people: who holds `path`, how long at `now`, whether it lives, what to do next. */
export function describeHolder(path: string, holder: Holder, now: number): string {
  if (holder.kind === 'foreign') {
    return (
      `${path} is held by a foreign lock, ${holder.description ?? 'one that is not ours'}${describeLibrary(holder)}. It is never ` +
      `broken by itself; if you know that nobody uses it, call breakLock() or remove it.`
    );
  }
  if (holder.kind === 'empty') {
    return (
      `${path} is an empty directory: ${holder.library ?? 'a lock that is being made'}. ` +
      `If it stays so, it is removed when its grace has passed.`
    );
  }
  return `${path} is held by ${nameHolder(holder)}, for ${formatAge(now - (holder.since ?? now))}; ${describeLiveness(holder)}`;
}

export function nameHolder(holder: Holder): string {
  const thread = holder.thread === undefined ? '' : `, thread ${holder.thread}`;
  const note = holder.note === undefined ? '' : ` ("${sanitize(holder.note)}")`;
  return `pid ${holder.pid ?? '?'}${thread}, on host ${sanitize(holder.host ?? '?')}${note}`;
}

export function describeLibrary({ library, pid, host }: Holder): string {
  if (library === undefined) return '';
  const who = [
    ...(pid === undefined ? [] : [`pid ${pid}`]),
    ...(host === undefined ? [] : [`host ${sanitize(host)}`]),
  ];
  return `; it looks like that of ${library}${who.length === 0 ? '' : `: ${who.join(', on ')}`}`;
}

function describeLiveness(holder: Holder): string {
  if (holder.verdict === 'alive') {
    return `${holder.reason}. Wait for it, or break the lock with breakLock() if you know it is stuck.`;
  }
  if (holder.verdict === 'dead') return `${holder.reason}. Whoever tries next replaces it.`;
  return `it can't be proved dead: ${holder.reason}. If you know that it is dead, call breakLock().`;
}

const MAX_WORDS = 200;

/** Somebody's words, without control characters, those that turn the direction of writing, and line ends: TEXT-1. */
function sanitize(words: string): string {
  const cut = words.length > MAX_WORDS ? `${words.slice(0, MAX_WORDS)}…` : words;
  return cut.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '\uFFFD');
}

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const;

export function formatAge(ms: number): string {
  const [unit, size] = UNITS.find(([, size]) => ms >= size) ?? (['ms', 1] as const);
  return `${Math.max(0, Math.floor(ms / size))} ${unit}`;
}
