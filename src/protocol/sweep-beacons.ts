/**
 * Sweeping the beacons of dead holders.
 *
 * Rule SWEEP-2: Only the holder of the lock that a beacon's name identifies sweeps that beacon, and only if no eviction
 * lock of that lock belongs to the beacon's claim. It is not removed together with the claim: a holder that died during
 * a release has both the lock and an eviction lock, and the beacon is still the proof of death for the other.
 * Rule SWEEP-3: A beacon is swept only if its holder is the dead one that was just replaced, or if it is dark and older
 * than its grace period: a new beacon is dark for an instant.
 */
import type { Claim } from '../model/claim.js';
import { MAX_DEPTH, isOrphan } from './contend.js';
import { readLock, recordsOf } from './inspect.js';
import { type HolderRecord, type Token } from '../model/record.js';
import { beaconPath, lockDigits, tokenOfBeacon, evictionOf } from '../model/file-names.js';
import { probeBeacon, unlink, type Found, type Protocol } from '../model/steps.js';

/** Removes the beacons of this lock's dead holders among the `names` in `directory`. The claim holds the lock. */
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

/**
 * Removes the beacon of a dead waiter for this lock, if it is among `names`. The lock is read for it: it may have been
 * broken by force, and then the dead process may be its holder.
 */
export function* sweepBeaconOf(
  token: Token,
  directory: string,
  names: readonly string[],
  lock: string,
): Protocol<void> {
  const path = beaconPath(directory, lockDigits(lock), token);
  const isThere = names.some((name) => `${directory}/${name}` === path);
  if (!isThere || (yield* isNeeded(token, lock))) return;
  const found = yield* readLock(lock);
  if (found !== undefined && recordsOf(found).some((record) => record.token === token)) return;
  yield* unlink(path); // SWEEP-2
}

function* isDarkForLong(path: string, claim: Claim): Protocol<boolean> {
  return (yield* isOrphan(path, claim)) && (yield* probeBeacon(path)) === 'dark';
}

/** Does the claim with this token hold an eviction lock of `lock`, at any depth? */
function* isNeeded(token: string, lock: string): Protocol<boolean> {
  let name = lock;
  for (let depth = 0; depth <= MAX_DEPTH; depth++) {
    name = evictionOf(name);
    let found: Found | undefined;
    try {
      found = yield* readLock(name);
    } catch (refusal) {
      // ENAMETOOLONG: this name can't exist. After any other error, assume that the beacon is needed.
      return !(refusal instanceof Error && 'code' in refusal && refusal.code === 'ENAMETOOLONG');
    }
    if (found !== undefined && recordsOf(found).some((record) => record.token === token)) return true;
  }
  return false;
}
