/**
 * The guard of a database: a `LockFile` that is held for as long as one of us has the database open.
 *
 * SQLite's own locks don't do, since its two builds take different ones (`engine.ts`). Ours is recovered like
 * every lock here when its holder dies.
 */
import { untrackClaim } from '../lock/exit-hook.js';
import { Trampoline } from '../protocol/trampoline.js';
import { ignoreErrors } from '../protocol/retry.js';
import { LockFile } from '../lock/lock-file.js';
import { custom, type Protocol } from '../model/steps.js';

/** How often, and how long at most, whoever finds the database in use waits for that to be over, before it counts. */
const SHORT_WAITS = 24;
const LONGEST_SHORT_WAIT = 6; // 32 ms: see `settle`.

export class Guard extends LockFile {
  constructor(database: string, orphanGraceMs: number) {
    super(database, { lockPath: `${database}.guard`, orphanGraceMs });
  }

  /** Does `work` while nobody else of us is at the database. */
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
 * Runs a protocol whose first pauses are short, and never the last. For a moment's work by somebody else on the same
 * database is no reason to tell a caller who doesn't wait that its lock is held.
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
