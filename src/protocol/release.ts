/**
 * Giving a lock back, and breaking somebody's by force.
 *
 * Rule RELEASE-1: looking and then removing is not enough, once a lock can be broken by force:
 *
 *     P.1 look: mine
 *     B.1 breaks P's lock      Q.1 link: Q holds
 *     P.2 unlink: removes Q
 *
 * So one of the link kind is removed by whoever first removed its private file, which one alone can: its holder, who
 * breaks it, or, of the dead, who has its eviction lock. A holder who finds it gone goes the longer way, as one of the
 * symlink kind does, which has none: under the eviction lock, after looking again. A directory's claim is removed by a
 * name that nobody else has, so it needs no look (DIR-3).
 * Rule RELEASE-2: a forced break removes what it saw, under the eviction lock, and nothing that came since.
 * Rule RELEASE-3: it lets a holder that lives, and whose private file is gone, finish: nobody can tell whose lock it is that
 * such a one removes next.
 */
import type { Claim } from '../model/claim.js';
import { discard, prepare, remove, retract, withEvictionLock, witnessOf } from './contend.js';
import { removeClaim } from './directory.js';
import { bestEffort, retry, ignoreErrors } from './retry.js';
import { isClaim, isSame, judgeFound, readLock } from './inspect.js';
import { privatePath, evictionOf } from '../model/file-names.js';
import { pause, sameFile, unlink, type Blocker, type Found, type Protocol } from '../model/steps.js';

/** Gives the claim's lock back, pausing while somebody recovers it; false if it was not ours any more. */
export function* release(claim: Claim): Protocol<boolean> {
  for (;;) {
    const outcome = yield* relinquish(claim);
    if (!('blocker' in outcome)) return outcome.done;
    yield* pause(outcome.blocker);
  }
}

/** One attempt to give the lock back: whether it was ours, or who is in the way. */
export function* relinquish(claim: Claim): Protocol<{ done: boolean } | { blocker: Blocker }> {
  if (claim.kind === 'mkdir') return { done: yield* removeClaim(claim.lock, claim.record.token) };
  // Comparing two names takes fewer calls than reading one.
  if (claim.kind === 'link' && (yield* sameFile(claim.lock, claim.privateFile)) && (yield* discard(claim))) {
    yield* removeOwn(claim); // RELEASE-1
    return { done: true };
  }
  return yield* withEvictionLock(claim.lock, claim, 1, function* () {
    const ours = isClaim(yield* readLock(claim.lock), claim); // RELEASE-1
    if (ours) yield* removeOwn(claim);
    // Before the eviction lock goes: whoever finds that of the dead then finds all that they left.
    yield* bestEffort(() => discard(claim));
    return ours;
  });
}

/** Nobody else removes it now: so if it is gone, it was removed, whatever the refusal is about. */
function* removeOwn(claim: Claim): Protocol<void> {
  try {
    yield* retry(() => unlink(claim.lock));
  } catch (refusal) {
    if (isClaim(yield* readLock(claim.lock), claim)) throw refusal;
  }
}

/**
 * Removes whoever's lock stands at the name of `claim`, which holds nothing; what it removed, if anything stood
 * there. Throws on a directory of strangers: those files are nobody's lock, and not ours to remove.
 */
export function* breakByForce(claim: Claim): Protocol<Found | undefined> {
  const found = yield* readLock(claim.lock);
  if (found === undefined) return undefined;
  yield* prepare(claim);
  try {
    for (;;) {
      const outcome = yield* withEvictionLock(claim.lock, claim, 1, function* () {
        if (!isSame(yield* readLock(claim.lock), found)) return undefined; // RELEASE-2
        const obstacle = yield* claimRemoval(found, claim.lock);
        if (obstacle === undefined) yield* remove(claim.lock, found, claim.lock);
        return obstacle ?? found;
      });
      const met = 'blocker' in outcome ? outcome.blocker : outcome.done;
      if (met === undefined || 'kind' in met) return met;
      yield* pause(met);
    }
  } finally {
    yield* bestEffort(() => discard(claim));
  }
}

/** Gets the right to remove somebody's lock (RELEASE-1); who is in the way, if its holder has it (RELEASE-3). */
function* claimRemoval(found: Found, lock: string): Protocol<Blocker | undefined> {
  if (found.kind !== 'link' || (yield* unlink(privatePath(lock, found.record.token)))) return undefined;
  const judgement = yield* judgeFound(found, lock);
  return judgement.verdict === 'dead' ? undefined : { path: lock, found, judgement };
}

/** Takes back whatever of a claim is on disk, at whatever point its acquire or release was cut off. */
export function* abandon(claim: Claim): Protocol<void> {
  yield* ignoreErrors(unlink(claim.privateFile)); // First, so that a call still under way has nothing to link.
  yield* ignoreErrors(unlink(witnessOf(claim)));
  if (claim.kind === 'mkdir' || isClaim(yield* readLock(claim.lock), claim)) yield* relinquish(claim);
  yield* retract(evictionOf(claim.lock), claim);
  yield* ignoreErrors(unlink(claim.privateFile));
}
