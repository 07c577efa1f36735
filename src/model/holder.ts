/**
 * What is told of a lock's holder: the data that `holder()` gives, and the words that errors say.
 *
 * Rule T1: what a lock's text says was written by anyone. It is cut, and stripped of what acts on a terminal, before
 * it becomes part of a message.
 */
import { likenessOf, NEWBORN } from './foreign-lock.js';
import type { HolderRecord } from './record.js';
import type { Found, Judgement } from './steps.js';

/**
 * Who holds a lock, and whether it lives. What the lock doesn't tell is absent.
 *
 * @example
 * const holder = await lock.holder();
 * if (holder?.verdict === 'unknown') console.log(`pid ${holder.pid}, on ${holder.host}: ${holder.reason}`);
 */
export interface Holder extends Judgement, Partial<HolderRecord> {
  /** How the lock stands on disk. `empty`: a directory with nothing in it; `foreign`: another program's lock. */
  readonly kind: Found['kind'];
  /** Of a foreign lock: what stands there. */
  readonly description?: string;
  /** Of a foreign or empty lock: whose it looks like. Its `pid` and `host` are then what their format tells. */
  readonly library?: string;
}

export function describe(found: Found, judgement: Judgement): Holder {
  const { verdict, reason } = judgement;
  const { kind } = found;
  if (kind === 'foreign') return { kind, verdict, reason, description: found.what, ...likenessOf(found) };
  if (kind === 'empty') return { kind, verdict, reason, ...NEWBORN };
  return { ...(kind === 'mkdir' ? found.records[0] : found.record), kind, verdict, reason };
}

/** One or two sentences for people: who holds `path`, how long at `now`, whether it lives, what to do next. */
export function sayHolder(path: string, holder: Holder, now: number): string {
  if (holder.kind === 'foreign') {
    return (
      `${path} is held by a foreign lock, ${holder.description ?? 'one that is not ours'}${sayLikeness(holder)}. It is never ` +
      `broken by itself; if you know that nobody uses it, call breakLock() or remove it.`
    );
  }
  if (holder.kind === 'empty') {
    return (
      `${path} is an empty directory: ${holder.library ?? 'a lock that is being made'}. ` +
      `If it stays so, it is removed when its grace has passed.`
    );
  }
  return `${path} is held by ${sayWho(holder)}, for ${sayAge(now - (holder.since ?? now))}; ${sayLife(holder)}`;
}

export function sayWho(holder: Holder): string {
  const thread = holder.thread === undefined ? '' : `, thread ${holder.thread}`;
  const note = holder.note === undefined ? '' : ` ("${plain(holder.note)}")`;
  return `pid ${holder.pid ?? '?'}${thread}, on host ${plain(holder.host ?? '?')}${note}`;
}

export function sayLikeness({ library, pid, host }: Holder): string {
  if (library === undefined) return '';
  const who = [
    ...(pid === undefined ? [] : [`pid ${pid}`]),
    ...(host === undefined ? [] : [`host ${plain(host)}`]),
  ];
  return `; it looks like that of ${library}${who.length === 0 ? '' : `: ${who.join(', on ')}`}`;
}

function sayLife(holder: Holder): string {
  if (holder.verdict === 'alive') {
    return `${holder.reason}. Wait for it, or break the lock with breakLock() if you know it is stuck.`;
  }
  if (holder.verdict === 'dead') return `${holder.reason}. Whoever tries next replaces it.`;
  return `it can't be proved dead: ${holder.reason}. If you know that it is dead, call breakLock().`;
}

const LONGEST_WORDS = 200;

/** Somebody's words, without control characters, those that turn the direction of writing, and line ends: T1. */
function plain(words: string): string {
  const cut = words.length > LONGEST_WORDS ? `${words.slice(0, LONGEST_WORDS)}…` : words;
  return cut.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '\uFFFD');
}

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const;

export function sayAge(ms: number): string {
  const [unit, size] = UNITS.find(([, size]) => ms >= size) ?? (['ms', 1] as const);
  return `${Math.max(0, Math.floor(ms / size))} ${unit}`;
}
