/**
 * The locks that this thread found held the last time. They may well be held again, so it looks before it makes
 * anything: a look costs a third of an attempt. All others it tries to take at once, without a look.
 */

/** A program that locks ever new paths must not grow for it. */
const MAX_LOCKS = 1_000;

const contended = new Set<string>();

export function isContended(lock: string): boolean {
  return contended.has(lock);
}

/** This thread has found the lock held, or free. */
export function noteContention(lock: string, wasHeld: boolean): void {
  if (!wasHeld) {
    contended.delete(lock);
    return;
  }
  if (contended.size === MAX_LOCKS) contended.clear();
  contended.add(lock);
}
