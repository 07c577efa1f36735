/**
 * A lock as its users see it: acquire, release, who holds it; in two forms, one that awaits and one that doesn't.
 *
 * Rule: each pair of calls runs one and the same protocol (`lock-calls.ts`), and differs in its driver alone. A subclass
 * says by which protocol the lock is made; the queue, the waiting, the time limits, the errors and the clean-up at
 * exit come with this class.
 *
 * Not promised: that an object knows which of the tasks that share it holds the lock. Whoever of them calls
 * `release()` releases it.
 */
import * as channels from './tracing.js';
import type { AnyClaim } from '../model/claim.js';
import { runAsync, runSync, type WaitPolicy } from '../driver/run.js';
import { unhookExit, suspendClaim } from './exit-hook.js';
import * as failures from './messages.js';
import { holderFrom, type Holder } from '../model/holder.js';
import { recordsOf } from '../protocol/inspect.js';
import { checkAcquire, checkAcquireSync, type AcquireOptions } from './options.js';
import type { Place } from './thread-queue.js';
import { registry } from './registry.js';
import type { Blocker, Protocol } from '../model/steps.js';
import { LockCalls } from './lock-calls.js';
import { waitForTurn } from './wait-for-turn.js';
export type { Taken } from '../model/claim.js';

/** How long a break waits for somebody who is giving the lock back or recovering it, in milliseconds. */
const BREAK_TIMEOUT_MS = 1_000;

/**
 * What every kind of lock can do. Each call has two forms: one that gives a promise, and a `…Sync` one that doesn't.
 *
 * @example
 * function report(lock: LockBase): string {
 *   return lock.isLockedSync() ? `${lock.path} is locked` : `${lock.path} is free`;
 * }
 * @typeParam C What the lock's protocol knows of a claim, besides the holder's record.
 */
export abstract class LockBase<C extends AnyClaim = AnyClaim> extends LockCalls<C> {
  /**
   * Acquires the lock, waiting for it as long as it takes or as it is told.
   *
   * @param how Milliseconds, or `{ timeout, signal }`; by default the timeout given to the constructor, or for ever.
   * @returns This lock, so that `await using lock = await new LockFile(path).acquire()` gives it back.
   * @throws {LockTimeout} when the time has passed; {AlreadyLocked} at once for 0 or less; {LockFailed} when the lock
   *   can't be made; the signal's reason when that is aborted; {TypeError} for a bad argument.
   * @example
   * await lock.acquire(5_000);
   */
  acquire(how?: number | AcquireOptions): Promise<this> {
    return channels.traced(channels.acquiring, this, () => this.#acquire(how));
  }

  async #acquire(how?: number | AcquireOptions): Promise<this> {
    const { timeout, signal } = checkAcquire(how, this.options.timeout);
    signal?.throwIfAborted();
    const until = performance.now() + timeout;
    const place = await waitForTurn(this.lockPath, timeout, signal, () => this.#run(this.lookingQuietly()));
    const claim = this.newClaim();
    await this.#run(this.taking(claim, place, signal), {
      until,
      signal,
      pollInterval: this.options.pollInterval,
      onPause: () => {
        suspendClaim(claim);
      },
      onResume: () => {
        this.own(claim);
      },
      expired: (blocker) => failures.timedOut(timeout, this.lockPath, blocker),
    });
    channels.traceRecovery(this);
    return this;
  }

  /**
   * The synchronous form of `acquire`: it stops this thread while it waits. Waiting without a limit for a lock that
   * this very thread holds would be for ever, and is `AlreadyLocked`.
   *
   * @param how Milliseconds, or `{ timeout }`; by default the timeout given to the constructor, or for ever.
   * @throws As `acquire`.
   * @example
   * using lock = new LockFile('config.json').acquireSync(1_000);
   */
  acquireSync(how?: number | Omit<AcquireOptions, 'signal'>): this {
    return channels.tracedSync(channels.acquiring, this, () => this.#acquireSync(how));
  }

  #acquireSync(how?: number | Omit<AcquireOptions, 'signal'>): this {
    const timeout = checkAcquireSync(how, this.options.timeout);
    // Those who queue in this thread can't move while it waits, so it can only pass them.
    const place: Place | undefined = registry.queues.isFree(this.lockPath) ? { onTurn: noop } : undefined;
    if (place !== undefined) registry.queues.enter(this.lockPath, place);
    const claim = this.newClaim();
    runSync(this.taking(claim, place), {
      until: performance.now() + timeout,
      pollInterval: this.options.pollInterval,
      onPause: (blocker) => {
        if (timeout === Infinity && isHeldByThisThread(blocker))
          throw failures.wouldWaitForItself(this.lockPath, blocker);
        suspendClaim(claim);
        unhookExit();
      },
      onResume: () => {
        this.own(claim, false);
      },
      expired: (blocker) => failures.timedOut(timeout, this.lockPath, blocker),
    });
    channels.traceRecovery(this);
    return this;
  }

  /**
   * Gives the lock back.
   *
   * @throws {NotLocked} if nobody holds it; {NotMyLock} if somebody else does, or if ours was broken by force;
   *   {UnlockError} if the system refuses, and then it is still held.
   * @example
   * await lock.release();
   */
  release(): Promise<void> {
    return channels.traced(channels.releasing, this, () => this.#run(this.givingBack()));
  }

  /** The synchronous form of `release`, with the same errors. */
  releaseSync(): void {
    channels.tracedSync(channels.releasing, this, () => this.#runSync(this.givingBack()));
  }

  /**
   * Does anyone hold the lock who isn't known to be dead? The answer may be old when it arrives: to act on it, acquire.
   *
   * @throws {LockFailed} if the system doesn't let us look.
   * @example
   * if (await new LockFile('config.json').isLocked()) console.log('somebody is at it');
   */
  async isLocked(): Promise<boolean> {
    return isHeld(await this.#run(this.looking()));
  }

  /** The synchronous form of `isLocked`. */
  isLockedSync(): boolean {
    return isHeld(this.#runSync(this.looking()));
  }

  /**
   * Does the lock stand, and is it the caller's? Looks at the disk, for a lock may have been broken by force.
   *
   * @throws {LockFailed} if the system doesn't let us look.
   * @example
   * if (!(await lock.iAmLocking())) throw new Error('somebody broke our lock');
   */
  async iAmLocking(): Promise<boolean> {
    return this.isMine(await this.#run(this.looking()));
  }

  /** The synchronous form of `iAmLocking`. */
  iAmLockingSync(): boolean {
    return this.isMine(this.#runSync(this.looking()));
  }

  /**
   * Who holds the lock, and whether it lives; null if nobody does.
   *
   * @throws {LockFailed} if the system doesn't let us look.
   * @example
   * const holder = await lock.holder();
   * console.log(holder === null ? 'free' : `${holder.verdict}: pid ${holder.pid}, ${holder.reason}`);
   */
  async holder(): Promise<Holder | null> {
    return toHolder(await this.#run(this.looking()));
  }

  /** The synchronous form of `holder`. */
  holderSync(): Holder | null {
    return toHolder(this.#runSync(this.looking()));
  }

  /**
   * Removes whoever's lock, be the holder alive or dead; does nothing if there is none. The one call that can let a
   * second holder in: for people who know that the holder is stuck.
   *
   * @throws {UnlockError} if the lock can't be removed, or is a directory of files that no lock would hold; and after a
   *   second if its holder, alive or unknown, has begun to give it back, or its private file beside it is gone.
   * @example
   * await new LockFile('config.json').breakLock();
   */
  async breakLock(): Promise<void> {
    await this.#run(this.breakingUp(), this.shortPatience(BREAK_TIMEOUT_MS));
  }

  /** The synchronous form of `breakLock`. */
  breakLockSync(): void {
    this.#runSync(this.breakingUp(), this.shortPatience(BREAK_TIMEOUT_MS));
  }

  /** For `using`: gives the lock back if this object holds it. */
  [Symbol.dispose](): void {
    if (this.isHolding) channels.tracedSync(channels.releasing, this, () => this.#runSync(this.disposing()));
  }

  /** For `await using`: gives the lock back if this object holds it. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.isHolding) await channels.traced(channels.releasing, this, () => this.#run(this.disposing()));
  }

  #run<T>(protocol: Protocol<T>, patience: WaitPolicy = this.shortPatience()): Promise<T> {
    return runAsync(protocol, patience, this.io);
  }

  #runSync<T>(protocol: Protocol<T>, patience: WaitPolicy = this.shortPatience()): T {
    return runSync(protocol, patience);
  }
}

function isHeld(seen: Blocker | undefined): boolean {
  return seen !== undefined && seen.judgement.verdict !== 'dead';
}

function toHolder(seen: Blocker | undefined): Holder | null {
  return seen === undefined ? null : holderFrom(seen.found, seen.judgement);
}

function isHeldByThisThread(blocker: Blocker): boolean {
  return recordsOf(blocker.found).some((record) => registry.owned.has(record.token));
}

function noop(): void {
  // Whoever takes a place without waiting needs no call.
}
