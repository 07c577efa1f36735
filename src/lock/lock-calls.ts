/**
 * The calls of one lock object, each written once, as a protocol that either driver runs.
 *
 * Rule HOLD-1: A claim is tracked (`exit-hook.ts`) from before its first step until after its last one, so that
 * whatever ends this thread in between releases it.
 * Rules HOLD-2 and HOLD-3: `ownership.ts` has them.
 * Rule HOLD-4: If the whole process is the holder, only the disk says whether it holds the lock, and by which kind.
 */
import { isMainThread } from 'node:worker_threads';
import { lightBeacon } from '../system/beacon.js';
import type { AnyClaim, Taken } from '../model/claim.js';
import { noWait, runSync, type WaitPolicy } from '../driver/run.js';
import { NotLocked, NotMyLock } from '../model/errors.js';
import { untrackClaim, trackClaim } from './exit-hook.js';
import * as failures from './messages.js';
import { Hold, isReleasable, type HeldLock } from './hold.js';
import { Ownership, type HeldClaim } from './ownership.js';
import { removeData, removeOwnData, writeData } from './hold-data.js';
import { ignoreErrors } from '../protocol/retry.js';
import { recordsOf } from '../protocol/inspect.js';
import { isThisProcess } from '../system/machine.js';
import { LockKind } from './lock-kind.js';
import { traceLoss } from './tracing.js';
import type { Place } from './thread-queue.js';
import type { HolderRecord } from '../model/record.js';
import { registry, type TrackedClaim } from './registry.js';
import type { Blocker, Protocol } from '../model/steps.js';
import { whileTimeLasts } from './time-limit.js';

/** The waits of a release at exit, which `whileTimeLasts` limits. */
const EXIT_WAIT: WaitPolicy = { ...noWait, pollInterval: 10 };

/** @typeParam C What the lock's protocol knows of a claim, besides the holder's record. */
export abstract class LockCalls<C extends AnyClaim> extends LockKind<C> {
  readonly #ownership = new Ownership<C>(this.options.threaded, (place) => {
    this.#leave(place);
  });
  #previous: HolderRecord | undefined;
  #isClean = true;
  #forHolds: HeldLock | undefined;

  /**
   * False if the last acquire took the lock over from a dead holder, which may have left its work unfinished.
   *
   * @example
   * if (!lock.clean) await repair();
   */
  get clean(): boolean {
    return this.#isClean;
  }

  /** The record of the dead holder from which the last acquire took the lock over, if it did. */
  get previousHolder(): HolderRecord | undefined {
    return this.#previous;
  }

  /** A claim for the lock, whose turn in the queue has come. */
  protected claimAt(place: Place | undefined): C {
    try {
      return this.newClaim();
    } catch (error) {
      this.#leave(place); // Otherwise every later acquire would wait for it.
      throw failures.lockFailed(this, error);
    }
  }

  /** Takes the lock for a claim whose turn in the queue has come. */
  protected *taking(claim: C, place: Place | undefined, signal?: AbortSignal): Protocol<Hold> {
    try {
      signal?.throwIfAborted(); // It may have been aborted after the turn came.
      this.track(claim); // HOLD-1
      const taken = yield* this.acquiring(claim);
      this.track(taken.claim); // Also if it is the same claim: after a synchronous wait there is no exit hook yet.
      yield* this.sweeping(taken);
      yield* this.#settlingData(taken);
      this.#previous = taken.previous;
      this.#isClean = taken.previous === undefined && taken.afterCrash !== true;
      const held = this.#ownership.begin(taken, this.#isClean, place);
      return new Hold((this.#forHolds ??= this.#makeForHolds()), held);
    } catch (error) {
      untrackClaim(claim);
      this.#leave(place);
      throw signal?.aborted === true && error === signal.reason ? error : failures.lockFailed(this, error);
    }
  }

  /** Removes the data of the dead holder, and writes that of the new one. If that fails, the lock is released again. */
  *#settlingData({ claim, previous }: Taken<C>): Protocol<void> {
    if (previous !== undefined) yield* removeData(this.lockPath, previous.token);
    const { data, mode } = this.options;
    if (data === undefined) return;
    try {
      yield* writeData(this.lockPath, claim.record, data, mode);
    } catch (error) {
      yield* ignoreErrors(removeOwnData(this.lockPath, claim.record.token));
      yield* ignoreErrors(this.releasing(claim));
      throw error;
    }
  }

  /** Replaces the data of a hold. */
  *#updating(held: HeldClaim<C>, json: string): Protocol<void> {
    const seen = yield* this.inspectingLock();
    if (this.#ownership.held !== held) throw failures.holdEnded(this, seen);
    if (!this.#isOwn(seen)) throw failures.lockLost(this, seen);
    const { record } = held.claim;
    try {
      yield* writeData(this.lockPath, record, json, this.options.mode);
    } catch (error) {
      throw failures.updateFailed(this, error);
    }
    // It may have been released meanwhile.
    if (this.#ownership.held !== held) yield* removeOwnData(this.lockPath, record.token);
  }

  /** Makes the loss of a lock known, once. */
  #reportLoss(held: HeldClaim, error: Error): void {
    if (held.loss !== undefined) return;
    held.loss = error;
    held.onLost?.(error);
    traceLoss(this, error);
  }

  #makeForHolds(): HeldLock {
    return {
      path: this.path,
      lockPath: this.lockPath,
      io: () => this.io,
      shortWait: () => this.shortWait(),
      givingBack: (held) => this.#endingHold(held as HeldClaim<C>),
      disposing: (held) => this.#disposing(held as HeldClaim<C>),
      updating: (held, json) => this.#updating(held as HeldClaim<C>, json),
      inspecting: () => this.inspectingLock(),
      losing: (held, seen) => {
        this.#reportLoss(held, failures.lockLost(this, seen));
      },
      checking: (held) => this.#checking(held as HeldClaim<C>),
    };
  }

  #leave(place: Place | undefined): void {
    if (place !== undefined) registry.queues.leave(this.lockPath, place);
  }

  /**
   * Releases the lock that this object holds, whichever of the tasks that share the object acquired it.
   *
   * @param held Of a release by a hold: the object's hold. Its claim is released and no other one of the process.
   */
  protected *givingBack(held?: HeldClaim<C>): Protocol<void> {
    const own = this.#ownership.takeOut();
    const isOwn = this.options.threaded || held !== undefined;
    let released: boolean;
    try {
      const isOwnClaim = isOwn && own !== undefined;
      const claim = isOwnClaim ? own.claim : yield* this.#claimOnDisk();
      released = yield* this.releasing(claim);
      // The hold of another thread may have data that this thread knows nothing of.
      yield* (isOwnClaim ? removeOwnData : removeData)(this.lockPath, claim.record.token);
      dropClaim(claim.record, 'released');
    } catch (error) {
      const isOver = error instanceof NotLocked || error instanceof NotMyLock;
      const isGone = !isOver && own !== undefined && (yield* this.isGone(own.claim, error));
      if (isOver || isGone) this.#ownership.end(own);
      else this.#ownership.putBack(own);
      if (!isGone) throw failures.unlockFailed(this, error);
      const lost = failures.lockLost(this, yield* this.inspectingForMessage());
      this.#reportLoss(own, lost);
      throw lost;
    }
    if (!released) {
      const error = failures.lockLost(this, yield* this.inspectingForMessage());
      if (own !== undefined) this.#reportLoss(own, error);
      this.#ownership.end(own);
      throw error;
    }
    this.#ownership.end(own);
  }

  /** The claim by which the whole process holds the lock, whichever thread and object made it (HOLD-4). */
  *#claimOnDisk(): Protocol<C> {
    const seen = yield* this.inspecting();
    const record = this.#recordOfProcess(seen);
    if (record === undefined) throw failures.notHeld(this, seen);
    return this.claimFor(record, seen?.found);
  }

  /** Releases the lock if this hold has it (HOLD-5). */
  *#endingHold(held: HeldClaim<C>): Protocol<void> {
    if (this.#ownership.held === held) {
      yield* this.givingBack(held);
      return;
    }
    const wasLost = held.state === 'lost';
    if (wasLost) held.state = 'ended';
    const seen = yield* this.inspectingForMessage();
    if (!wasLost) throw failures.holdEnded(this, seen);
    const error = failures.lockLost(this, seen);
    this.#reportLoss(held, error);
    held.onEnd?.();
    throw error;
  }

  /** As `#endingHold`, but does nothing if another thread has released the lock. */
  *#disposing(held: HeldClaim<C>): Protocol<void> {
    const isGone =
      !this.options.threaded && this.#ownership.held === held && !this.#isOwn(yield* this.inspectingLock());
    if (isGone && this.#ownership.held === held) this.#ownership.drop();
    else if (isReleasable(held)) yield* this.#endingHold(held);
  }

  /** Does the lock on disk belong to this hold? */
  *#checking(held: HeldClaim<C>): Protocol<boolean> {
    return this.#ownership.held === held && this.#isOwn(yield* this.inspectingLock());
  }

  /** Removes the lock of any holder. */
  protected *breakingLock(): Protocol<void> {
    const claim = this.newClaim();
    this.track(claim);
    try {
      for (const record of yield* this.breaking(claim)) {
        dropClaim(record, 'broken');
        yield* removeData(this.lockPath, record.token);
      }
    } catch (error) {
      throw failures.breakFailed(this, error);
    } finally {
      untrackClaim(claim);
    }
  }

  /** Has the claim released at exit, however far it has got by then. */
  protected track(claim: C, isHooking = true): void {
    if (claim.record.beacon !== undefined) lightBeacon(this.lockPath, claim.record.token); // A pause put it out.
    const isHeld = () => this.#ownership.claim === claim;
    const owned: TrackedClaim = {
      claim,
      isHeld,
      giveBack: (hasTime) => {
        // The process holds the lock, not this thread; other threads may rely on it.
        if (isHeld() && !this.options.threaded && !isMainThread) return;
        runSync(whileTimeLasts(this.#givingBackAtExit(claim), hasTime), EXIT_WAIT);
      },
      letGo: (how) => {
        const { held } = this.#ownership;
        this.#ownership.letGo(claim, how);
        if (how === 'broken' && held?.claim === claim)
          this.#reportLoss(held, failures.brokenByThisProcess(this));
      },
    };
    trackClaim(owned, isHooking);
  }

  /**
   * A held lock is released as by `release()`, which needs no space on a full disk. To remove a claim in an unknown state
   * may need some.
   */
  *#givingBackAtExit(claim: C): Protocol<void> {
    if (this.#ownership.claim === claim) {
      try {
        yield* this.releasing(claim);
        yield* removeOwnData(this.lockPath, claim.record.token);
        return;
      } catch {
        // Whatever can be removed is removed below.
      }
    }
    yield* removeOwnData(this.lockPath, claim.record.token);
    yield* this.abandoning(claim);
  }

  protected isMine(seen: Blocker | undefined): boolean {
    return this.#isOwn(seen) || this.#recordOfProcess(seen) !== undefined;
  }

  /** Is the lock on disk the one that this object took? */
  #isOwn(seen: Blocker | undefined): boolean {
    const tokens = seen === undefined ? [] : recordsOf(seen.found).map((record) => record.token);
    return tokens.includes(this.#ownership.claim?.record.token ?? '');
  }

  /** The record on disk, if both the record and this object say that the whole process is the holder. */
  #recordOfProcess(seen: Blocker | undefined): HolderRecord | undefined {
    const [record] = seen === undefined ? [] : recordsOf(seen.found);
    if (this.options.threaded || record === undefined || record.thread !== undefined) return undefined;
    return isThisProcess(record) ? record : undefined;
  }
}

/** The claim was released or broken. If this thread held it, the tasks that queue behind it go on. */
function dropClaim(record: HolderRecord, how: 'broken' | 'released'): void {
  const owned = registry.owned.get(record.token);
  if (owned === undefined) return;
  owned.letGo(how);
  untrackClaim(owned.claim);
}
