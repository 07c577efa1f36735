/**
 * Releasing a lock, and breaking another holder's lock by force.
 *
 * Rule RELEASE-1: A lock of the link kind is removed by the process that removed its private file, and only one process
 * can: the holder, the process that breaks the lock, or, after the holder's death, the owner of the eviction lock.
 * To read the lock and then remove it is not enough, since a lock can be broken by force:
 *
 *     P.1 reads: mine
 *     B.1 breaks P's lock      Q.1 link: Q holds
 *     P.2 unlink: removes Q
 *
 * A holder whose private file is gone removes its lock under the eviction lock, after reading it again. So does a
 * holder of the symlink kind, which has no private file. A claim in a directory has a name that no other claim has, so
 * it needs no second read (DIR-3).
 * Rule RELEASE-2: A forced break removes the lock that it read, under the eviction lock, and no later one.
 * Rule RELEASE-3: A forced break waits for a living holder whose private file is gone. That holder is about to remove
 * the name, and a new lock there would be removed with it.
 */
import type { Claim } from '../model/claim.js';
import { discard, prepare, remove, retract, withEvictionLock, witnessOf } from './contend.js';
import { FEW_TRIES, removeClaim } from './directory.js';
import { bestEffort, retry, ignoreErrors } from './retry.js';
import { isClaim, isSame, judgeFound, readLock } from './inspect.js';
import { privatePath, evictionOf } from '../model/file-names.js';
import { pause, sameFile, unlink, type Blocker, type Found, type Protocol } from '../model/steps.js';

/** The error of a release whose claim is removed, but not its directory: it looks like a system's, for its reader. */
function directoryStays(path: string): Error {
  const message =
    'ENOTEMPTY: the claim is removed, but its directory stays, since another process has a file of it open';
  return Object.assign(new Error(message), { code: 'ENOTEMPTY', syscall: 'rmdir', path });
}

/** Releases the claim's lock, with pauses while others hold its eviction lock; false if it wasn't ours any more. */
export function* release(claim: Claim): Protocol<boolean> {
  for (;;) {
    const outcome = yield* relinquish(claim);
    if (!('blocker' in outcome)) return outcome.done;
    yield* pause(outcome.blocker);
  }
}

/** One attempt to release the lock: returns whether it was ours, or the blocker. */
function* relinquish(claim: Claim): Protocol<{ done: boolean } | { blocker: Blocker }> {
  if (claim.kind === 'mkdir') {
    const stay = () => directoryStays(claim.lock);
    return { done: yield* removeClaim(claim.lock, claim.record.token, undefined, stay) };
  }
  // Not a read of the lock: to compare two names takes fewer calls.
  if (claim.kind === 'link' && (yield* sameFile(claim.lock, claim.privateFile)) && (yield* discard(claim))) {
    yield* removeOwn(claim); // RELEASE-1
    return { done: true };
  }
  return yield* withEvictionLock(claim.lock, claim, 1, function* () {
    const ours = isClaim(yield* readLock(claim.lock), claim); // RELEASE-1
    if (ours) yield* removeOwn(claim);
    // Before the eviction lock: if this process dies here, its eviction lock still leads to the private file.
    yield* bestEffort(() => discard(claim));
    return ours;
  });
}

/** Removes our own lock. Nobody else may, so if it is gone after an error, this call removed it. */
function* removeOwn(claim: Claim): Protocol<void> {
  try {
    yield* retry(() => unlink(claim.lock));
  } catch (refusal) {
    if (isClaim(yield* readLock(claim.lock), claim)) throw refusal;
  }
}

/**
 * Removes any holder's lock at the name of `claim`, which itself holds nothing; returns what it removed, if anything.
 * Throws if the name is a directory with files of another program: they are no lock, and not ours to remove.
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

/** Obtains the right to remove a lock (RELEASE-1); returns the blocker if its holder has that right (RELEASE-3). */
function* claimRemoval(found: Found, lock: string): Protocol<Blocker | undefined> {
  if (found.kind !== 'link' || (yield* unlink(privatePath(lock, found.record.token)))) return undefined;
  const judgement = yield* judgeFound(found, lock);
  return judgement.verdict === 'dead' ? undefined : { path: lock, found, judgement };
}

/** Removes everything of a claim from disk, at whatever point its acquire or release was interrupted. */
export function* abandon(claim: Claim): Protocol<void> {
  yield* ignoreErrors(unlink(claim.privateFile)); // First, so that an interrupted call has nothing to link.
  yield* ignoreErrors(unlink(witnessOf(claim)));
  if (claim.kind === 'mkdir') yield* removeClaim(claim.lock, claim.record.token, FEW_TRIES);
  else if (isClaim(yield* readLock(claim.lock), claim)) yield* relinquish(claim);
  yield* retract(evictionOf(claim.lock), claim);
  yield* ignoreErrors(unlink(claim.privateFile));
}
