/**
 * The claim by which one object holds a lock, and the object's place in this thread's queue.
 *
 * Rule HOLD-2: An object keeps its place in the queue while it holds the lock. This does not apply if the whole
 * process is the holder: then another thread may release the lock, and this queue would not notice. (Neither would
 * `exit-hook.ts`, which keeps the claim until the object is used again.)
 * Rule HOLD-3: An object learns once that its lock was broken by force: its own release throws `NotMyLock`. Until
 * then the object counts as holding, so that no other task that shares it mistakes the next holder's lock for its
 * own.
 */
import type { AnyClaim, Taken } from '../model/claim.js';
import type { HolderRecord } from '../model/record.js';
import { untrackClaim } from './exit-hook.js';
import type { Place } from './thread-queue.js';

/** One hold of a lock, as the object that took it and its `Hold` both know it. */
export interface HeldClaim<C extends AnyClaim = AnyClaim> {
  readonly claim: C;
  /** The dead holder from which the lock was taken over. */
  readonly previous: HolderRecord | undefined;
  /** Did the holder before release the lock in good order? */
  readonly isClean: boolean;
  /** The place in the queue, as long as it is kept. */
  place: Place | undefined;
  /** `lost`: somebody else removed the lock. `ended`: it was released, or its release reported the loss. */
  state: 'held' | 'lost' | 'releasing' | 'ended';
  /** Why the lock is lost, once that is known. */
  loss?: Error;
  /** Called once when the lock is lost, with the error that says so. */
  onLost?: (error: Error) => void;
  /** Called when the hold has ended. */
  onEnd?: () => void;
}

/** @typeParam C What the lock's protocol knows of a claim, besides the holder's record. */
export class Ownership<C extends AnyClaim> {
  readonly #threaded: boolean;
  readonly #leave: (place: Place | undefined) => void;
  #held: HeldClaim<C> | undefined;

  /** @param leave Gives up a place in the queue, if there is one. */
  constructor(threaded: boolean, leave: (place: Place | undefined) => void) {
    this.#threaded = threaded;
    this.#leave = leave;
  }

  /** The hold of this object, as far as it knows. */
  get held(): HeldClaim<C> | undefined {
    return this.#held;
  }

  /** The claim by which this object holds the lock, as far as it knows. */
  get claim(): C | undefined {
    return this.#held?.claim;
  }

  /** The lock has been taken for this claim, from this place in the queue. */
  begin({ claim, previous }: Taken<C>, isClean: boolean, place: Place | undefined): HeldClaim<C> {
    // The lock was broken by force and never released; this acquire replaces that hold, which still has to report it.
    this.#end(this.takeOut(), 'lost');
    if (!this.#threaded) this.#leave(place); // HOLD-2
    this.#held = { claim, previous, isClean, place: this.#threaded ? place : undefined, state: 'held' };
    return this.#held;
  }

  /** Takes the hold out for a release. At once, so that a second release meanwhile does not release it again. */
  takeOut(): HeldClaim<C> | undefined {
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) held.state = 'releasing';
    return held;
  }

  /** The release failed. */
  putBack(held: HeldClaim<C> | undefined): void {
    this.#held = held;
    if (held !== undefined) held.state = 'held';
  }

  /** The hold that was taken out has ended. */
  end(held: HeldClaim<C> | undefined): void {
    this.#end(held, 'ended');
  }

  #end(held: HeldClaim<C> | undefined, state: 'lost' | 'ended'): void {
    if (held === undefined) return;
    held.state = state;
    if (state === 'ended') held.onEnd?.();
    untrackClaim(held.claim);
    this.#leave(held.place);
  }

  /** Ends the hold, if there is one. */
  drop(): void {
    this.end(this.takeOut());
  }

  /** Another object of this thread has released or broken the claim. */
  letGo(claim: C, how: 'broken' | 'released'): void {
    const held = this.#held;
    if (held?.claim !== claim) return;
    this.#leave(held.place);
    held.place = undefined;
    held.state = how === 'broken' ? 'lost' : 'ended';
    if (how === 'broken') return; // HOLD-3
    this.#held = undefined;
    held.onEnd?.();
  }
}
