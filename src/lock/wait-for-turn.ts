/** Waits for a turn in this thread's queue, with a timeout and an abort signal. Leaves no timer and no listener. */
import { onAbort } from '../driver/on-abort.js';
import * as failures from './messages.js';
import type { Place } from './thread-queue.js';
import { registry } from './registry.js';
import type { Blocker } from '../model/steps.js';

/** The longest delay of a timer: setTimeout takes a signed 32-bit number. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Takes a place in the queue of the lock, and resolves to it when it is the first.
 *
 * @param inspect Reads who holds the lock, for the error.
 */
export async function waitForTurn(
  lock: failures.LockNames,
  timeout: number,
  signal: AbortSignal | undefined,
  inspect: () => Promise<Blocker | undefined>,
): Promise<Place> {
  const { lockPath } = lock;
  const outOfTime = async () => {
    const blocker = await inspect();
    return blocker === undefined
      ? failures.timedOutInQueue(timeout, lock)
      : failures.timedOut(timeout, lock, blocker);
  };
  if (timeout <= 0 && !registry.queues.isFree(lockPath)) throw await outOfTime();
  const place = await enterQueue(lockPath, timeout, signal);
  if (place === undefined) throw await outOfTime();
  return place;
}

/** Resolves to the place when it is the first, or to `undefined` when the timeout expires. */
function enterQueue(
  lockPath: string,
  timeout: number,
  signal: AbortSignal | undefined,
): Promise<Place | undefined> {
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    let stopListening: (() => void) | undefined;
    const stopWaiting = () => {
      clearTimeout(timer);
      stopListening?.();
    };
    const leave = () => {
      stopWaiting();
      registry.queues.leave(lockPath, place);
    };
    const giveUp = () => {
      leave();
      reject(signal?.reason as Error); // As `throwIfAborted`: the caller's reason, of any type.
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
    // A timeout that is too long for a timer, some 25 days, is treated as no timeout.
    if (timeout <= MAX_TIMER_MS) timer = setTimeout(onTimeout, timeout);
    if (signal !== undefined) stopListening = onAbort(signal, giveUp);
  });
}
