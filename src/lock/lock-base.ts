/**
 * The methods of a lock: acquire, release, read who holds it. Each has an asynchronous and a synchronous form.
 *
 * Rule: both forms of a call run the same protocol (`lock-calls.ts`), and differ only in the driver. A subclass
 * supplies the protocols (`lock-kind.ts`). This class adds the queue, waiting, timeouts, errors and the clean-up at
 * exit.
 *
 * Not promised: that `release()` of an object knows which of the tasks that share it holds the lock. A `Hold` knows.
 */
import * as channels from './tracing.js';
import type { AnyClaim } from '../model/claim.js';
import { runAsync, runSync, type WaitPolicy } from '../driver/run.js';
import { unhookExit, suspendClaim } from './exit-hook.js';
import { blockAround, blockAroundSync, type Block } from './block-context.js';
import type { Hold } from './hold.js';
import * as failures from './messages.js';
import { AlreadyLocked, LockTimeout } from '../model/errors.js';
import { holderFrom, type Holder } from '../model/holder.js';
import { readData } from './hold-data.js';
import { recordsOf } from '../protocol/inspect.js';
import { checkAcquire, checkAcquireSync, type AcquireOptions } from './options.js';
import { isThisThread } from '../system/machine.js';
import type { Place } from './thread-queue.js';
import { registry } from './registry.js';
import type { Blocker, Protocol } from '../model/steps.js';
import { LockCalls } from './lock-calls.js';
import { waitForTurn } from './wait-for-turn.js';
export type { Taken } from '../model/claim.js';

/** How long `breakLock()` waits for a process that is releasing or recovering the lock, in milliseconds. */
const BREAK_TIMEOUT_MS = 1_000;

/**
 * The base class of every kind of lock. Each method has two forms: one returns a promise, and a `…Sync` form doesn't.
 *
 * @example
 * function report(lock: LockBase): string {
 *   return lock.isLockedSync() ? `${lock.path} is locked` : `${lock.path} is free`;
 * }
 * @typeParam C What the lock's protocol knows of a claim, besides the holder's record.
 */
export abstract class LockBase<C extends AnyClaim = AnyClaim> extends LockCalls<C> {
  /**
   * Acquires the lock. By default it waits without a limit.
   *
   * @param how The timeout in milliseconds, or `{ timeout, signal }`; by default the timeout of the constructor. A
   *   timeout of 0 or less throws `AlreadyLocked` immediately; a positive one throws `LockTimeout` when it expires.
   * @returns The hold, which releases the lock: `await using hold = await lock.acquire()`.
   * @throws {AlreadyLocked}, {LockTimeout}: the lock is held; {LockFailed} if the lock can't be created; the signal's
   *   reason when the signal is aborted; {WouldDeadlock} if the call is made in a block that holds this lock, and has no
   *   timeout; {TypeError} for a bad argument.
   * @example
   * await lock.acquire(5_000);
   */
  acquire(how?: number | AcquireOptions): Promise<Hold> {
    return channels.traced(channels.acquiring, this, () => this.#acquire(how));
  }

  async #acquire(how?: number | AcquireOptions): Promise<Hold> {
    const { timeout, signal } = checkAcquire(how, this.options.timeout);
    signal?.throwIfAborted();
    if (timeout === Infinity) refuseDeadlock(blockAround(this.lockPath));
    const until = performance.now() + timeout;
    let hold: Hold;
    try {
      const place = await waitForTurn(this, timeout, signal, () => this.#run(this.inspectingForMessage()));
      const claim = this.claimAt(place);
      hold = await this.#run(this.taking(claim, place, signal), {
        until,
        signal,
        pollInterval: this.options.pollInterval,
        onPause: () => {
          suspendClaim(claim);
        },
        onResume: () => {
          this.track(claim);
        },
        expired: (blocker) => failures.timedOut(timeout, this, blocker),
      });
    } catch (error) {
      await this.#run(this.#addingData(error));
      throw error;
    }
    channels.traceRecovery(hold);
    return hold;
  }

  /**
   * The synchronous form of `acquire`. It blocks this thread while it waits. If this thread holds the lock already, a
   * wait without a timeout would never end, so it throws `WouldDeadlock`.
   *
   * @param how The timeout in milliseconds, or `{ timeout }`; by default the timeout of the constructor.
   * @throws As `acquire`.
   * @example
   * using hold = new LockFile('config.json').acquireSync(1_000);
   */
  acquireSync(how?: number | Omit<AcquireOptions, 'signal'>): Hold {
    return channels.tracedSync(channels.acquiring, this, () => this.#acquireSync(how));
  }

  #acquireSync(how?: number | Omit<AcquireOptions, 'signal'>): Hold {
    const timeout = checkAcquireSync(how, this.options.timeout);
    if (timeout === Infinity) refuseDeadlock(blockAroundSync(this.lockPath));
    // The tasks that queue in this thread can't run while it is blocked, so it has to pass them.
    const place: Place | undefined = registry.queues.isFree(this.lockPath) ? { onTurn: noop } : undefined;
    if (place !== undefined) registry.queues.enter(this.lockPath, place);
    const claim = this.claimAt(place);
    let hold: Hold;
    try {
      hold = runSync(this.taking(claim, place), {
        until: performance.now() + timeout,
        pollInterval: this.options.pollInterval,
        onPause: (blocker) => {
          if (timeout === Infinity && isHeldByThisThread(blocker))
            throw failures.threadWouldDeadlock(this, blocker);
          suspendClaim(claim);
          unhookExit();
        },
        onResume: () => {
          this.track(claim, false);
        },
        expired: (blocker) => failures.timedOut(timeout, this, blocker),
      });
    } catch (error) {
      this.#runSync(this.#addingData(error));
      throw error;
    }
    channels.traceRecovery(hold);
    return hold;
  }

  /**
   * Acquires the lock if it is free, and never waits.
   *
   * @returns The hold, or null if another holder has the lock.
   * @throws {LockFailed} if the lock can't be created.
   * @example
   * const hold = await lock.tryAcquire();
   * if (hold === null) console.log('busy');
   */
  tryAcquire(): Promise<Hold | null> {
    return channels.traced(channels.acquiring, this, () => this.#acquire(0).catch(nullIfHeld));
  }

  /** The synchronous form of `tryAcquire`. */
  tryAcquireSync(): Hold | null {
    return channels.tracedSync(channels.acquiring, this, () => {
      try {
        return this.#acquireSync(0);
      } catch (error) {
        return nullIfHeld(error);
      }
    });
  }

  /**
   * Releases the lock that this object holds. If several tasks share the object, that may be another task's: each of
   * them can release exactly its own with `release()` of the hold that `acquire()` gave it.
   *
   * @throws {NotLocked} if nobody holds it; {NotMyLock} if another object or process holds it, or if this object's lock
   *   was broken by force; {UnlockError} if the system refuses, and then the lock is still held.
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
   * Reports whether the lock is held, by a holder that isn't proved dead. The answer may be outdated when it arrives:
   * to be sure, acquire the lock.
   *
   * @throws {LockFailed} if the lock can't be read.
   * @example
   * if (await new LockFile('config.json').isLocked()) console.log('config.json is in use');
   */
  async isLocked(): Promise<boolean> {
    return isHeld(await this.#run(this.inspectingLock()));
  }

  /** The synchronous form of `isLocked`. */
  isLockedSync(): boolean {
    return isHeld(this.#runSync(this.inspectingLock()));
  }

  /**
   * Reports whether this object holds the lock. It reads the disk, because a lock can be broken by force.
   *
   * @throws {LockFailed} if the lock can't be read.
   * @example
   * if (!(await lock.iAmLocking())) throw new Error('our lock was broken');
   */
  async iAmLocking(): Promise<boolean> {
    return this.isMine(await this.#run(this.inspectingLock()));
  }

  /** The synchronous form of `iAmLocking`. */
  iAmLockingSync(): boolean {
    return this.isMine(this.#runSync(this.inspectingLock()));
  }

  /**
   * Reports who holds the lock, and whether the holder is alive; null if nobody holds it.
   *
   * @throws {LockFailed} if the lock can't be read.
   * @example
   * const holder = await lock.holder();
   * console.log(holder === null ? 'free' : `${holder.verdict}: pid ${holder.pid}, ${holder.reason}`);
   */
  async holder(): Promise<Holder | null> {
    return await this.#run(this.#inspectingHolder());
  }

  /** The synchronous form of `holder`. */
  holderSync(): Holder | null {
    return this.#runSync(this.#inspectingHolder());
  }

  /**
   * Removes the lock of any holder, even one that is alive. Does nothing if nobody holds it. This is the only
   * call that can let a second holder in: use it if you know that the holder is stuck.
   *
   * @throws {UnlockError} if the lock can't be removed, or is a directory with files of another program; and after a
   *   second if the holder may be alive and has begun to release the lock, or its private file is gone.
   * @example
   * await new LockFile('config.json').breakLock();
   */
  async breakLock(): Promise<void> {
    await this.#run(this.breakingLock(), this.shortWait(BREAK_TIMEOUT_MS));
  }

  /** The synchronous form of `breakLock`. */
  breakLockSync(): void {
    this.#runSync(this.breakingLock(), this.shortWait(BREAK_TIMEOUT_MS));
  }

  *#inspectingHolder(): Protocol<Holder | null> {
    const seen = yield* this.inspectingLock();
    return seen === undefined ? null : yield* this.#withData(holderFrom(seen.found, seen.judgement));
  }

  *#withData(holder: Holder): Protocol<Holder> {
    if (holder.token === undefined) return holder;
    const data = yield* readData(this.lockPath, holder.token);
    return data === undefined ? holder : { ...holder, data };
  }

  /** Adds the holder's data to an error about a lock that is held. Read only now: most attempts succeed. */
  *#addingData(error: unknown): Protocol<void> {
    if (!(error instanceof AlreadyLocked || error instanceof LockTimeout) || error.holder === undefined)
      return;
    Object.assign(error, { holder: yield* this.#withData(error.holder) });
  }

  #run<T>(protocol: Protocol<T>, policy: WaitPolicy = this.shortWait()): Promise<T> {
    return runAsync(protocol, policy, this.io);
  }

  #runSync<T>(protocol: Protocol<T>, policy: WaitPolicy = this.shortWait()): T {
    return runSync(protocol, policy);
  }
}

function isHeld(seen: Blocker | undefined): boolean {
  return seen !== undefined && seen.judgement.verdict !== 'dead';
}

function isHeldByThisThread(blocker: Blocker): boolean {
  return recordsOf(blocker.found).some((record) => registry.owned.has(record.token) || isThisThread(record));
}

/** Throws if the call is made in a block that holds the lock and that would wait for the call. */
function refuseDeadlock(block: Block | undefined): void {
  if (block !== undefined) throw failures.blockWouldDeadlock(block);
}

/** The answer of `tryAcquire()` to an error. */
function nullIfHeld(error: unknown): null {
  if (error instanceof AlreadyLocked) return null;
  throw error;
}

function noop(): void {
  // A place that is taken without waiting needs no call.
}
