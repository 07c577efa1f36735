/**
 * The guard of a database: a `LockFile` that is held while a holdfast process has the database open.
 *
 * SQLite's own locks are not enough, since its two builds take different ones (`engine.ts`). When the holder of the
 * guard dies, the next contender recovers it, as with every lock of this package.
 *
 * Rule SQLITE-3: When the system refuses to release the guard, the work under it has been done all the same, and is not
 * reported as failed. The release is tried again: at once, at the next use of the database by this thread, and when
 * the process exits.
 */
import type { Claim, Taken } from '../model/claim.js';
import { untrackClaim } from '../lock/exit-hook.js';
import { Trampoline } from '../protocol/trampoline.js';
import { LockFile } from '../lock/lock-file.js';
import { backoff, custom, type Protocol } from '../model/steps.js';

/** How many short waits there are while the database is in use, and the longest, before that counts as busy. */
const SHORT_WAITS = 24;
const LONGEST_SHORT_WAIT = 6; // 32 ms: see `backoff`.

/** Guards of this thread that are still held because the system refused to release them, by lock path. */
const unreleased = new Map<string, readonly Claim[]>();

/** How often a release is tried, with pauses of 1 to 8 ms, before it is left to a later call. */
const RELEASE_TRIES = 5;

export class Guard extends LockFile {
  constructor(database: string, orphanGraceMs: number) {
    super(database, { lockPath: `${database}.guard`, orphanGraceMs });
  }

  /** Does `work` while no other holdfast process or thread uses the database. */
  *during<T>(work: () => T): Protocol<T> {
    for (const claim of unreleased.get(this.lockPath) ?? []) yield* this.#giveBack(claim);
    const claim = this.newClaim();
    this.track(claim);
    let taken: Taken<Claim>;
    try {
      taken = yield* withShortPauses(this.acquiring(claim));
    } catch (error) {
      untrackClaim(claim);
      throw error;
    }
    this.track(taken.claim);
    try {
      yield* this.sweeping(taken);
      return yield* custom(work);
    } finally {
      yield* this.#giveBack(taken.claim);
    }
  }

  /** SQLITE-3. */
  *#giveBack(claim: Claim): Protocol<void> {
    const others = (unreleased.get(this.lockPath) ?? []).filter((each) => each !== claim);
    for (let tries = 1; tries <= RELEASE_TRIES; tries++) {
      try {
        yield* this.releasing(claim);
        untrackClaim(claim);
        if (others.length === 0) unreleased.delete(this.lockPath);
        else unreleased.set(this.lockPath, others);
        return;
      } catch {
        if (tries < RELEASE_TRIES) yield* backoff(tries);
      }
    }
    unreleased.set(this.lockPath, [...others, claim]);
  }
}

/**
 * Runs a protocol with its first pauses replaced by short ones, which never time out: another process that uses the
 * same database for a moment must not make `acquire(0)` report that the lock is held.
 */
export function* withShortPauses<T>(protocol: Protocol<T>): Protocol<T> {
  let waits = 0;
  const run = new Trampoline(protocol);
  let state = run.next();
  while (state.done !== true) {
    const step = state.value;
    const isShort = step.call === 'pause' && ++waits <= SHORT_WAITS;
    let answer: unknown;
    try {
      answer = yield isShort ? { call: 'backoff', tries: Math.min(waits, LONGEST_SHORT_WAIT) } : step;
    } catch (error) {
      state = run.throw(error);
      continue;
    }
    state = run.next(answer);
  }
  return state.value;
}
