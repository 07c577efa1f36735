/**
 * Sweeping what dead processes left beside a lock, so that after the last release the directory is as before.
 *
 * Rule SWEEP-1: A file is swept if its name ends with the token of the record in it and the holder is dead. A private
 * file without a text is swept after its grace period, if it is marked (CRASH-4) or this lock's. A private file is not a claim: if its owner is
 * alive after all, the owner creates it again.
 *
 * Not promised: to find everything in a directory with more than `MAX_NAMES_READ` names.
 */
import type { Claim } from '../model/claim.js';
import { attempt, isOrphan, judgeLock, retract } from './contend.js';
import { readLock } from './inspect.js';
import { isLost } from '../model/mark.js';
import { parseRecord, type HolderRecord } from '../model/record.js';
import { tokenOfPrivateFile, evictionDepth } from '../model/file-names.js';
import { judge, list, read, unlink, type Protocol } from '../model/steps.js';
import { sweepBeacons } from './sweep-beacons.js';

/** How many names of the directory are read. */
const MAX_NAMES_READ = 10_000;

/** Removes what dead processes left in `directory`, the directory of the claim's lock. The claim holds the lock. */
export function* sweep(directory: string, claim: Claim, previous?: HolderRecord): Protocol<void> {
  const names = (yield* list(directory, MAX_NAMES_READ)) ?? [];
  for (const name of names) {
    const path = `${directory}/${name}`;
    const token = tokenOfPrivateFile(name);
    if (token === undefined) yield* sweepEviction(path, claim);
    else if (token !== claim.record.token) yield* sweepPrivateFile(path, token, claim);
  }
  yield* sweepBeacons(directory, names, claim, previous); // Last: the verdicts above may need them.
}

function* sweepPrivateFile(path: string, token: string, claim: Claim): Protocol<void> {
  const content = yield* read(path);
  if (content.is !== 'file') return;
  const record = parseRecord(content.text);
  const dead =
    record === undefined
      ? (isLost(content) || (content.text === '' && path.startsWith(`${claim.lock}.`))) &&
        (yield* isOrphan(path, claim))
      : record.token === token && (yield* judge(record, path)).verdict === 'dead';
  if (dead) yield* unlink(path); // SWEEP-1
}

/**
 * Removes an eviction lock whose holder died before releasing it. Check each depth: a deeper one may remain alone.
 *
 *     P.1 takes .evict, is killed
 *     Q.1 takes .evict.evict   Q.2 removes .evict, is killed
 */
function* sweepEviction(path: string, claim: Claim): Protocol<void> {
  const depth = evictionDepth(path, claim.lock);
  if (depth === 0) return;
  const found = yield* readLock(path);
  if (found === undefined || (yield* judgeLock(found, path, claim)).verdict !== 'dead') return;
  const outcome = yield* attempt(path, claim, depth);
  if (outcome.taken) yield* retract(path, claim);
}
