/**
 * Contending for a name: take it, find it held by the living, or replace the dead.
 *
 * Rule EVICT-1: a lock that isn't one's own is removed only by whoever holds `<lock>.evict`, whatever its kind.
 * Rule EVICT-2: ... and only after looking at it again under that. Without:
 *
 *     P.1 look: dead Z
 *     Q.1 look: dead Z   Q.2 takes .evict, removes Z, gives .evict back
 *     R.1 link: R holds
 *     P.2 takes .evict, removes R
 *
 * Rule EVICT-3: the eviction lock is the same kind of lock, recovered the same way when its holder dies, so whoever is
 * killed while it recovers a lock is recovered from in its turn. It is never broken by force.
 * Rule EVICT-4: only a proof of death lets a claim be removed; only its grace an empty directory.
 * Rule EVICT-5: a name that exists and turns out to be our own claim is ours: a network filesystem may lose the answer
 * to a call that succeeded.
 * Rule EVICT-6: what a refused call may have done all the same is undone.
 * Rule EVICT-7: work done under an eviction lock stays done though that can't be given back. Its claim is found to be our
 * own by whatever we do next with this claim (EVICT-5), and the dead's when we die. After a refusal it is given back only
 * if it is seen to be still ours. Without:
 *
 *     P.1 unlink .evict: made, and yet refused
 *     B.1 takes .evict to break Q's lock, looks: still Q's
 *     P.2 unlink .evict: removes B's
 *     Q.1 takes .evict, gives its lock back     R.1 link: R holds
 *     B.2 unlink: removes R
 *
 * Not promised: who gets the lock of several that contend.
 */
import type { Claim } from '../model/claim.js';
import { createAsDirectory, removeClaim } from './directory.js';
import { createAsText } from './link.js';
import { delegate } from './trampoline.js';
import { bestEffort, retry } from './retry.js';
import { isClaim, isSame, judgeFound, readLock, recordsOf } from './inspect.js';
import { type HolderRecord } from '../model/record.js';
import { privatePath, claimIn, evictionDepth, evictionOf } from '../model/file-names.js';
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

/** How often one attempt goes on because the lock was given back, or a dead one removed, under its eyes. */
const MAX_TRIES = 16;

/** How many recoveries may have died one within the other, before we ask for a human: each is one more `.evict`. */
export const MAX_DEPTH = 8;

/** What came of one attempt: the name, and the dead holder it was taken over from; or who is in the way. */
export type Attempt = { taken: true; previous?: HolderRecord } | { taken: false; blocker: Blocker };

/** What a claim needs on disk before it can take any name: the link kind, its private file. */
export function* prepare(claim: Claim): Protocol<void> {
  if (claim.kind === 'link') yield* create(claim.privateFile, claim.text, claim.mode);
}

/** The end of `prepare`; was the private file still there? */
export function* discard(claim: Claim): Protocol<boolean> {
  return claim.kind === 'link' && (yield* retry(() => unlink(claim.privateFile)));
}

/** Takes `name`, the lock's or an eviction lock's, for a claim that is prepared. */
export function* attempt(name: string, claim: Claim, depth = 0): Protocol<Attempt> {
  const appear = claim.kind === 'mkdir' ? createAsDirectory : createAsText;
  let previous: HolderRecord | undefined;
  let blocker: Blocker = { path: name, found: CHANGING, judgement: UNCLEAR };
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    if (yield* appear(name, claim)) return taken(previous);
    const found = yield* readLock(name);
    if (found === undefined) continue;
    if (isClaim(found, claim)) return taken(previous); // EVICT-5
    blocker = { path: name, found, judgement: yield* judgeLock(found, name, claim) };
    if (blocker.judgement.verdict !== 'dead') break; // EVICT-4
    const obstacle = yield* evict(name, found, claim, depth);
    if (obstacle !== undefined) return { taken: false, blocker: obstacle };
    previous = recordsOf(found)[0];
  }
  return { taken: false, blocker };
}

const CHANGING: Found = { kind: 'foreign', what: 'a name that changes hands faster than it can be taken' };
const UNCLEAR: Judgement = { verdict: 'unknown', reason: `it is ${CHANGING.what}` };

function taken(previous: HolderRecord | undefined): Attempt {
  return previous === undefined ? { taken: true } : { taken: true, previous };
}

/** Removes what was found dead at `name`, if it still stands there; who is in the way, if somebody is. */
function* evict(name: string, found: Found, claim: Claim, depth: number): Protocol<Blocker | undefined> {
  if (depth === MAX_DEPTH)
    throw new Error(`${String(MAX_DEPTH)} recoveries died one within the other; remove ${name} by hand`);
  const outcome = yield* withEvictionLock(name, claim, depth + 1, function* () {
    if (!isSame(yield* readLock(name), found)) return; // EVICT-2
    if (found.kind === 'empty' && !(yield* isOrphan(name, claim))) return;
    yield* remove(name, found, claim.lock);
  });
  return 'blocker' in outcome ? outcome.blocker : undefined;
}

/** Does `work` while this claim holds the eviction lock of `name`; or tells who else holds it. */
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

/** Gives an eviction lock back if it is this claim's: of a directory, though another came in, who will withdraw. */
export function* retract(eviction: string, claim: Claim): Protocol<void> {
  if (claim.kind === 'mkdir' || isClaim(yield* readLock(eviction), claim))
    yield* removeEvictionLock(eviction, claim);
}

/** Gives an eviction lock back. Nobody breaks one by force, so what stands there is still ours. */
function* removeEvictionLock(eviction: string, claim: Claim): Protocol<void> {
  if (claim.kind === 'mkdir') yield* removeClaim(eviction, claim.record.token);
  else yield* retry(() => unlink(eviction));
}

/** Removes a lock that isn't one's own, whatever its kind: only under its eviction lock (EVICT-1). */
export function* remove(name: string, found: Found, lock: string): Protocol<void> {
  if (found.kind === 'mkdir') {
    for (const record of found.records) yield* removeClaim(name, record.token);
  } else if (found.kind === 'foreign' && found.names !== undefined) {
    for (const each of found.names) yield* unlink(claimIn(name, each), name);
    yield* rmdir(name);
  } else if (found.kind === 'empty') {
    yield* retry(() => rmdir(name));
  } else {
    // First the private file, which nothing leads to once the lock's text is gone.
    if (found.kind === 'link') yield* unlink(privatePath(lock, found.record.token));
    yield* retry(() => unlink(name));
  }
}

/** As `judgeFound`; and an empty directory is dead when its grace has passed. */
export function* judgeLock(found: Found, name: string, claim: Claim): Protocol<Judgement> {
  if (found.kind !== 'empty') return yield* judgeFound(found, name);
  return (yield* isOrphan(name, claim))
    ? { verdict: 'dead', reason: 'it has been an empty directory, unchanged, for longer than its grace' }
    : { verdict: 'unknown', reason: 'an empty directory is a lock being born, or another program’s' };
}

/**
 * Has what stands at `path` outlived its grace? A file made beside it tells the filesystem's own time. Not the private
 * file, though one stands there in the link kind: it is as old as the hold, and a release would never see an orphan
 * that is younger.
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

/** No other program's lock is an eviction lock, so there only newborn ones of ours need a grace; and DIR-2 bears its end. */
const EVICTION_GRACE_MS = 1_000;

function graceOf(path: string, claim: Claim): number {
  return evictionDepth(path, claim.lock) === 0
    ? claim.orphanGraceMs
    : Math.min(EVICTION_GRACE_MS, claim.orphanGraceMs);
}

/** Where a claim makes its witness: a name that is swept as its private file is. */
export function witnessOf(claim: Claim): string {
  return privatePath(`${claim.lock}.now`, claim.record.token);
}
