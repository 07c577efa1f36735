/**
 * The counts of one run: how often each slot has added 1. They are kept outside the file, so that it can't hide a loss.
 *
 * Rule TALLY-1: A slot's count in the file is the one of its last write. Otherwise another process wrote an older text
 * over it. Only a slot that was killed inside may be one ahead: its write was done but not yet reported.
 */
interface Slot {
  readonly quota: number;
  done: number;
  inFile: number;
  diedInside: boolean;
}

export class Tally {
  /** How often the slots have seen an older count than their own last. */
  setBacks = 0;
  /** How often 1 is to be added in all. */
  readonly asked: number;
  readonly #slots: readonly Slot[];

  /** @param quotas How often each slot is to add 1. */
  constructor(quotas: readonly number[]) {
    this.asked = quotas.reduce((sum, quota) => sum + quota, 0);
    this.#slots = quotas.map((quota) => ({ quota, done: 0, inFile: 0, diedInside: false }));
  }

  get done(): number {
    return this.#slots.reduce((sum, { done }) => sum + done, 0);
  }

  /** A slot's process was killed in the middle of an increment. */
  died(slot: number): void {
    this.#slot(slot).diedInside = true;
  }

  /** What a slot's new process found; how often it has still to add 1. */
  found(slot: number, inFile: number): number {
    const own = this.#slot(slot);
    if (own.diedInside && inFile === own.inFile + 1) own.done++;
    else if (inFile !== own.inFile) this.setBacks++; // TALLY-1
    own.inFile = inFile;
    own.diedInside = false;
    return own.quota - own.done;
  }

  /** What a slot has made its count. */
  wrote(slot: number, inFile: number): void {
    const own = this.#slot(slot);
    if (inFile !== own.inFile + 1) this.setBacks++; // TALLY-1
    own.inFile = inFile;
    own.done++;
  }

  #slot(slot: number): Slot {
    const own = this.#slots[slot];
    if (own === undefined) throw new RangeError(`no slot ${slot}`);
    return own;
  }
}
