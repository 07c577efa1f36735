/**
 * The locks that this thread found held the last time. They may well be held again, so the next acquire reads them
 * before it creates anything: reading costs a fraction of a failed attempt. All other locks it tries to take at once.
 */

/** The limit keeps a program that locks ever new paths from growing. */
const MAX_LOCKS = 1_000;

const contended = new Set<string>();

export function isContended(lock: string): boolean {
  return contended.has(lock);
}

/** Records whether this thread found the lock held. */
export function noteContention(lock: string, wasHeld: boolean): void {
  if (!wasHeld) {
    contended.delete(lock);
    return;
  }
  if (contended.size === MAX_LOCKS) contended.clear();
  contended.add(lock);
}
