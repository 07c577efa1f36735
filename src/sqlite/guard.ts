/**
 * The guard of a database: a `LockFile` that is held while a holdfast process has the database open.
 *
 * SQLite's own locks are not enough, since its two builds take different ones (`engine.ts`). When the holder of the
 * guard dies, the next contender recovers it, as with every lock of this package.
 */
import { untrackClaim } from '../lock/exit-hook.js';
import { Trampoline } from '../protocol/trampoline.js';
import { ignoreErrors } from '../protocol/retry.js';
import { LockFile } from '../lock/lock-file.js';
import { custom, type Protocol } from '../model/steps.js';

/** How many short waits there are while the database is in use, and the longest, before that counts as busy. */
const SHORT_WAITS = 24;
const LONGEST_SHORT_WAIT = 6; // 32 ms: see `backoff`.

export class Guard extends LockFile {
  constructor(database: string, orphanGraceMs: number) {
    super(database, { lockPath: `${database}.guard`, orphanGraceMs });
  }

  /** Does `work` while no other holdfast process or thread uses the database. */
  *during<T>(work: () => T): Protocol<T> {
    const claim = this.newClaim();
    this.track(claim);
    try {
      const taken = yield* withShortPauses(this.acquiring(claim));
      yield* this.sweeping(taken);
      let done: T;
      try {
        done = yield* custom(work);
      } catch (error) {
        yield* ignoreErrors(this.releasing(taken.claim));
        throw error;
      }
      yield* this.releasing(taken.claim);
      return done;
    } finally {
      untrackClaim(claim);
    }
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
