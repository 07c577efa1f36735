/**
 * What one object holds of one lock, and its place in this thread's queue for as long as it does.
 *
 * Rule HOLD-2: an object keeps its place in the queue while it holds the lock. Not where the whole process is the holder:
 * another thread may release it there, of which this queue would never hear. (Nor does `exit-hook.ts`: it listens until the
 * object is used again.)
 * Rule HOLD-3: an object is told once that its lock was broken by force, by its own release. Until then it counts as
 * holding, so that no other task of it takes what it finds for its own.
 */
import type { AnyClaim } from '../model/claim.js';
import { untrackClaim } from './exit-hook.js';
import type { Place } from './thread-queue.js';

/** A lock that an object holds. */
export interface HeldClaim<C extends AnyClaim> {
  readonly claim: C;
  readonly place: Place | undefined;
}

/** @typeParam C What the lock's protocol knows of a claim, besides the holder's record. */
export class Ownership<C extends AnyClaim> {
  readonly #threaded: boolean;
  readonly #leave: (place: Place | undefined) => void;
  #hold: HeldClaim<C> | undefined;

  /** @param leave Gives a place in the queue up, if there is one. */
  constructor(threaded: boolean, leave: (place: Place | undefined) => void) {
    this.#threaded = threaded;
    this.#leave = leave;
  }

  /** The claim that this object holds the lock by, as far as it has been told. */
  get claim(): C | undefined {
    return this.#hold?.claim;
  }

  /** The lock has been taken for a claim, by whoever had this place. */
  begin(claim: C, place: Place | undefined): void {
    // Taken anew though it was never released: broken by force, and the one place here to hear of it was skipped.
    this.drop();
    if (!this.#threaded) this.#leave(place); // HOLD-2
    this.#hold = { claim, place: this.#threaded ? place : undefined };
  }

  /** For whoever is about to give it back: at once, so that a second release meanwhile is not the first one's again. */
  takeOut(): HeldClaim<C> | undefined {
    const hold = this.#hold;
    this.#hold = undefined;
    return hold;
  }

  /** It could not be given back. */
  putBack(hold: HeldClaim<C> | undefined): void {
    this.#hold = hold;
  }

  /** What was taken out is over. */
  end(hold: HeldClaim<C> | undefined): void {
    if (hold === undefined) return;
    untrackClaim(hold.claim);
    this.#leave(hold.place);
  }

  /** Holds nothing any more. */
  drop(): void {
    this.end(this.takeOut());
  }

  /** The claim was given back, or broken, by whichever object of this thread. */
  letGo(claim: C, how: 'broken' | 'released'): void {
    if (this.#hold?.claim !== claim) return;
    this.#leave(this.#hold.place);
    this.#hold = how === 'broken' ? { claim, place: undefined } : undefined; // HOLD-3
  }
}
