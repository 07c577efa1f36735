/** Repeatable random numbers: the same seed gives the same choices, though not at the same times. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 up to but not 1. Mulberry32. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  isChance(share: number): boolean {
    return this.next() < share;
  }

  below(limit: number): number {
    return this.next() * limit;
  }

  pick<T>(values: readonly T[]): T | undefined {
    return values[Math.floor(this.below(values.length))];
  }
}
