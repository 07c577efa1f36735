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
import type { AnyClaim } from '../model/claim.js';
import { untrackClaim } from './exit-hook.js';
import type { Place } from './thread-queue.js';

/** The claim that an object holds, and its place in the queue. */
export interface HeldClaim<C extends AnyClaim> {
  readonly claim: C;
  readonly place: Place | undefined;
}

/** @typeParam C What the lock's protocol knows of a claim, besides the holder's record. */
export class Ownership<C extends AnyClaim> {
  readonly #threaded: boolean;
  readonly #leave: (place: Place | undefined) => void;
  #hold: HeldClaim<C> | undefined;

  /** @param leave Gives up a place in the queue, if there is one. */
  constructor(threaded: boolean, leave: (place: Place | undefined) => void) {
    this.#threaded = threaded;
    this.#leave = leave;
  }

  /** The claim by which this object holds the lock, as far as it knows. */
  get claim(): C | undefined {
    return this.#hold?.claim;
  }

  /** The lock has been taken for this claim, from this place in the queue. */
  begin(claim: C, place: Place | undefined): void {
    // The lock was broken by force and never released; this acquire replaces that hold.
    this.drop();
    if (!this.#threaded) this.#leave(place); // HOLD-2
    this.#hold = { claim, place: this.#threaded ? place : undefined };
  }

  /** Takes the hold out for a release. At once, so that a second release meanwhile does not release it again. */
  takeOut(): HeldClaim<C> | undefined {
    const hold = this.#hold;
    this.#hold = undefined;
    return hold;
  }

  /** The release failed. */
  putBack(hold: HeldClaim<C> | undefined): void {
    this.#hold = hold;
  }

  /** The hold that was taken out has ended. */
  end(hold: HeldClaim<C> | undefined): void {
    if (hold === undefined) return;
    untrackClaim(hold.claim);
    this.#leave(hold.place);
  }

  /** Ends the hold, if there is one. */
  drop(): void {
    this.end(this.takeOut());
  }

  /** Another object of this thread has released or broken the claim. */
  letGo(claim: C, how: 'broken' | 'released'): void {
    if (this.#hold?.claim !== claim) return;
    this.#leave(this.#hold.place);
    this.#hold = how === 'broken' ? { claim, place: undefined } : undefined; // HOLD-3
  }
}
