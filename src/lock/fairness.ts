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
const WAKE_UP_MS = 50;

/** A program that locks ever new paths must not grow for it. */
const MAX_LOCKS = 1_000;

interface Share {
  /** When the share that is running began. */
  began: number;
  /** When the lock was last given back. */
  ended: number;
}

const uses = new Map<string, Share>();

/** The lock has been given back by this thread. */
export function noteReleased(lock: string): void {
  const now = performance.now();
  const use = uses.get(lock);
  if (use !== undefined) {
    use.ended = now;
    return;
  }
  if (uses.size === MAX_LOCKS) uses.clear();
  uses.set(lock, { began: now, ended: now });
}

/** The lock has been taken by this thread, after others had it: a new share begins. */
export function noteAcquired(lock: string): void {
  const use = uses.get(lock);
  if (use !== undefined) use.began = performance.now();
}

/** Should whoever takes the lock now look whether others wait for it? If so, a new share begins. */
export function shouldYield(lock: string): boolean {
  const use = uses.get(lock);
  if (use === undefined) return false;
  const now = performance.now();
  if (now - use.began < SHARE_MS) return false;
  const isDue = now - use.ended < WAKE_UP_MS;
  use.began = now;
  return isDue;
}
