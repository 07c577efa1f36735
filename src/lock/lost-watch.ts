/**
 * Notices that a lock was removed while it is held: by force or by hand.
 *
 * Rule LOST-1: Events and polls only cause a look at the lock. A lock counts as lost if the look shows another holder, or
 * none; a lock that can't be read counts as held.
 * Rule LOST-2: Nothing is thrown from a timer or a watch, and neither keeps the process alive.
 */
import { setTimeout } from 'node:timers'; // Not the global one, which tests replace.
import { dirname } from 'node:path';
import { watchChange, type WatchState } from '../driver/watch.js';
import type { Blocker } from '../model/steps.js';
import { isLocal } from '../system/directory-facts.js';

/** How often the lock is read where events are certain, and where they aren't, in milliseconds. */
const RARE_POLL_MS = 30_000;
const POLL_MS = 1_000;
/** The pause before another look at a name that was gone when it was to be watched, in milliseconds. */
const GONE_MS = 10;

export interface WatchedHold {
  readonly lockPath: string;
  /** Reads who holds the lock. */
  readonly inspect: () => Promise<Blocker | undefined>;
  /** Is that this hold? */
  readonly isOwn: (seen: Blocker | undefined) => boolean;
  /** Called once, with what took the lock's place. */
  readonly onLost: (seen: Blocker | undefined) => void;
}

/** Watches from the start until `stop`, or until the lock is lost. */
export class LostWatch {
  readonly #options: WatchedHold;
  #watch: WatchState = 'deaf';
  #wake: (() => void) | undefined;
  #isOver = false;

  constructor(options: WatchedHold) {
    this.#options = options;
    void this.#run();
  }

  stop(): void {
    this.#isOver = true;
    this.#close();
    this.#wake?.();
  }

  async #run(): Promise<void> {
    const { lockPath, inspect, isOwn, onLost } = this.#options;
    let kind: Blocker['found']['kind'] | undefined;
    while (!this.#hasStopped()) {
      let seen: Blocker | undefined;
      try {
        seen = await inspect();
      } catch {
        await this.#sleep(POLL_MS); // LOST-1
        continue;
      }
      if (this.#hasStopped()) return;
      if (!isOwn(seen)) {
        this.stop();
        onLost(seen);
        return;
      }
      const isWatching = typeof this.#watch === 'object';
      const first = kind === undefined;
      kind = seen?.found.kind;
      if (!isWatching && kind !== undefined) {
        this.#watch = watchChange(lockPath, kind, () => {
          this.#watch = 'deaf';
          this.#wake?.();
        });
        // The lock may have been removed before the watch stood (WATCH-1).
        if (this.#watch === 'gone') await this.#sleep(GONE_MS);
        if (this.#watch !== 'deaf' || first) continue;
      }
      const isCertain = typeof this.#watch === 'object' && isLocal(dirname(lockPath));
      await this.#sleep(isCertain ? RARE_POLL_MS : POLL_MS);
    }
  }

  /** A call, because `stop` may run during any `await`. */
  #hasStopped(): boolean {
    return this.#isOver;
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
      const timer = setTimeout(wake, ms);
      timer.unref();
      this.#wake = wake;
    });
  }

  #close(): void {
    if (typeof this.#watch === 'object') this.#watch.close();
    this.#watch = 'deaf';
  }
}
