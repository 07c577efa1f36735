/**
 * What the command says of a lock and its holder, for people at a terminal and for programs.
 *
 * Rule: what is printed for people holds no control character that came from a lock's text. Anyone who may write in
 * the directory wrote that.
 */
import { sayAge, sayWho, type Holder } from '../holder.js';

/** `free`: nobody holds it. `stale`: its holder is dead, and whoever tries next replaces it. */
export type State = 'free' | 'stale' | 'held';

export function stateOf(holder: Holder | null): State {
  if (holder === null) return 'free';
  return holder.verdict === 'dead' ? 'stale' : 'held';
}

/** Who, as far as the lock tells. */
export function sayHolder(holder: Holder): string {
  if (holder.kind === 'foreign')
    return printable(`another program: ${holder.description ?? 'not one of ours'}`);
  if (holder.kind === 'empty') return 'nobody named: an empty directory';
  return printable(sayWho(holder));
}

/** Since when, in both ways; `undefined` if the lock doesn't tell. */
export function saySince({ since }: Holder, now: number): string | undefined {
  const when = since === undefined ? undefined : new Date(since);
  // A record may name a time that no calendar has.
  if (when === undefined || Number.isNaN(when.getTime())) return undefined;
  return `${when.toISOString()} (${sayAge(now - when.getTime())} ago)`;
}

/** By whom a lock is held, since when, and whether that one lives. */
export function sayHolding(holder: Holder): string {
  const since = saySince(holder, Date.now());
  const isNamed = holder.kind !== 'empty' && holder.kind !== 'foreign';
  return [
    `by ${sayHolder(holder)}`,
    since === undefined ? '' : `, since ${since}`,
    isNamed ? `; ${holder.reason}` : '',
  ].join('');
}

/** How to get rid of a lock all the same. */
export function sayForce(path: string): string {
  return `If you know that nobody uses it: holdfast break --force ${/^[\w./-]+$/.test(path) ? path : JSON.stringify(path)}`;
}

function printable(text: string): string {
  // eslint-disable-next-line no-control-regex -- that is what it is about
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028-\u202e]/g, '?');
}
