/**
 * Sweeping up the beacons of the dead.
 *
 * Rule SWEEP-2: a beacon is swept by whoever holds the lock that its name tells, if no eviction lock of that lock is its
 * claim's. Not with the claim: a holder that died within a release stands at the lock's name and at an eviction
 * lock's, and whoever removes the one must not take away the proof for the other.
 * Rule SWEEP-3: ... and if its holder is the dead one that was just replaced, or it is dark and has outlived its grace: a
 * beacon that is being lit is dark for an instant.
 */
import type { Claim } from '../model/claim.js';
import { MAX_DEPTH, isOrphan } from './contend.js';
import { readLock, recordsOf } from './inspect.js';
import { type HolderRecord } from '../model/record.js';
import { lockDigits, tokenOfBeacon, evictionOf } from '../model/file-names.js';
import { probeBeacon, unlink, type Found, type Protocol } from '../model/steps.js';

/** Removes the beacons of this lock's dead among `names` of `directory`. The claim holds the lock. */
export function* sweepBeacons(
  directory: string,
  names: readonly string[],
  claim: Claim,
  previous: HolderRecord | undefined,
): Protocol<void> {
  const digits = lockDigits(claim.lock);
  for (const name of names) {
    const token = tokenOfBeacon(name, digits);
    if (token === undefined || token === claim.record.token) continue;
    const path = `${directory}/${name}`;
    const isDead = token === previous?.token || (yield* isDarkForLong(path, claim)); // SWEEP-3
    if (isDead && !(yield* isNeeded(token, claim.lock))) yield* unlink(path); // SWEEP-2
  }
}

function* isDarkForLong(path: string, claim: Claim): Protocol<boolean> {
  return (yield* isOrphan(path, claim)) && (yield* probeBeacon(path)) === 'dark';
}

/** Is an eviction lock of `lock`, however deep, the claim of this token? */
function* isNeeded(token: string, lock: string): Protocol<boolean> {
  let name = lock;
  for (let depth = 0; depth <= MAX_DEPTH; depth++) {
    name = evictionOf(name);
    let found: Found | undefined;
    try {
      found = yield* readLock(name);
    } catch (refusal) {
      // A name too long to exist; of any other it can't be told.
      return !(refusal instanceof Error && 'code' in refusal && refusal.code === 'ENAMETOOLONG');
    }
    if (found !== undefined && recordsOf(found).some((record) => record.token === token)) return true;
  }
  return false;
}
