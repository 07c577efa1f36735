/**
 * Giving a lock back, and breaking somebody's by force.
 *
 * Rule R1: a link or symlink lock is given back as a dead one is removed: under its eviction lock, after looking
 * again. Looking and then removing is not enough, once a lock can be broken by force:
 *
 *     P.1 look: mine
 *     B.1 breaks P's lock      Q.1 link: Q holds
 *     P.2 unlink: removes Q
 *
 * A directory's claim is removed by a name that nobody else has, so it needs no look (D3).
 * Rule R2: a forced break removes what it saw, under the eviction lock, and nothing that came since.
 */
import type { Claim } from './claim.js';
import { discard, prepare, remove, retract, underEviction, witnessOf } from './contend.js';
import { leaveDirectory } from './directory.js';
import { evictionOf, isClaim, isSame, look } from './inspect.js';
import {
  atLast,
  insist,
  pause,
  quietly,
  same,
  unlink,
  type Blocker,
  type Found,
  type Protocol,
} from './step.js';

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
  return yield* underEviction(claim.lock, claim, 1, function* () {
    const ours = yield* isStillOurs(claim); // R1
    if (ours) yield* removeOwn(claim);
    // Before the eviction lock goes: whoever finds that of the dead then finds all that they left.
    yield* atLast(() => discard(claim));
    return ours;
  });
}

/** Under the eviction lock nobody else removes it: so if it is gone, it was removed, whatever the refusal is about. */
function* removeOwn(claim: Claim): Protocol<void> {
  try {
    yield* insist(() => unlink(claim.lock));
  } catch (refusal) {
    if (yield* isStillOurs(claim)) throw refusal;
  }
}

/** Is what stands at the lock's name this claim? Comparing two names takes fewer calls than reading one. */
function* isStillOurs(claim: Claim): Protocol<boolean> {
  if (claim.kind === 'link' && (yield* same(claim.lock, claim.staged))) return true;
  return isClaim(yield* look(claim.lock), claim);
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
        yield* remove(claim.lock, found, claim.lock);
        return found;
      });
      if (!('blocker' in outcome)) return outcome.done;
      yield* pause(outcome.blocker);
    }
  } finally {
    yield* atLast(() => discard(claim));
  }
}

/** Takes back whatever of a claim is on disk, at whatever point its acquire or release was cut off. */
export function* abandon(claim: Claim): Protocol<void> {
  yield* quietly(unlink(claim.staged)); // First, so that a call still under way has nothing to link.
  yield* quietly(unlink(witnessOf(claim)));
  if (claim.kind === 'mkdir' || isClaim(yield* look(claim.lock), claim)) yield* relinquish(claim);
  yield* retract(evictionOf(claim.lock), claim);
  yield* quietly(unlink(claim.staged));
}
