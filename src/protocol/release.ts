/**
 * Giving a lock back, and breaking somebody's by force.
 *
 * Rule R1: looking and then removing is not enough, once a lock can be broken by force:
 *
 *     P.1 look: mine
 *     B.1 breaks P's lock      Q.1 link: Q holds
 *     P.2 unlink: removes Q
 *
 * So one of the link kind is removed by whoever first removed its private file, which one alone can: its holder, who
 * breaks it, or, of the dead, who has its eviction lock. A holder who finds it gone goes the longer way, as one of the
 * symlink kind does, which has none: under the eviction lock, after looking again. A directory's claim is removed by a
 * name that nobody else has, so it needs no look (D3).
 * Rule R2: a forced break removes what it saw, under the eviction lock, and nothing that came since.
 * Rule R3: it lets a holder that lives, and whose private file is gone, finish: nobody can tell whose lock it is that
 * such a one removes next.
 */
import type { Claim } from '../model/claim.js';
import { discard, prepare, remove, retract, underEviction, witnessOf } from './contend.js';
import { leaveDirectory } from './directory.js';
import { atLast, insist, quietly } from './retry.js';
import { evictionOf, isClaim, isSame, judgeFound, look } from './inspect.js';
import { stagedPath } from '../model/record.js';
import { pause, same, unlink, type Blocker, type Found, type Protocol } from '../model/steps.js';

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
  if (claim.kind === 'mkdir') return { done: yield* leaveDirectory(claim.lock, claim.record.token) };
  // Comparing two names takes fewer calls than reading one.
  if (claim.kind === 'link' && (yield* same(claim.lock, claim.staged)) && (yield* discard(claim))) {
    yield* removeOwn(claim); // R1
    return { done: true };
  }
  return yield* underEviction(claim.lock, claim, 1, function* () {
    const ours = isClaim(yield* look(claim.lock), claim); // R1
    if (ours) yield* removeOwn(claim);
    // Before the eviction lock goes: whoever finds that of the dead then finds all that they left.
    yield* atLast(() => discard(claim));
    return ours;
  });
}

/** Nobody else removes it now: so if it is gone, it was removed, whatever the refusal is about. */
function* removeOwn(claim: Claim): Protocol<void> {
  try {
    yield* insist(() => unlink(claim.lock));
  } catch (refusal) {
    if (isClaim(yield* look(claim.lock), claim)) throw refusal;
  }
}

/**
 * Removes whoever's lock stands at the name of `claim`, which holds nothing; what it removed, if anything stood
 * there. Throws on a directory of strangers: those files are nobody's lock, and not ours to remove.
 */
export function* breakByForce(claim: Claim): Protocol<Found | undefined> {
  const found = yield* look(claim.lock);
  if (found === undefined) return undefined;
  yield* prepare(claim);
  try {
    for (;;) {
      const outcome = yield* underEviction(claim.lock, claim, 1, function* () {
        if (!isSame(yield* look(claim.lock), found)) return undefined; // R2
        const obstacle = yield* seize(found, claim.lock);
        if (obstacle === undefined) yield* remove(claim.lock, found, claim.lock);
        return obstacle ?? found;
      });
      const met = 'blocker' in outcome ? outcome.blocker : outcome.done;
      if (met === undefined || 'kind' in met) return met;
      yield* pause(met);
    }
  } finally {
    yield* atLast(() => discard(claim));
  }
}

/** Gets the right to remove somebody's lock (R1); who is in the way, if its holder has it (R3). */
function* seize(found: Found, lock: string): Protocol<Blocker | undefined> {
  if (found.kind !== 'link' || (yield* unlink(stagedPath(lock, found.record.token)))) return undefined;
  const judgement = yield* judgeFound(found, lock);
  return judgement.verdict === 'dead' ? undefined : { path: lock, found, judgement };
}

/** Takes back whatever of a claim is on disk, at whatever point its acquire or release was cut off. */
export function* abandon(claim: Claim): Protocol<void> {
  yield* quietly(unlink(claim.staged)); // First, so that a call still under way has nothing to link.
  yield* quietly(unlink(witnessOf(claim)));
  if (claim.kind === 'mkdir' || isClaim(yield* look(claim.lock), claim)) yield* relinquish(claim);
  yield* retract(evictionOf(claim.lock), claim);
  yield* quietly(unlink(claim.staged));
}
