/**
 * How one run waits for the claim that blocks it: it is woken by file system events, and by a poll.
 *
 * Rule WAIT-1: A waiter that can't watch the one ahead polls, and the more waiters are ahead of it, the more rarely.
 * Each poll lists the directory, so with one poll interval for all, the work would grow with the square of their
 * number: Linux gives a user 128 watchers, and beyond that 200 processes did nothing but poll.
 * Rule WAIT-2: A wait ends immediately when it is aborted or its time is up. However it ends, `end` leaves no watcher
 * and no timer.
 */
import { dirname } from 'node:path';
import { onAbort } from './on-abort.js';
import { isLocal } from '../system/directory-facts.js';
import { recordsOf } from '../protocol/inspect.js';
import { thisMachine } from '../system/machine.js';
import type { Token } from '../model/record.js';
import type { Blocker, Step } from '../model/steps.js';
import { watchLife, watchName, type Watch, type WatchState } from './watch.js';

/** How long a newcomer lets the waiters in the queue go first. They wake up in a fraction of it. */
export const YIELD_MS = 4;

export type Pause = Step & { call: 'pause' };

/** How long a run waits, and what it calls meanwhile. */
export interface WaitPolicy {
  /** When the wait ends, by `performance.now()`; `Infinity` is never. */
  readonly until: number;
  readonly signal?: AbortSignal | undefined;
  /** The longest pause between two checks, in milliseconds, where no event is certain to come. */
  readonly pollInterval: number;
  /** Called at each pause of a run that has no place in the queue on disk; an error that it throws ends the run. */
  readonly onPause?: (blocker: Blocker) => void;
  /** Called after each pause. */
  readonly onResume?: () => void;
  /** The error that ends the run when its time is up. */
  readonly expired: (blocker: Blocker) => Error;
}

/** For a protocol that never pauses. */
export const noWait: WaitPolicy = {
  until: Infinity,
  pollInterval: 1,
  expired: () => new Error('nothing to wait for'),
};

const FIRST_PAUSE_MS = 1;

/** WAIT-1: for each waiter ahead. A turn takes less than that, so nobody oversleeps its turn by much. */
const POLL_PER_WAITER_MS = 10;

/** WAIT-1: at most, because all waiters ahead may be killed at once. */
const LONGEST_POLL_MS = 1_000;

/** Where events are certain to come, a poll only guards against the unexpected: one instead of this many. */
const RARE_POLL_FACTOR = 80;

/** The pauses of one run. They grow, are jittered so that waiters spread out, and never exceed the time left. */
export class Pauses {
  readonly #policy: WaitPolicy;
  #next = FIRST_PAUSE_MS;

  constructor(policy: WaitPolicy) {
    this.#policy = policy;
  }

  /** Is there time for this pause? Throws if the run can't go on without it. */
  hasTimeFor({ blocker, position }: Pause): boolean {
    if (position?.isYielding === true) return this.#left() > YIELD_MS;
    if (this.#left() <= 0) throw this.#policy.expired(blocker);
    if (position === undefined) this.#policy.onPause?.(blocker);
    return true;
  }

  /** How many milliseconds to pause now: as long as the poll interval allows, or within the caller's bounds. */
  next(shortest = 0, longest = this.#policy.pollInterval): number {
    const pause = Math.min(Math.max(this.#next, shortest), longest);
    this.#next = Math.min(pause * 2, longest);
    return Math.max(0, Math.min(pause * (0.5 + Math.random() / 2), this.#left()));
  }

  /** Starts again with short pauses. */
  hurry(): void {
    this.#next = FIRST_PAUSE_MS;
  }

  #left(): number {
    return this.#policy.until - performance.now();
  }
}

/** The wait of one asynchronous run. */
export class Wait {
  readonly #policy: WaitPolicy;
  readonly #pauses: Pauses;
  /** Watches the name that is in the way. */
  #name: WatchState = 'gone';
  #path = '';
  /** Watches whether its holder is alive. */
  #life: WatchState | 'unwatched' = 'unwatched';
  #token: Token | undefined;
  #wake: (() => void) | undefined;
  #hasPaused = false;

  constructor(policy: WaitPolicy) {
    this.#policy = policy;
    this.#pauses = new Pauses(policy);
  }

  /** Waits until another check is worth its cost. Returns the step's answer; throws when no time is left. */
  async pause(step: Pause): Promise<boolean> {
    const { signal, onResume } = this.#policy;
    signal?.throwIfAborted();
    if (!this.#pauses.hasTimeFor(step)) return false;
    const { blocker, position } = step;
    if (!this.#hasPaused) {
      this.#hasPaused = true;
      onResume?.();
      return true;
    }
    const target = position?.ahead ?? blocker;
    if (!this.#isGone(target)) {
      this.#watchLife(target);
      await this.#sleep(position?.isYielding === true ? YIELD_MS : this.#pauseFor(target, position?.count));
      signal?.throwIfAborted();
    }
    onResume?.();
    return !isActive(this.#name) || this.#life === 'gone';
  }

  /** Closes all watchers. */
  end(): void {
    close(this.#name);
    close(this.#life);
  }

  /** Is the watched name gone? Then it is time to check. */
  #isGone({ path, found }: Blocker): boolean {
    if (this.#path !== path) this.#name = close(this.#name);
    if (isActive(this.#name)) return false;
    this.#path = path;
    this.#name = watchName(path, found.kind, () => {
      this.#name = 'gone';
      this.#wakeUp();
    });
    return this.#name === 'gone';
  }

  /**
   * If this watch succeeds, the holder was alive at that moment, and an event will report its end: there is no need to
   * poll. It is not set up at the first pause for a holder, because most locks are released before that pause is over.
   */
  #watchLife({ found, judgement }: Blocker): void {
    const [record] = recordsOf(found);
    if (record?.token !== this.#token) {
      close(this.#life);
      this.#life = 'unwatched';
      this.#token = record?.token;
      return;
    }
    if (this.#life !== 'unwatched' || record === undefined || judgement.verdict !== 'alive') return;
    // In another PID namespace the same pid is another process.
    if (record.pidNamespace !== thisMachine.self().pidNamespace) return;
    this.#life = watchLife(record, () => {
      this.#life = 'gone';
      this.#wakeUp();
    });
  }

  /** Something happened. Its consequences may take a moment to become visible. */
  #wakeUp(): void {
    this.#pauses.hurry();
    this.#wake?.();
  }

  #pauseFor({ path, judgement }: Blocker, count = 0): number {
    // Here not every change is reported: there is no watch, or other machines may change this file system.
    const { pollInterval } = this.#policy;
    if (!isActive(this.#name) || !isLocal(dirname(path))) {
      const rare = Math.min(count * POLL_PER_WAITER_MS, LONGEST_POLL_MS); // WAIT-1
      return this.#pauses.next(rare, Math.max(rare, pollInterval));
    }
    if (this.#life === 'unwatched') return this.#pauses.next(pollInterval);
    // If the holder isn't known to be alive, its end will not be reported.
    const hearsAll = isActive(this.#life) || judgement.verdict !== 'alive';
    return hearsAll ? this.#pauses.next(pollInterval, pollInterval * RARE_POLL_FACTOR) : this.#pauses.next();
  }

  #sleep(ms: number): Promise<void> {
    const { signal } = this.#policy;
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        stopListening?.();
        this.#wake = undefined;
        resolve();
      };
      const timer = setTimeout(wake, ms);
      const stopListening = signal === undefined ? undefined : onAbort(signal, wake);
      this.#wake = wake;
    });
  }
}

const isActive = (watching: WatchState | 'unwatched'): watching is Watch => typeof watching === 'object';

function close(watching: WatchState | 'unwatched'): 'gone' {
  if (isActive(watching)) watching.close();
  return 'gone';
}
