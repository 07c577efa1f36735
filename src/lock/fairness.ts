/**
 * When a thread lets others go first: it is always quicker to take again what it has just given back than those who
 * wait for it are to wake.
 *
 * Rule: its share is `SHARE_MS` at a time. Within that, it takes the lock as often as it likes without a look at the
 * line; after that, it looks, and steps back if somebody is in it. Who gave a lock back long ago has stepped back.
 */

/** How long a thread may go on taking one lock again and again while others wait for it. */
export const SHARE_MS = 5;

/** After how long whoever waits has woken, or never will. */
const WAKING_MS = 50;

/** A program that locks ever new paths must not grow for it. */
const LIMIT = 1_000;

interface Use {
  /** When the share that is running began. */
  began: number;
  /** When the lock was last given back. */
  ended: number;
}

const uses = new Map<string, Use>();

/** The lock has been given back by this thread. */
export function noteRelease(lock: string): void {
  const now = performance.now();
  const use = uses.get(lock);
  if (use !== undefined) {
    use.ended = now;
    return;
  }
  if (uses.size === LIMIT) uses.clear();
  uses.set(lock, { began: now, ended: now });
}

/** The lock has been taken by this thread, after others had it: a new share begins. */
export function noteTurn(lock: string): void {
  const use = uses.get(lock);
  if (use !== undefined) use.began = performance.now();
}

/** Should whoever takes the lock now look whether others wait for it? If so, a new share begins. */
export function isCourtesyDue(lock: string): boolean {
  const use = uses.get(lock);
  if (use === undefined) return false;
  const now = performance.now();
  if (now - use.began < SHARE_MS) return false;
  const isDue = now - use.ended < WAKING_MS;
  use.began = now;
  return isDue;
}
