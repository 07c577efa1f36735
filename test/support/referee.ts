/**
 * The referee: sees, without any lock of its own, whether two contenders were inside at once.
 *
 * Rule REFEREE-1: a contender reads the machine's one monotonic clock when it has the lock, and again before it gives it
 * back. So each stay that is told here lies within a hold, and two stays that overlap are two holders. What is
 * compared is times, not the order in which messages come: B's "enter" may well be read before A's "leave".
 * Rule REFEREE-2: who is killed inside stays until the kill is sent: it lived until then, and held the lock.
 *
 * Not promised: to see two holders of whom one was not inside, between its acquire and its "enter" for example.
 */
export class Referee<Contender extends object> {
  readonly #stays: Stay[] = [];
  readonly #open = new Map<Contender, Stay>();
  readonly #killedAt = new WeakMap<Contender, number>();

  /** How often somebody entered. */
  get entries(): number {
    return this.#stays.length;
  }

  /** As far as it has been heard. */
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

  /** To be called just before a contender is killed. */
  kills(contender: Contender): void {
    this.#killedAt.set(contender, clock());
  }

  /** To be called when all that a contender said has been heard; whether it died inside. */
  died(contender: Contender): boolean {
    const stay = this.#open.get(contender);
    if (stay === undefined) return false;
    stay.until = Math.max(this.#killedAt.get(contender) ?? stay.from, stay.from); // REFEREE-2
    stay.killed = true;
    this.#open.delete(contender);
    return true;
  }

  /** What has been seen of all stays that are over. */
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
  /** How often somebody entered while another was inside. */
  readonly overlaps: number;
  readonly killedInside: number;
  /** For each killed inside, how many milliseconds from the kill, dying included, until the next one entered. */
  readonly recoveries: readonly number[];
  /** The longest time, in milliseconds, that nobody was inside. */
  readonly longestGapMs: number;
}

/** The time that somebody was inside, by `clock()`. */
interface Stay {
  readonly from: number;
  until: number;
  killed: boolean;
}

/** Milliseconds by the one clock that all processes of this machine share. (`performance.now()` is each one's own.) */
export function clock(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** The value that a share of all values is no more than. */
export function quantile(values: readonly number[], share: number): number | undefined {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(Math.floor(share * sorted.length), sorted.length - 1)];
}
