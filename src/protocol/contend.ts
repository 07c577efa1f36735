/**
 * Contending for a name: take it, find that its holder is alive, or replace a dead holder.
 *
 * Rule EVICT-1: To remove someone else's lock of any kind, a process must hold `<lock>.evict`.
 * Rule EVICT-2: The process must also read the lock again while it holds `<lock>.evict`. Without this:
 *
 *     P.1 reads: Z, dead
 *     Q.1 reads: Z, dead   Q.2 takes .evict, removes Z, releases .evict
 *     R.1 link: R holds
 *     P.2 takes .evict, removes R
 *
 * Rule EVICT-3: The eviction lock is a lock of the same kind and is recovered in the same way, so a process that is
 * killed while it recovers a lock is itself recovered from. An eviction lock is never broken by force.
 * Rule EVICT-4: A claim is removed only on proof of death; an empty directory only after its grace period.
 * Rule EVICT-5: If the name exists and turns out to be our own claim, the lock is ours. A network filesystem may lose
 * the reply to a call that succeeded.
 * Rule EVICT-6: If a call fails, its possible effects are undone.
 * Rule EVICT-7: Work that was done under an eviction lock counts as done even if the eviction lock can't be released.
 * The next call with the same claim finds that eviction lock to be its own (EVICT-5), and others recover it when this
 * process dies. After a failed release it is removed only if it is still ours. Without this:
 *
 *     P.1 unlink .evict: done, but reported as failed
 *     B.1 takes .evict to break Q's lock, reads: still Q's
 *     P.2 unlink .evict: removes B's
 *     Q.1 takes .evict, releases its lock     R.1 link: R holds
 *     B.2 unlink: removes R
 *
 * Not promised: which of several contenders gets the lock.
 */
import type { Claim } from '../model/claim.js';
import { removeLost } from './crash.js';
import { createAsDirectory, removeClaim } from './directory.js';
import { createAsText } from './link.js';
import { delegate } from './trampoline.js';
import { obtainRight } from './removal-right.js';
import { bestEffort, retry } from './retry.js';
import { ORPHAN, isClaim, isSame, judgeFound, readLock, recordsOf } from './inspect.js';
import { type HolderRecord } from '../model/record.js';
import { claimIn, evictionDepth, evictionOf, privatePath, tokenOfPrivateFile } from '../model/file-names.js';
import {
  age,
  rmdir,
  create,
  unlink,
  type Blocker,
  type Found,
  type Judgement,
  type Protocol,
} from '../model/steps.js';

/** How often one attempt starts over because the lock was released meanwhile, or a dead holder's lock was removed. */
const MAX_TRIES = 16;

/** How many recoveries may have died one inside another before a human must help: each adds one `.evict`. */
export const MAX_DEPTH = 8;

/** The result of one attempt: the lock, and the dead holder that it was taken from, if any; or the blocker. */
export type Attempt = ({ taken: true } & Replaced) | { taken: false; blocker: Blocker };

/** The dead holder that was replaced, if any; `afterCrash`: there was one, and its record is lost. */
export interface Replaced {
  readonly previous?: HolderRecord;
  readonly afterCrash?: true;
}

/** Creates what a claim needs on disk before it can take a name: for the link kind, its private file. */
export function* prepare(claim: Claim): Protocol<void> {
  if (claim.kind === 'link') yield* create(claim.privateFile, claim.text, claim.mode);
}

/** Removes what `prepare` created; returns whether the private file was still there. */
export function* discard(claim: Claim): Protocol<boolean> {
  return claim.kind === 'link' && (yield* retry(() => unlink(claim.privateFile)));
}

/** Tries to take `name`, the lock or an eviction lock, for a prepared claim. */
export function* attempt(name: string, claim: Claim, depth = 0): Protocol<Attempt> {
  const appear = claim.kind === 'mkdir' ? createAsDirectory : createAsText;
  let replaced: Replaced = {};
  let blocker: Blocker = { path: name, found: CHANGING, judgement: UNCLEAR };
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    if (yield* appear(name, claim)) return { taken: true, ...replaced };
    const found = yield* readLock(name);
    if (found === undefined) continue;
    if (isClaim(found, claim)) return { taken: true, ...replaced }; // EVICT-5
    blocker = { path: name, found, judgement: yield* judgeLock(found, name, claim) };
    if (blocker.judgement.verdict !== 'dead') break; // EVICT-4
    const obstacle = yield* evict(name, found, claim, depth);
    if (obstacle !== undefined) return { taken: false, blocker: obstacle };
    replaced = replacedBy(found);
  }
  return { taken: false, blocker };
}

const CHANGING: Found = { kind: 'foreign', what: 'a name that changes hands faster than it can be taken' };
const UNCLEAR: Judgement = { verdict: 'unknown', reason: `it is ${CHANGING.what}` };

/** What the next holder is told of a dead holder's lock. */
export function replacedBy(found: Found): Replaced {
  if (found.kind === 'lost') return { afterCrash: true };
  const [previous] = recordsOf(found);
  return previous === undefined ? {} : { previous };
}

/** Removes the dead holder's lock that was found at `name`, if it is still there; returns the blocker, if any. */
function* evict(name: string, found: Found, claim: Claim, depth: number): Protocol<Blocker | undefined> {
  if (depth === MAX_DEPTH)
    throw new Error(`${String(MAX_DEPTH)} processes died while recovering this lock; remove ${name} by hand`);
  const outcome = yield* withEvictionLock(name, claim, depth + 1, function* () {
    if (!isSame(yield* readLock(name), found)) return; // EVICT-2
    if (found.kind === 'empty' && !(yield* isOrphan(name, claim))) return;
    if (found.kind === 'link' && !(yield* obtainRight(name, found, claim.lock))) return; // EVICT-8
    yield* remove(name, found, claim.lock);
  });
  return 'blocker' in outcome ? outcome.blocker : undefined;
}

/** Runs `work` while this claim holds the eviction lock of `name`; or returns the blocker that holds it. */
export function* withEvictionLock<T>(
  name: string,
  claim: Claim,
  depth: number,
  work: () => Protocol<T>,
): Protocol<{ done: T } | { blocker: Blocker }> {
  const eviction = evictionOf(name);
  let done: T;
  try {
    const outcome = yield* delegate(attempt(eviction, claim, depth)); // EVICT-3
    if (!outcome.taken) return { blocker: outcome.blocker };
    done = yield* delegate(work());
  } catch (refusal) {
    yield* bestEffort(() => retract(eviction, claim)); // EVICT-6
    throw refusal;
  }
  yield* bestEffort(
    () => removeEvictionLock(eviction, claim), // EVICT-7
    () => retract(eviction, claim),
  );
  return { done };
}

/** Releases an eviction lock if it is this claim's. Another claim may also be in its directory; that one withdraws. */
export function* retract(eviction: string, claim: Claim): Protocol<void> {
  if (claim.kind === 'mkdir' || isClaim(yield* readLock(eviction), claim))
    yield* removeEvictionLock(eviction, claim);
}

/** Releases an eviction lock. Nobody breaks one by force, so it is still ours. */
function* removeEvictionLock(eviction: string, claim: Claim): Protocol<void> {
  if (claim.kind === 'mkdir') yield* removeClaim(eviction, claim.record.token);
  else yield* retry(() => unlink(eviction));
}

/**
 * Removes someone else's lock of any kind. The caller holds its eviction lock (EVICT-1), and has removed the private file of
 * a holder of the link kind: without the lock's text, nobody could find that.
 */
export function* remove(name: string, found: Found, lock: string): Protocol<void> {
  if (found.kind === 'mkdir') {
    for (const record of found.records) yield* removeClaim(name, record.token);
    for (const token of found.lost ?? []) yield* removeClaim(name, token);
  } else if (found.kind === 'lost') {
    if (found.names === undefined) yield* removeLost(name, lock);
    else for (const token of found.names) yield* removeClaim(name, token);
  } else if (found.kind === 'foreign' && found.names !== undefined) {
    for (const each of found.names) yield* unlink(claimIn(name, each), name);
    yield* rmdir(name);
  } else if (found.kind === 'empty') {
    yield* retry(() => rmdir(name));
  } else {
    yield* retry(() => unlink(name));
  }
}

/** As `judgeFound`, but an empty directory counts as dead after its grace period. */
export function* judgeLock(found: Found, name: string, claim: Claim): Protocol<Judgement> {
  if (found.kind !== 'empty') return yield* judgeFound(found, name);
  return (yield* isOrphan(name, claim))
    ? ORPHAN
    : {
        verdict: 'unknown',
        reason: 'an empty directory is a lock that is being created, or another program’s',
      };
}

/**
 * Is `path` older than its grace period? A new file beside it, the witness, shows the filesystem's own time. Not the
 * private file of the link kind: it is as old as the hold, so a release would never recognize a younger orphan.
 */
export function* isOrphan(path: string, claim: Claim): Protocol<boolean> {
  const witness = witnessOf(claim);
  yield* create(witness, claim.text, claim.mode);
  try {
    return ((yield* age(path, witness)) ?? 0) >= graceOf(path, claim);
  } finally {
    yield* bestEffort(() => unlink(witness));
  }
}

/**
 * The grace period of an eviction lock is short: only our own new directories need it there, since no other program
 * makes an eviction lock, and DIR-2 stays correct when it ends too early.
 */
const EVICTION_GRACE_MS = 1_000;

/** A private file is empty only between its creation and its first write; if its owner is alive, it makes another. */
const PRIVATE_FILE_GRACE_MS = 5_000;

function graceOf(path: string, claim: Claim): number {
  if (evictionDepth(path, claim.lock) > 0) return Math.min(EVICTION_GRACE_MS, claim.orphanGraceMs);
  return path !== claim.lock && tokenOfPrivateFile(path) !== undefined
    ? Math.min(PRIVATE_FILE_GRACE_MS, claim.orphanGraceMs)
    : claim.orphanGraceMs;
}

/** The path of a claim's witness. It ends with the token, so it is swept in the same way as a private file. */
export function witnessOf(claim: Claim): string {
  return privatePath(`${claim.lock}.now`, claim.record.token);
}
