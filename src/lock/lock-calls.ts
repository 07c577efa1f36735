/**
 * One object's tenure of one lock: each call of a lock written once, as a protocol that either driver runs.
 *
 * Rule HOLD-1: a claim is owned (`exit-hook.ts`) from before its first step until after its last, so whatever ends this thread
 * in between gives it back.
 * Rules HOLD-2 and HOLD-3: what it holds (`ownership.ts`).
 * Rule HOLD-4: where the holder is the whole process, the disk alone says whether it holds, and as what kind.
 */
import { dirname } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { lightBeacon } from '../system/beacon.js';
import { makeClaim, type AnyClaim, type Taken } from '../model/claim.js';
import { isSweepDue } from '../system/directory-facts.js';
import { runSync, type Io, type WaitPolicy } from '../driver/run.js';
import { NotLocked, NotMyLock } from '../model/errors.js';
import { untrackClaim, trackClaim } from './exit-hook.js';
import * as failures from './messages.js';
import { Ownership } from './ownership.js';
import { ignoreErrors } from '../protocol/retry.js';
import { recordsOf } from '../protocol/inspect.js';
import { isThisProcess } from '../system/machine.js';
import { newRecord } from './new-record.js';
import { checkOptions, checkPath, type LockOptions, type Options } from './options.js';
import type { Place } from './thread-queue.js';
import type { HolderRecord } from '../model/record.js';
import { registry, type TrackedClaim } from './registry.js';
import { backoff, type Blocker, type Found, type Protocol } from '../model/steps.js';
import { sweep } from '../protocol/sweep.js';
/** How long a release waits for somebody who is recovering this very lock, in milliseconds. */
const RELEASE_TIMEOUT_MS = 10_000;

/** The same at exit, where the process is expected to be gone: a dead holder is recovered anyway. */
const EXIT_TIMEOUT_MS = 100;

/** @typeParam C What the lock's protocol knows of a claim, besides the holder's record. */
export abstract class LockCalls<C extends AnyClaim> {
  /** What is locked, absolute. It need not exist. */
  readonly path: string;
  protected readonly options: Options;
  readonly #lockPath: string;
  readonly #holding: Ownership<C>;
  #previous: HolderRecord | undefined;

  /**
   * Makes a lock that is not held yet; nothing is looked at or written before `acquire()`.
   *
   * @param path What to lock; made absolute here, so that a later `chdir` changes nothing. It need not exist, but its
   *   directory must, and be writable.
   * @throws {TypeError} for a path or an option of a wrong type; {RangeError} for one of a wrong value.
   */
  constructor(path: string, options?: LockOptions) {
    this.options = checkOptions(options);
    this.path = checkPath(path);
    this.#lockPath = this.options.lockPath ?? `${this.path}.lock`;
    // The first write to what is locked would be the end of its lock.
    if (this.options.lockPath === this.path)
      throw new RangeError('lockPath must not be the path to lock itself');
    this.#holding = new Ownership(this.options.threaded, (place) => {
      this.#leave(place);
    });
  }

  /** The lock's name on disk, absolute: `<path>.lock`, unless the option `lockPath` says where. */
  get lockPath(): string {
    return this.#lockPath;
  }

  /**
   * False if the last acquire took the lock over from a holder that had died, and may have left its work undone.
   *
   * @example
   * if (!lock.clean) await repair();
   */
  get clean(): boolean {
    return this.#previous === undefined;
  }

  /** The record of the dead holder from whom the last acquire took the lock over, if it did. */
  get previousHolder(): HolderRecord | undefined {
    return this.#previous;
  }

  /**
   * The claim that a record makes; of the kind that was found, where it stands on disk already. Called for each acquire
   * and each break: it must have no effect.
   */
  protected abstract claimFor(record: HolderRecord, found?: Found): C;
  /**
   * Takes the lock for a claim, pausing while somebody holds it who isn't proved dead. The driver ends the wait by a
   * throw into the `pause`; what is thrown, there or elsewhere, must leave nothing of the claim behind.
   */
  protected abstract acquiring(claim: C): Protocol<Taken<C>>;
  /** Gives the claim's lock back; false if it was not the claim's any more. Must never remove another's. */
  protected abstract releasing(claim: C): Protocol<boolean>;
  /** What stands where the lock is, and whether it lives; `undefined` if nothing does. */
  protected abstract inspecting(): Protocol<Blocker | undefined>;
  /** Removes whoever's lock it sees, and nothing that came since; the records that it removed. */
  protected abstract breaking(claim: C): Protocol<readonly HolderRecord[]>;

  /** Takes back whatever of a claim exists, at whatever point its acquire or release was cut off; at exit, too. */
  protected *abandoning(claim: C): Protocol<unknown> {
    return yield* this.releasing(claim);
  }

  /**
   * Removes what the dead left beside the lock, which the claim has just taken. It fails at nothing. By default their
   * beacons: those were lit here, for a lock of any kind, and no protocol needs to know of them.
   */
  protected *sweeping({ claim: { record }, previous }: Taken<C>): Protocol<void> {
    if (record.beacon === undefined && previous?.beacon === undefined) return;
    if (!isSweepDue(this.lockPath, previous)) return; // Not its directory: only who holds a lock sweeps its beacons (SWEEP-2).
    const claim = makeClaim(this.lockPath, 'link', record, this.options);
    yield* ignoreErrors(sweep(dirname(this.lockPath), claim, previous));
  }

  /** How the asynchronous form makes its calls. */
  protected get io(): Io {
    return 'async';
  }

  /** Takes the lock for a claim whose turn in the queue has come. */
  protected *taking(claim: C, place: Place | undefined, signal?: AbortSignal): Protocol<void> {
    try {
      signal?.throwIfAborted(); // It may have been since the turn came.
      this.own(claim); // HOLD-1
      const taken = yield* this.acquiring(claim);
      this.own(taken.claim); // The same claim, too: after a synchronous wait it is not hooked yet.
      yield* this.sweeping(taken);
      this.#holding.begin(taken.claim, place);
      this.#previous = taken.previous;
    } catch (error) {
      untrackClaim(claim);
      this.#leave(place);
      throw signal?.aborted === true && error === signal.reason
        ? error
        : failures.lockFailed(this.lockPath, error);
    }
  }

  #leave(place: Place | undefined): void {
    if (place !== undefined) registry.queues.leave(this.lockPath, place);
  }

  /** Gives the lock back. */
  protected *givingBack(): Protocol<void> {
    const own = this.#holding.takeOut();
    let released: boolean;
    try {
      const claim = this.options.threaded && own !== undefined ? own.claim : yield* this.#claimOnDisk();
      released = yield* this.releasing(claim);
      dropClaim(claim.record, 'released');
    } catch (error) {
      const isOver = error instanceof NotLocked || error instanceof NotMyLock;
      if (isOver) this.#holding.end(own);
      else this.#holding.putBack(own);
      throw failures.unlockFailed(this.lockPath, error);
    }
    this.#holding.end(own);
    if (!released) throw failures.lockLost(this.lockPath, yield* this.lookingQuietly());
  }

  /** The claim that holds the lock for the whole process, whichever thread and object made it (HOLD-4). */
  *#claimOnDisk(): Protocol<C> {
    const seen = yield* this.inspecting();
    const record = this.#recordOfProcess(seen);
    if (record === undefined) throw failures.notHeld(this.lockPath, seen);
    return this.claimFor(record, seen?.found);
  }

  /** Does this object hold the lock, as far as it has been told? */
  protected get isHolding(): boolean {
    return this.#holding.claim !== undefined;
  }

  /** Gives the lock back if this object holds it. */
  protected *disposing(): Protocol<void> {
    if (!this.isHolding) return;
    if (this.options.threaded || this.#isOwn(yield* this.looking())) yield* this.givingBack();
    else this.#holding.drop(); // Another thread gave it back, and what stands there now is another object's.
  }

  /** Removes whoever's lock. */
  protected *breakingUp(): Protocol<void> {
    const claim = this.newClaim();
    this.own(claim);
    try {
      for (const record of yield* this.breaking(claim)) dropClaim(record, 'broken');
    } catch (error) {
      throw failures.breakFailed(this.lockPath, error);
    } finally {
      untrackClaim(claim);
    }
  }

  /** What stands at the lock's name; a refusal becomes an error of ours. */
  protected *looking(): Protocol<Blocker | undefined> {
    try {
      return yield* this.inspecting();
    } catch (error) {
      throw failures.inspectFailed(this.lockPath, error);
    }
  }

  /** The same for the words of an error, which must not be lost for one more. */
  protected *lookingQuietly(): Protocol<Blocker | undefined> {
    try {
      return yield* this.inspecting();
    } catch {
      return undefined;
    }
  }

  /** For all but acquiring: these wait for nobody but those who remove the very lock, which takes no time. */
  protected shortPatience(ms = RELEASE_TIMEOUT_MS): WaitPolicy {
    return {
      until: performance.now() + ms,
      pollInterval: this.options.pollInterval,
      expired: (blocker) => failures.removalInProgress(this.lockPath, blocker),
    };
  }

  protected newClaim(): C {
    return this.claimFor(newRecord(this.lockPath, this.options));
  }

  /** Has the claim given back at exit, at whatever point it is. */
  protected own(claim: C, isHooking = true): void {
    if (claim.record.beacon !== undefined) lightBeacon(this.lockPath, claim.record.token); // Out since the last pause.
    const owned: TrackedClaim = {
      claim,
      giveBack: () => {
        const isHeld = this.#holding.claim === claim;
        // The process holds it, not this thread that ends; others may count on it.
        if (isHeld && !this.options.threaded && !isMainThread) return;
        const isUnderWay = !isHeld && this.io === 'async';
        runSync(this.#abandoningAtExit(claim, isUnderWay), this.shortPatience(EXIT_TIMEOUT_MS));
      },
      letGo: (how) => {
        this.#holding.letGo(claim, how);
      },
    };
    trackClaim(owned, isHooking);
  }

  /**
   * A call that is under way in another thread can't be waited for any more, and may make its file after ours was
   * removed; so it is given a moment, twice. What comes later still is the dead's, and swept.
   */
  *#abandoningAtExit(claim: C, isUnderWay: boolean): Protocol<void> {
    for (const tries of isUnderWay ? [3, 5] : []) {
      yield* ignoreErrors(this.abandoning(claim));
      yield* backoff(tries);
    }
    yield* this.abandoning(claim);
  }

  protected isMine(seen: Blocker | undefined): boolean {
    return this.#isOwn(seen) || this.#recordOfProcess(seen) !== undefined;
  }

  /** Is what stands at the lock's name what this very object took? */
  #isOwn(seen: Blocker | undefined): boolean {
    const tokens = seen === undefined ? [] : recordsOf(seen.found).map((record) => record.token);
    return tokens.includes(this.#holding.claim?.record.token ?? '');
  }

  /** The record at the lock's name, if both it and this object say that the holder is this whole process. */
  #recordOfProcess(seen: Blocker | undefined): HolderRecord | undefined {
    const [record] = seen === undefined ? [] : recordsOf(seen.found);
    if (this.options.threaded || record === undefined || record.thread !== undefined) return undefined;
    return isThisProcess(record) ? record : undefined;
  }
}

/** A claim that was given back, or broken: if this thread held it, those who queue behind it go on. */
function dropClaim(record: HolderRecord, how: 'broken' | 'released'): void {
  const owned = registry.owned.get(record.token);
  if (owned === undefined) return;
  owned.letGo(how);
  untrackClaim(owned.claim);
}
