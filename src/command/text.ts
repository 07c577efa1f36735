/**
 * What the command says of a lock and its holder, for people at a terminal and for programs.
 */
import { type Holder } from '../model/holder.js';
import { formatAge, describeLibrary, nameHolder } from '../model/holder-text.js';

/** `free`: nobody holds it. `stale`: its holder is dead, and whoever tries next replaces it. */
export type State = 'free' | 'stale' | 'held';

export function stateOf(holder: Holder | null): State {
  if (holder === null) return 'free';
  return holder.verdict === 'dead' ? 'stale' : 'held';
}

/** Who, as far as the lock tells. */
export function describeHolder(holder: Holder): string {
  if (holder.kind === 'empty') return 'nobody who is named: it is an empty directory';
  if (holder.kind !== 'foreign') return nameHolder(holder);
  return `${holder.description ?? 'a lock that is not ours'}${describeLibrary(holder)}`;
}

/** Since when, in both ways; `undefined` if the lock doesn't tell. */
export function describeSince({ since }: Holder, now: number): string | undefined {
  const when = since === undefined ? undefined : new Date(since);
  // A record may name a time that no calendar has.
  if (when === undefined || Number.isNaN(when.getTime())) return undefined;
  return `${when.toISOString()} (${formatAge(now - when.getTime())} ago)`;
}

/** By whom a lock is held, since when, and whether that one lives. */
export function describeHold(holder: Holder): string {
  const since = describeSince(holder, Date.now());
  const isNamed = holder.kind !== 'empty' && holder.kind !== 'foreign';
  return [
    `by ${describeHolder(holder)}`,
    since === undefined ? '' : `, since ${since}`,
    isNamed ? `; ${holder.reason}` : '',
  ].join('');
}

/** How to get rid of a lock all the same. */
export function adviseForce(path: string): string {
  return `If you know that nobody uses it: holdfast break --force ${/^[\w./-]+$/.test(path) ? path : JSON.stringify(path)}`;
}
