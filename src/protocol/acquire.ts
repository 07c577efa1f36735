/**
 * Acquiring a lock: attempts, and pauses between them.
 *
 * Rule ACQUIRE-1: while it pauses an acquire has nothing on disk, so whoever is killed or gives up there leaves nothing. But
 * for those who wait in line (`wait-queue.ts`): the private file is their place in it, and swept as the dead's.
 * Rule ACQUIRE-2: an attempt that fails, for whatever reason, leaves nothing either (EVICT-6).
 * Rule ACQUIRE-3: the line tells who should try next, and nothing else. Who has the lock is told by an attempt alone, so
 * whatever the line gets wrong costs time, and lets nobody in.
 */
import type { Claim } from '../model/claim.js';
import { attempt, discard, prepare, type Attempt } from './contend.js';
import { ignoreErrors } from './retry.js';
import { isClaim, judgeFound, readLock } from './inspect.js';
import { waiterAhead } from './wait-queue.js';
import { abandon } from './release.js';
import { pause, type Blocker, type Protocol } from '../model/steps.js';

type Taken = Attempt & { taken: true; hasWaited?: boolean };

/** How a lock is gone for. */
export interface AcquireHints {
  /** That of the lock; without one, nobody waits in line. */
  readonly directory?: string;
  /**
   * Lets those in line go first: for whoever has just given the lock back, since it is always quicker to take it again
   * than they are to wake.
   */
  readonly yieldsFirst?: boolean;
  /** Looks before it makes anything: for whoever found the lock held the last time. */
  readonly inspectsFirst?: boolean;
}

/** Takes the lock, pausing as often as it takes. The driver ends the wait by throwing into the pause. */
export function* acquire(claim: Claim, hints: AcquireHints = {}): Protocol<Taken> {
  const { directory, yieldsFirst = false, inspectsFirst = false } = hints;
  let blocker: Blocker | undefined;
  let mayLineUp = false;
  const before = yieldsFirst && directory !== undefined ? yield* waiterAhead(claim, directory) : undefined;
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
    // A look costs less than an attempt, and leaves nothing to clean up if we are killed in the middle of it.
    blocker = yield* findBlocker(claim.lock);
  }
}

/**
 * As `acquire`, for one that the driver can wake when whoever is ahead of it in line is gone. It comes back without the
 * lock when an empty directory is in the way: to tell the age of that takes a private file that is new.
 *
 * @param letPass Who is let go first, though nobody is in the way.
 */
function* waitInQueue(
  claim: Claim,
  directory: string,
  found: Blocker | undefined,
  letPass: Blocker | undefined,
): Protocol<Attempt> {
  let blocker = found;
  let before: Blocker | undefined;
  try {
    yield* prepare(claim);
    // The first pause only sees to it that the end of the second will be heard.
    for (let pauses = 0; letPass !== undefined && pauses < 2; pauses++) {
      if (yield* pause(letPass, { ahead: letPass, isYielding: true })) break;
    }
    for (let hasMoved = true, isBehind = true; ;) {
      if (blocker === undefined) {
        const outcome = yield* attempt(claim.lock, claim);
        if (outcome.taken) return outcome;
        blocker = outcome.blocker;
      }
      if (blocker.found.kind === 'empty') break;
      if (hasMoved && isBehind) {
        before = yield* waiterAhead(claim, directory);
        isBehind = before !== undefined; // Nobody comes before the first: tokens grow with the time.
      }
      hasMoved = yield* pause(blocker, { ahead: before });
      blocker = yield* findBlocker(claim.lock); // ACQUIRE-3
    }
    yield* discard(claim); // ACQUIRE-1
    return { taken: false, blocker };
  } catch (refusal) {
    return yield* afterRefusal(claim, refusal);
  }
}

/** Who is in the way for certain; `undefined` if an attempt may succeed. */
function* findBlocker(name: string): Protocol<Blocker | undefined> {
  const found = yield* readLock(name);
  if (found === undefined || found.kind === 'empty') return undefined;
  const judgement = yield* judgeFound(found, name);
  return judgement.verdict === 'dead' ? undefined : { path: name, found, judgement };
}

/**
 * The same of one of ours. What is not ours may be what can't be looked at: of that an attempt tells more, for it is
 * refused where a lock can't be made.
 */
function* findOwnBlocker(name: string): Protocol<Blocker | undefined> {
  const blocker = yield* findBlocker(name);
  return blocker?.found.kind === 'foreign' ? undefined : blocker;
}

/** One attempt, with what has to be on disk for it. */
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
 * The end of an attempt that was refused. A lock that was made and yet refused is ours (EVICT-5): giving it back would need
 * its eviction lock, which somebody may have just then, and a lock that stayed behind would block all others for as
 * long as we live.
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
