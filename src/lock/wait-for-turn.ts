/** Waiting one's turn in this thread's queue, with a time limit and an abort, and nothing left behind. */
import * as failures from './messages.js';
import type { Place } from './thread-queue.js';
import { registry } from './registry.js';
import type { Blocker } from '../model/steps.js';

/** The longest that a timer can be set for: setTimeout takes a signed 32-bit number. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Takes a place in the queue for `lockPath` and resolves to it when it is the first.
 *
 * @param inspect Tells who holds the lock, for the error.
 */
export async function waitForTurn(
  lockPath: string,
  timeout: number,
  signal: AbortSignal | undefined,
  inspect: () => Promise<Blocker | undefined>,
): Promise<Place> {
  const outOfTime = async () => {
    const blocker = await inspect();
    return blocker === undefined
      ? failures.timedOutInQueue(timeout, lockPath)
      : failures.timedOut(timeout, lockPath, blocker);
  };
  if (timeout <= 0 && !registry.queues.isFree(lockPath)) throw await outOfTime();
  const place = await enterQueue(lockPath, timeout, signal);
  if (place === undefined) throw await outOfTime();
  return place;
}

/** The place, when it is the first; `undefined` when the time is up. */
function enterQueue(
  lockPath: string,
  timeout: number,
  signal: AbortSignal | undefined,
): Promise<Place | undefined> {
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    const stopWaiting = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    };
    const leave = () => {
      stopWaiting();
      registry.queues.leave(lockPath, place);
    };
    const onAbort = () => {
      leave();
      reject(signal?.reason as Error); // As `throwIfAborted` does: whatever the caller gave.
    };
    const onTimeout = () => {
      leave();
      resolve(undefined);
    };
    const onTurn = () => {
      stopWaiting();
      resolve(place);
    };
    const place: Place = { onTurn };
    if (registry.queues.enter(lockPath, place)) {
      resolve(place);
      return;
    }
    // What is longer than a timer can tell, some 25 days, is for ever.
    if (timeout <= MAX_TIMER_MS) timer = setTimeout(onTimeout, timeout);
    signal?.addEventListener('abort', onAbort);
  });
}
