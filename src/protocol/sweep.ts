/**
 * Sweeping what dead processes left beside a lock, so that after the last release the directory is as before.
 *
 * Rule SWEEP-1: A file is swept if its name ends with the token of the record in it and the holder is dead. A private
 * file without a text is swept after a short grace period, if it is marked (CRASH-4) or this lock's. A private file is
 * not a claim: if its owner is alive after all, the owner creates it again.
 *
 * Not promised: to find everything in a directory with more than `MAX_NAMES_READ` names.
 */
import type { Claim } from '../model/claim.js';
import { attempt, isOrphan, judgeLock, retract } from './contend.js';
import { readLock } from './inspect.js';
import { isLost } from '../model/mark.js';
import { parseRecord, type HolderRecord, type Token } from '../model/record.js';
import { privatePath, tokenOfPrivateFile, evictionDepth } from '../model/file-names.js';
import { judge, list, read, unlink, type Protocol } from '../model/steps.js';
import { sweepBeaconOf, sweepBeacons } from './sweep-beacons.js';

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

/** How many private files a release reads: where more processes wait, they remove each other's (QUEUE-2). */
const MAX_FILES_TIDIED = 4;

/**
 * Removes the private files of killed waiters in `directory`, with their beacons. For a release, whose claim still holds
 * the lock: the holder may be the last process that comes here for a long time.
 */
export function* tidy(directory: string, claim: Claim): Protocol<void> {
  const names = (yield* list(directory, MAX_NAMES_READ)) ?? [];
  const files = names.filter(
    (name) => (tokenOfPrivateFile(name) ?? claim.record.token) !== claim.record.token,
  );
  for (const name of files.slice(0, MAX_FILES_TIDIED)) {
    const token = tokenOfPrivateFile(name) as Token;
    if (yield* sweepPrivateFile(`${directory}/${name}`, token, claim))
      yield* sweepBeaconOf(token, directory, names, claim.lock);
  }
}

/** Removes a private file if it was left by a dead process; returns whether it was. */
function* sweepPrivateFile(path: string, token: Token, claim: Claim): Protocol<boolean> {
  const content = yield* read(path);
  if (content.is !== 'file') return false;
  const record = parseRecord(content.text);
  const isOfThisLock = path.startsWith(`${claim.lock}.`);
  let dead: boolean;
  if (record === undefined)
    dead = (isLost(content) || (content.text === '' && isOfThisLock)) && (yield* isOrphan(path, claim));
  else if (record.token === token) dead = (yield* judge(record, path)).verdict === 'dead';
  else dead = path === privatePath(claim.lock, token); // Another's record: left by a process that died in EVICT-8.
  if (dead) yield* unlink(path); // SWEEP-1
  return dead;
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
