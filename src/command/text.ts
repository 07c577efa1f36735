/**
 * Describes a lock and its holder in the words of the command.
 */
import { type Holder } from '../model/holder.js';
import { formatAge, describeLibrary, nameHolder, sanitize } from '../model/holder-text.js';

/** `free`: nobody holds it. `stale`: its holder is dead, and the next contender replaces it. */
export type State = 'free' | 'stale' | 'held';

export function stateOf(holder: Holder | null): State {
  if (holder === null) return 'free';
  return holder.verdict === 'dead' ? 'stale' : 'held';
}

/** Names the holder, as far as the lock records it. */
export function describeHolder(holder: Holder): string {
  if (holder.kind === 'lost') return 'an unknown holder (the text of the lock was lost)';
  if (holder.kind === 'empty') return 'an unnamed holder (an empty directory)';
  if (holder.kind !== 'foreign') return nameHolder(holder);
  return `${holder.description ?? 'a lock that is not ours'}${describeLibrary(holder)}`;
}

/** Since when, as a time and as an age; `undefined` if the lock doesn't record it. */
export function describeSince({ since }: Holder, now: number): string | undefined {
  const when = since === undefined ? undefined : new Date(since);
  // A record may hold a number that is not a valid date.
  if (when === undefined || Number.isNaN(when.getTime())) return undefined;
  return `${when.toISOString()} (${formatAge(now - when.getTime())} ago)`;
}

/** Who holds the lock, since when, and whether the holder is alive. */
export function describeHold(holder: Holder): string {
  const since = describeSince(holder, Date.now());
  const isNamed = holder.kind !== 'empty' && holder.kind !== 'foreign';
  return [
    `by ${describeHolder(holder)}`,
    since === undefined ? '' : `, since ${since}`,
    isNamed ? `; ${holder.reason}` : '',
  ].join('');
}

/** The holder's data as JSON, cut and without characters that act on a terminal (TEXT-1). */
export function describeData({ data }: Holder, before = ''): string {
  return data === undefined ? '' : `${before}${sanitize(JSON.stringify(data))}`;
}

/** How to remove the lock anyway. */
export function adviseForce(path: string): string {
  const argument = /^[\w./-]+$/.test(path) ? path : JSON.stringify(path);
  return `If you are sure that nobody uses it: holdfast break --force ${argument}`;
}
