/**
 * When a thread lets other waiters go first. Without this, a thread that releases a lock and acquires it again always
 * wins, because its waiters need time to wake up.
 *
 * Rule: a thread's share is `SHARE_MS` long. Within its share the thread takes the lock as often as it likes, without
 * checking the wait queue. After that it checks the queue, and lets a waiter go first. A thread that released the lock
 * long ago has already let others go first.
 */

/** How long a thread may take one lock again and again while others wait for it, in milliseconds. */
export const SHARE_MS = 5;

/** After this time every waiter has woken up, or none will, in milliseconds. */
const WAKE_UP_MS = 50;

/** The limit keeps a program that locks ever new paths from growing. */
const MAX_LOCKS = 1_000;

interface Share {
  /** When the current share began. */
  began: number;
  /** When the lock was last released. */
  ended: number;
}

const uses = new Map<string, Share>();

/** This thread has released the lock. */
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

/** This thread has taken the lock after another one held it: a new share begins. */
export function noteAcquired(lock: string): void {
  const use = uses.get(lock);
  if (use !== undefined) use.began = performance.now();
}

/** Should an acquire check now whether others wait for the lock? If so, a new share begins. */
export function shouldYield(lock: string): boolean {
  const use = uses.get(lock);
  if (use === undefined) return false;
  const now = performance.now();
  if (now - use.began < SHARE_MS) return false;
  const isDue = now - use.ended < WAKE_UP_MS;
  use.began = now;
  return isDue;
}
