/**
 * One run's waiting for whoever is in its way: woken by what the system tells, and beside that by a poll.
 *
 * Rule: a wait ends at once on abort, and when its time is up; and whatever its end, `end` leaves no watcher and no
 * timer.
 */
import { dirname } from 'node:path';
import { isLocal } from '../system/directory-facts.js';
import { recordsOf } from '../protocol/inspect.js';
import { thisMachine } from '../system/machine.js';
import type { Token } from '../model/record.js';
import type { Blocker, Step } from '../model/steps.js';
import { watchLife, watchName, type Watch, type WatchState } from './watch.js';

/** For how long those in line are let go first: to wake takes a fraction of it. */
export const YIELD_MS = 4;

export type Pause = Step & { call: 'pause' };

/** How long, and for what, a run waits. */
export interface WaitPolicy {
  /** When it ends, by `performance.now()`; `Infinity` is never. */
  readonly until: number;
  readonly signal?: AbortSignal | undefined;
  /** The longest pause between two looks, in milliseconds, where no event is sure to come. */
  readonly pollInterval: number;
  /** Called at each pause that has nothing on disk; what it throws ends the run. */
  readonly onPause?: (blocker: Blocker) => void;
  /** Called after each pause. */
  readonly onResume?: () => void;
  /** The error that the run ends with when its time is up. */
  readonly expired: (blocker: Blocker) => Error;
}

/** For a protocol without a pause. */
export const noWait: WaitPolicy = {
  until: Infinity,
  pollInterval: 1,
  expired: () => new Error('nothing to wait for'),
};

const FIRST_PAUSE_MS = 1;

/** Where events are sure to come, a poll only guards against what nobody thought of: one for every so many. */
const RARE_POLL_FACTOR = 80;

/** The pauses of one run: growing, jittered so that waiters spread out, cut to fit the time that is left. */
export class Pauses {
  readonly #patience: WaitPolicy;
  #next = FIRST_PAUSE_MS;

  constructor(patience: WaitPolicy) {
    this.#patience = patience;
  }

  /** Is there time for this pause? Ends the run if it can't go on without. */
  hasTimeFor({ blocker, position: line }: Pause): boolean {
    if (line?.isYielding === true) return this.#left() > YIELD_MS;
    if (this.#left() <= 0) throw this.#patience.expired(blocker);
    if (line === undefined) this.#patience.onPause?.(blocker);
    return true;
  }

  /** How many milliseconds to pause now, by the poll's own rhythm or within what the caller knows to be enough. */
  next(shortest = 0, longest = this.#patience.pollInterval): number {
    const pause = Math.min(Math.max(this.#next, shortest), longest);
    this.#next = Math.min(pause * 2, longest);
    return Math.max(0, Math.min(pause * (0.5 + Math.random() / 2), this.#left()));
  }

  /** Starts again with short pauses. */
  hurry(): void {
    this.#next = FIRST_PAUSE_MS;
  }

  #left(): number {
    return this.#patience.until - performance.now();
  }
}

/** The waiting of one asynchronous run. */
export class Wait {
  readonly #patience: WaitPolicy;
  readonly #pauses: Pauses;
  /** Over the name that is in the way. */
  #name: WatchState = 'gone';
  #path = '';
  /** Over its holder's life. */
  #life: WatchState | 'unasked' = 'unasked';
  #token: Token | undefined;
  #wake: (() => void) | undefined;
  #hasPaused = false;

  constructor(patience: WaitPolicy) {
    this.#patience = patience;
    this.#pauses = new Pauses(patience);
  }

  /** Lets time pass until another look is worth while; the step's answer. Throws when there is no time left. */
  async pause(step: Pause): Promise<boolean> {
    const { signal, onResume } = this.#patience;
    signal?.throwIfAborted();
    if (!this.#pauses.hasTimeFor(step)) return false;
    const { blocker, position: line } = step;
    if (!this.#hasPaused) {
      this.#hasPaused = true;
      onResume?.();
      return true;
    }
    const target = line?.ahead ?? blocker;
    if (!this.#isGone(target)) {
      this.#watchLife(target);
      await this.#sleep(line?.isYielding === true ? YIELD_MS : this.#pauseFor(target));
      signal?.throwIfAborted();
    }
    onResume?.();
    return !isActive(this.#name) || this.#life === 'gone';
  }

  /** Leaves nothing. */
  end(): void {
    close(this.#name);
    close(this.#life);
  }

  /** Has what is to be watched gone? Then it's time to look. */
  #isGone({ path, found }: Blocker): boolean {
    if (this.#path !== path) this.#name = close(this.#name);
    if (isActive(this.#name)) return false;
    this.#path = path;
    this.#name = watchName(path, found.kind, () => {
      this.#name = 'gone';
      this.#stir();
    });
    return this.#name === 'gone';
  }

  /**
   * If this comes to stand, the holder lived then, and its end will be heard: no need to look again. Not at the first
   * pause for a holder: most locks are given back before it is over.
   */
  #watchLife({ found, judgement }: Blocker): void {
    const [record] = recordsOf(found);
    if (record?.token !== this.#token) {
      close(this.#life);
      this.#life = 'unasked';
      this.#token = record?.token;
      return;
    }
    if (this.#life !== 'unasked' || record === undefined || judgement.verdict !== 'alive') return;
    // Elsewhere the same pid is another process.
    if (record.pidNamespace !== thisMachine.self().pidNamespace) return;
    this.#life = watchLife(record, () => {
      this.#life = 'gone';
      this.#stir();
    });
  }

  /** Something happened, and what follows from it may take a moment to show. */
  #stir(): void {
    this.#pauses.hurry();
    this.#wake?.();
  }

  #pauseFor({ path, judgement }: Blocker): number {
    // Not on a name, or not on a filesystem, whose every change is heard: those of other machines aren't.
    if (!isActive(this.#name) || !isLocal(dirname(path))) return this.#pauses.next();
    const { pollInterval } = this.#patience;
    if (this.#life === 'unasked') return this.#pauses.next(pollInterval);
    // Of what isn't known to live no end is to be expected.
    const hearsAll = isActive(this.#life) || judgement.verdict !== 'alive';
    return hearsAll ? this.#pauses.next(pollInterval, pollInterval * RARE_POLL_FACTOR) : this.#pauses.next();
  }

  #sleep(ms: number): Promise<void> {
    const { signal } = this.#patience;
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', wake);
        this.#wake = undefined;
        resolve();
      };
      const timer = setTimeout(wake, ms);
      signal?.addEventListener('abort', wake);
      this.#wake = wake;
    });
  }
}

const isActive = (watching: WatchState | 'unasked'): watching is Watch => typeof watching === 'object';

function close(watching: WatchState | 'unasked'): 'gone' {
  if (isActive(watching)) watching.close();
  return 'gone';
}
