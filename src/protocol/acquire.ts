/**
 * Acquiring a lock: attempts, and pauses between them.
 *
 * Rule ACQUIRE-1: An acquire that pauses has nothing on disk, so a process that is killed or gives up there leaves
 * nothing. The exception is a waiter in the wait queue (`wait-queue.ts`): its private file is its place in the queue,
 * and is swept when the waiter is dead.
 * Rule ACQUIRE-2: An attempt that fails, for any reason, leaves nothing either (EVICT-6).
 * Rule ACQUIRE-3: The wait queue only decides who tries next. Only an attempt decides who has the lock, so an error in
 * the queue costs time and never admits a second holder.
 */
import type { Claim } from '../model/claim.js';
import { attempt, discard, prepare, type Attempt } from './contend.js';
import { ignoreErrors } from './retry.js';
import { isClaim, judgeFound, readLock } from './inspect.js';
import { isPassed, passWaiters, waitersAhead } from './wait-queue.js';
import { abandon } from './release.js';
import { pause, type Blocker, type Protocol, type QueuePosition } from '../model/steps.js';

type Taken = Attempt & { taken: true; hasWaited?: boolean };

/** Hints for an acquire. They change its cost and its fairness, never its result. */
export interface AcquireHints {
  /** The lock's directory. Without it, there is no wait queue. */
  readonly directory?: string;
  /**
   * Lets the waiters in the queue go first. For a process that has just released the lock: it could always take the
   * lock again before any waiter has woken.
   */
  readonly yieldsFirst?: boolean;
  /** Reads the lock before it creates anything. For a process that found the lock held the last time. */
  readonly inspectsFirst?: boolean;
}

/** Takes the lock, with as many pauses as necessary. The driver ends the wait by throwing into a pause. */
export function* acquire(claim: Claim, hints: AcquireHints = {}): Protocol<Taken> {
  const { directory, yieldsFirst = false, inspectsFirst = false } = hints;
  let blocker: Blocker | undefined;
  let mayLineUp = false;
  const before =
    yieldsFirst && directory !== undefined ? (yield* waitersAhead(claim, directory)).nearest : undefined;
  if (before !== undefined) mayLineUp = yield* pause(before, { ahead: before, isYielding: true });
  else if (inspectsFirst) blocker = yield* findOwnBlocker(claim.lock);
  let hasWaited = mayLineUp;
  for (;;) {
    if (mayLineUp && claim.kind === 'link' && directory !== undefined) {
      const outcome = yield* waitInQueue(claim, directory, blocker, before);
      if (outcome.taken) return { ...outcome, hasWaited };
      blocker = outcome.blocker;
    } else if (blocker === undefined) {
      const outcome = yield* tryOnce(claim);
      if (outcome.taken) return { ...outcome, hasWaited };
      blocker = outcome.blocker;
    }
    mayLineUp = yield* pause(blocker); // ACQUIRE-1
    hasWaited = true;
    // Not an attempt at once: a read costs less, and leaves nothing behind if this process is killed during it.
    blocker = yield* findBlocker(claim.lock);
  }
}

/**
 * As `acquire`, with a place in the wait queue: the driver wakes it when the waiter right ahead is gone. It returns
 * without the lock when an empty directory is in the way, since only a new private file can show that directory's age.
 *
 * @param letPass The waiter that goes first although the lock is free.
 */
function* waitInQueue(
  claim: Claim,
  directory: string,
  found: Blocker | undefined,
  letPass: Blocker | undefined,
): Protocol<Attempt> {
  let blocker = found;
  let position: QueuePosition = { ahead: undefined };
  try {
    yield* prepare(claim);
    // The first pause only starts the watch that ends the second one.
    for (let pauses = 0; letPass !== undefined && pauses < 2; pauses++) {
      if (yield* pause(letPass, { ahead: letPass, isYielding: true })) break;
    }
    for (let hasMoved = true, isBehind = true; ;) {
      if (blocker === undefined) {
        const outcome = yield* attempt(claim.lock, claim);
        if (outcome.taken && position.isPassing === true) yield* ignoreErrors(passWaiters(claim, directory));
        if (outcome.taken) return outcome;
        blocker = outcome.blocker;
      }
      if (blocker.found.kind === 'empty') break;
      if (isBehind && (hasMoved || isPassed(claim, blocker, 1))) {
        const { nearest, count } = yield* waitersAhead(claim, directory);
        isBehind = nearest !== undefined; // Tokens grow with time, so nobody gets ahead of the first.
        const isPassing = isBehind && isPassed(claim, blocker, count); // QUEUE-3
        position = isPassing ? { ahead: undefined, isPassing } : { ahead: nearest, count };
      }
      hasMoved = yield* pause(blocker, position);
      blocker = yield* findBlocker(claim.lock); // ACQUIRE-3
    }
    yield* discard(claim); // ACQUIRE-1
    return { taken: false, blocker };
  } catch (refusal) {
    return yield* afterRefusal(claim, refusal);
  }
}

/** The holder that is certainly in the way; `undefined` if an attempt may succeed. */
function* findBlocker(name: string): Protocol<Blocker | undefined> {
  const found = yield* readLock(name);
  if (found === undefined || found.kind === 'empty') return undefined;
  const judgement = yield* judgeFound(found, name);
  return judgement.verdict === 'dead' ? undefined : { path: name, found, judgement };
}

/**
 * As `findBlocker`, but only for locks of ours. A foreign lock may be a name that we may not read; then an attempt
 * reports more, since it fails with the system's error where no lock can be created.
 */
function* findOwnBlocker(name: string): Protocol<Blocker | undefined> {
  const blocker = yield* findBlocker(name);
  return blocker?.found.kind === 'foreign' ? undefined : blocker;
}

/** One attempt, with the files that it needs on disk. */
export function* tryOnce(claim: Claim): Protocol<Attempt> {
  yield* prepare(claim);
  let outcome: Attempt;
  try {
    outcome = yield* attempt(claim.lock, claim);
    if (!outcome.taken) yield* discard(claim); // ACQUIRE-1
  } catch (refusal) {
    return yield* afterRefusal(claim, refusal);
  }
  return outcome;
}

/**
 * Ends an attempt that failed with a system error. If the lock was created despite the error, it is ours (EVICT-5).
 * Not released instead: that would need the eviction lock, which another process may hold right now, and a lock that
 * stayed behind would block all others as long as this process lives.
 */
function* afterRefusal(claim: Claim, refusal: unknown): Protocol<Attempt> {
  if (yield* isTaken(claim)) return { taken: true };
  yield* ignoreErrors(abandon(claim)); // ACQUIRE-2
  throw refusal;
}

function* isTaken(claim: Claim): Protocol<boolean> {
  try {
    return isClaim(yield* readLock(claim.lock), claim);
  } catch {
    return false;
  }
}
