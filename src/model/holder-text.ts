/**
 * Describes a lock's holder in the words that messages use.
 *
 * Rule TEXT-1: Anyone can write the text of a lock. Before it becomes part of a message, it is cut to a fixed length,
 * and every character that acts on a terminal is replaced.
 */
import type { Holder } from './holder.js';

/** One or two sentences for people: who holds `path`, for how long at `now`, whether it is alive, what to do next. */
export function describeHolder(path: string, holder: Holder, now: number): string {
  if (holder.kind === 'foreign') {
    return (
      `${path} is held by a foreign lock, ${holder.description ?? "another program's"}${describeLibrary(holder)}. ` +
      `holdfast never removes it automatically. If you are sure that no program uses it, call breakLock() or remove it.`
    );
  }
  if (holder.kind === 'lost') return `${path} is a lock whose text was lost; ${describeLiveness(holder)}`;
  if (holder.kind === 'empty') {
    return (
      `${path} is an empty directory: ${holder.library ?? 'possibly a lock that is being created'}. ` +
      `If it stays empty and unchanged until its grace period (orphanGraceMs) ends, the next acquire removes it.`
    );
  }
  const age = holder.since === undefined ? '' : `, for ${formatAge(now - holder.since)}`;
  return `${path} is held by ${nameHolder(holder)}${age}; ${describeLiveness(holder)}`;
}

/** Its pid, thread, host and note, as far as they are known. */
export function nameHolder(holder: Holder): string {
  const pid = holder.pid === undefined ? 'an unknown process' : `pid ${String(holder.pid)}`;
  const thread = holder.thread === undefined ? '' : `, thread ${String(holder.thread)}`;
  const host = holder.host === undefined ? '' : `, on host ${sanitize(holder.host)}`;
  const note = holder.note === undefined ? '' : ` ("${sanitize(holder.note)}")`;
  return `${pid}${thread}${host}${note}`;
}

/** The library that a foreign lock looks like, and the holder that its format names. */
export function describeLibrary({ library, pid, host }: Holder): string {
  if (library === undefined) return '';
  const holder = [
    ...(pid === undefined ? [] : [`pid ${String(pid)}`]),
    ...(host === undefined ? [] : [`host ${sanitize(host)}`]),
  ];
  return `; it looks like one of ${library}${holder.length === 0 ? '' : `: ${holder.join(', on ')}`}`;
}

function describeLiveness(holder: Holder): string {
  if (holder.verdict === 'alive') {
    return `${holder.reason}. Wait until it releases the lock. If you know that it is stuck, call breakLock().`;
  }
  if (holder.verdict === 'dead') return `${holder.reason}. The next acquire takes the lock over.`;
  return `it may be alive: ${holder.reason}. If you know that it is dead, call breakLock().`;
}

const MAX_LENGTH = 200;

/** Cuts a text from a lock, and replaces control characters, bidirectional controls and line ends (TEXT-1). */
export function sanitize(text: string): string {
  const cut = text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}…` : text;
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
  return `${String(Math.max(0, Math.floor(ms / size)))} ${unit}`;
}
