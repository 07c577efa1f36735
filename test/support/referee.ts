/**
 * The referee determines, without any lock of its own, whether two contenders were inside at once.
 *
 * Rule REFEREE-1: A contender reads the machine's monotonic clock when it has the lock, and again before it releases
 * the lock. So each reported stay lies within a hold, and two stays that overlap are two holders. The referee compares
 * times, not the order of messages: B's "enter" may well be read before A's "leave".
 * Rule REFEREE-2: A contender that is killed inside stays until the kill is sent: it was alive until then, and held the
 * lock.
 *
 * Not covered: two holders of which one was not inside, for example between its acquire and its "enter".
 */
export class Referee<Contender extends object> {
  readonly #stays: Stay[] = [];
  readonly #open = new Map<Contender, Stay>();
  readonly #killedAt = new WeakMap<Contender, number>();

  /** The number of entries. */
  get entries(): number {
    return this.#stays.length;
  }

  /** As far as the reports have been read. */
  isInside(contender: Contender): boolean {
    return this.#open.has(contender);
  }

  enter(contender: Contender, at: number): void {
    const stay = { from: at, until: at, killed: false };
    this.#stays.push(stay);
    this.#open.set(contender, stay);
  }

  leave(contender: Contender, at: number): void {
    const stay = this.#open.get(contender);
    if (stay === undefined) throw new Error('who has not entered can not leave');
    stay.until = at;
    this.#open.delete(contender);
  }

  /** Call this just before a contender is killed. */
  kills(contender: Contender): void {
    this.#killedAt.set(contender, clock());
  }

  /** Call this when all reports of a contender have been read. Returns whether it died inside. */
  died(contender: Contender): boolean {
    const stay = this.#open.get(contender);
    if (stay === undefined) return false;
    stay.until = Math.max(this.#killedAt.get(contender) ?? stay.from, stay.from); // REFEREE-2
    stay.killed = true;
    this.#open.delete(contender);
    return true;
  }

  /** The results of all stays that are over. */
  judge(): Judged {
    const stays = this.#stays.sort((one, other) => one.from - other.from);
    const recoveries: number[] = [];
    let [overlaps, killedInside, longestGapMs] = [0, 0, 0];
    let last: Stay | undefined;
    for (const stay of stays) {
      if (last !== undefined) {
        longestGapMs = Math.max(longestGapMs, stay.from - last.until);
        if (stay.from < last.until) overlaps++;
        else if (last.killed) recoveries.push(stay.from - last.until);
      }
      if (stay.killed) killedInside++;
      if (last === undefined || stay.until >= last.until) last = stay;
    }
    return { overlaps, killedInside, recoveries, longestGapMs };
  }
}

export interface Judged {
  /** The number of entries while another contender was inside. */
  readonly overlaps: number;
  readonly killedInside: number;
  /** For each contender that was killed inside: milliseconds from the kill to the next entry. */
  readonly recoveries: readonly number[];
  /** The longest time, in milliseconds, that nobody was inside. */
  readonly longestGapMs: number;
}

/** The time that a contender was inside, by `clock()`. */
interface Stay {
  readonly from: number;
  until: number;
  killed: boolean;
}

/** Milliseconds of the clock that all processes of this machine share, unlike `performance.now()`. */
export function clock(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** The quantile: a share of all values is at most this value. */
export function quantile(values: readonly number[], share: number): number | undefined {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(Math.floor(share * sorted.length), sorted.length - 1)];
}
