/**
 * Which program does a process run? A process may replace its program by another with execve(2), `process.execve()` in
 * Node. It keeps its pid and its start time then, but not its memory: what the former program held is nobody's.
 *
 * Rule IMAGE-1: The kernel draws new addresses for each program that it starts. So a process whose addresses differ from
 * those in a record doesn't run the program that made the record. Equal addresses prove nothing: the drawing of
 * addresses may be turned off.
 *
 * A record has a digest of the addresses, and only 16 bits of it. All users can read a lock, and no attacker should learn
 * from it where the program's memory is. The price is that one replaced program in 65,536 goes unnoticed.
 *
 * Not promised: that other users can tell; the kernel shows the addresses of a process only to those who may inspect it.
 */
import { fnv1a } from '../model/hash.js';
import type { Status } from './proc.js';

const DIGITS = 4;

/** The last answer: a waiter asks again and again for one process. */
let last: { readonly layout: string; readonly image: string } | undefined;

/** What distinguishes the program that a process runs from any other in the same process. */
export function imageOf(status: Status | undefined): string | undefined {
  const layout = status?.layout;
  if (layout === undefined) return undefined;
  if (last?.layout !== layout) {
    const hash = fnv1a(layout);
    last = { layout, image: ((hash >>> 16) ^ (hash & 0xffff)).toString(16).padStart(DIGITS, '0') };
  }
  return last.image;
}
