/**
 * A lock as its users see it: acquire, release, who holds it; in two forms, one that awaits and one that doesn't.
 *
 * A subclass says by which protocol the lock is made. The queue, the waiting, the time limits, the errors and the
 * clean-up at exit are here. Each call is written once, as a protocol, and run by either driver.
 */
import { randomBytes } from 'node:crypto';
import type { Claim } from './claim.js';
import { runAsync, runSync, type Io, type Patience } from './drive.js';
import { disown, own } from './exit.js';
import * as failures from './failures.js';
import { describe, type Holder } from './holder.js';
import { recordsOf } from './inspect.js';
import { thisMachine } from './machine.js';
import {
  checkAcquire,
  checkOptions,
  checkPath,
  type AcquireOptions,
  type LockOptions,
  type Options,
} from './options.js';
import type { Place } from './queue.js';
import type { HolderRecord } from './record.js';
import { registry } from './registry.js';
import type { Blocker, Protocol } from './step.js';
import { standInLine } from './turn.js';

/** What a protocol has taken: the claim that now holds the lock, and the dead holder whom it replaced. */
export interface Taken {
  readonly claim: Claim;
  readonly previous: HolderRecord | undefined;
}

/** A lock that this object holds. */
interface Held {
  readonly claim: Claim;
  readonly place: Place | undefined;
}

/** How long a release waits for somebody who is recovering this very lock, in milliseconds. */
const RELEASE_PATIENCE_MS = 10_000;

/** The same at exit, where the process is expected to be gone: a dead holder is recovered anyway. */
const EXIT_PATIENCE_MS = 100;

export abstract class LockBase {
  /** What is locked, absolute. It need not exist. */
  readonly path: string;
  protected readonly options: Options;
  #held: Held | undefined;
  #previous: Holder | undefined;

  /**
   * @param path What to lock; made absolute here, so that a later `chdir` changes nothing. It need not exist, but its
   *   directory must, and be writable.
   * @throws {TypeError} for a path or an option of a wrong type; {RangeError} for one of a wrong value.
   */
  constructor(path: string, options?: LockOptions) {
    this.path = checkPath(path);
    this.options = checkOptions(options);
  }

  /** The lock's name on disk, absolute. */
  get lockPath(): string {
    return `${this.path}.lock`;
  }

  /** False if the last acquire took the lock over from a holder that had died, and may have left its work undone. */
  get clean(): boolean {
    return this.#previous === undefined;
  }

  /** The dead holder from whom the last acquire took the lock over, if it did. */
  get previousHolder(): Holder | undefined {
    return this.#previous;
  }

  /** The claim that a record makes. */
  protected abstract claimFor(record: HolderRecord): Claim;
  /** Takes the lock for a claim, pausing while it is held. The driver ends the wait by a throw into the pause. */
  protected abstract acquiring(claim: Claim): Protocol<Taken>;
  /** Gives the claim's lock back; false if it was not the claim's any more. */
  protected abstract releasing(claim: Claim): Protocol<boolean>;
  /** Takes back whatever of a claim exists, at whatever point it was cut off. */
  protected abstract abandoning(claim: Claim): Protocol<unknown>;
  /** What stands at the lock's name, and whether it lives; `undefined` if nothing does. */
  protected abstract inspecting(): Protocol<Blocker | undefined>;
  /** Removes whoever's lock, with the help of a claim that holds nothing; the records that it removed. */
  protected abstract breaking(claim: Claim): Protocol<readonly HolderRecord[]>;
  /** How the asynchronous form makes its calls. */
  protected abstract get io(): Io;

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
  async acquire(how?: number | AcquireOptions): Promise<this> {
    const { timeout, signal } = checkAcquire(how, this.options.timeout);
    signal?.throwIfAborted();
    const until = performance.now() + timeout;
    const place = await standInLine(this.lockPath, timeout, signal, () => this.#run(this.inspecting()));
    const claim = this.#newClaim();
    await this.#run(this.#acquire(claim, place, signal), {
      until,
      signal,
      onPause: () => {
        disown(claim, 'soon');
      },
      onResume: () => {
        this.#own(claim);
      },
      expired: (blocker) => failures.outOfTime(timeout, this.lockPath, blocker),
    });
    return this;
  }

  /**
   * The synchronous form of `acquire`: it stops this thread while it waits. Waiting without a limit for a lock that
   * this very thread holds would be for ever, and is `AlreadyLocked`.
   */
  acquireSync(how?: number | Omit<AcquireOptions, 'signal'>): this {
    const { timeout } = checkAcquire(how, this.options.timeout);
    // Those who queue in this thread can't move while it waits, so it can only pass them.
    const place: Place | undefined = registry.queues.isFree(this.lockPath) ? { onTurn: nothing } : undefined;
    if (place !== undefined) registry.queues.enter(this.lockPath, place);
    const claim = this.#newClaim();
    runSync(this.#acquire(claim, place), {
      until: performance.now() + timeout,
      onPause: (blocker) => {
        if (timeout === Infinity && isThisThreads(blocker))
          throw failures.waitForOneself(this.lockPath, blocker);
        disown(claim, 'now'); // A signal's listener can't run while this thread stops: let the signal itself work.
      },
      onResume: () => {
        this.#own(claim);
      },
      expired: (blocker) => failures.outOfTime(timeout, this.lockPath, blocker),
    });
    return this;
  }

  *#acquire(claim: Claim, place: Place | undefined, signal?: AbortSignal): Protocol<void> {
    this.#own(claim);
    try {
      const { claim: taken, previous } = yield* this.acquiring(claim);
      this.#own(taken);
      this.#held = { claim: taken, place };
      this.#previous = previous && describe({ kind: 'mkdir', records: [previous] }, DIED_HOLDING);
    } catch (error) {
      disown(claim, 'soon');
      if (place !== undefined) registry.queues.leave(this.lockPath, place);
      throw signal?.aborted === true && error === signal.reason
        ? error
        : failures.lockFailed(this.lockPath, error);
    }
  }

  /**
   * Gives the lock back.
   *
   * @throws {NotLocked} if nobody holds it; {NotMyLock} if somebody else does, or if ours was broken by force;
   *   {UnlockError} if the system refuses, and then it is still held.
   */
  async release(): Promise<void> {
    await this.#run(this.#release());
  }

  /** The synchronous form of `release`. */
  releaseSync(): void {
    this.#runSync(this.#release());
  }

  *#release(): Protocol<void> {
    const own = this.#held;
    this.#held = undefined;
    const seen = own === undefined ? yield* this.inspecting() : undefined;
    const held = own ?? this.#heldByProcess(seen);
    if (held === undefined) throw failures.notHeld(this.lockPath, seen);
    let released: boolean;
    try {
      released = yield* this.releasing(held.claim);
    } catch (error) {
      this.#held = own;
      throw failures.unlockFailed(this.lockPath, error);
    }
    letGo(held.claim.record);
    if (held.place !== undefined) registry.queues.leave(this.lockPath, held.place);
    if (!released) throw failures.broken(this.lockPath, yield* this.inspecting());
  }

  /** Does anyone hold the lock who isn't known to be dead? */
  async isLocked(): Promise<boolean> {
    return isHeld(await this.#run(this.inspecting()));
  }

  /** The synchronous form of `isLocked`. */
  isLockedSync(): boolean {
    return isHeld(this.#runSync(this.inspecting()));
  }

  /** Does the lock stand, and is it the caller's? Looks at the disk, for a lock may have been broken by force. */
  async iAmLocking(): Promise<boolean> {
    return this.#isMine(await this.#run(this.inspecting()));
  }

  /** The synchronous form of `iAmLocking`. */
  iAmLockingSync(): boolean {
    return this.#isMine(this.#runSync(this.inspecting()));
  }

  /** Who holds the lock, and whether it lives; null if nobody does. */
  async holder(): Promise<Holder | null> {
    return toHolder(await this.#run(this.inspecting()));
  }

  /** The synchronous form of `holder`. */
  holderSync(): Holder | null {
    return toHolder(this.#runSync(this.inspecting()));
  }

  /**
   * Removes whoever's lock, be the holder alive or dead; does nothing if there is none. The one call that can let a
   * second holder in: for people who know that the holder is stuck.
   *
   * @throws {LockFailed} if the lock can't be removed, or is a directory of files that no lock would hold.
   */
  async breakLock(): Promise<void> {
    await this.#run(this.#break());
  }

  /** The synchronous form of `breakLock`. */
  breakLockSync(): void {
    this.#runSync(this.#break());
  }

  *#break(): Protocol<void> {
    const claim = this.#newClaim();
    this.#own(claim);
    try {
      for (const record of yield* this.breaking(claim)) letGo(record);
    } catch (error) {
      throw failures.lockFailed(this.lockPath, error);
    } finally {
      disown(claim, 'soon');
    }
  }

  /** For `using`: gives the lock back if this object holds it. */
  [Symbol.dispose](): void {
    if (this.#held !== undefined) this.releaseSync();
  }

  /** For `await using`: gives the lock back if this object holds it. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#held !== undefined) await this.release();
  }

  async #run<T>(protocol: Protocol<T>, patience: Patience = this.#shortPatience()): Promise<T> {
    return await runAsync(protocol, patience, this.io);
  }

  #runSync<T>(protocol: Protocol<T>): T {
    return runSync(protocol, this.#shortPatience());
  }

  /** For all but acquiring: these wait for nobody but those who recover the very lock, which takes no time. */
  #shortPatience(ms = RELEASE_PATIENCE_MS): Patience {
    return {
      until: performance.now() + ms,
      expired: (blocker) => failures.stillRecovered(this.lockPath, blocker),
    };
  }

  #newClaim(): Claim {
    const { thread, ...process } = thisMachine.self();
    const { note, threaded } = this.options;
    return this.claimFor({
      token: randomBytes(12).toString('hex'),
      ...process,
      ...(threaded ? { thread } : {}),
      since: Date.now(),
      ...(note === undefined ? {} : { note }),
    });
  }

  /** Has the claim given back at exit, at whatever point it is. */
  #own(claim: Claim): void {
    own({
      claim,
      giveBack: () => {
        runSync(this.abandoning(claim), this.#shortPatience(EXIT_PATIENCE_MS));
      },
      letGo: () => {
        if (this.#held?.claim !== claim || this.#held.place === undefined) return;
        registry.queues.leave(this.lockPath, this.#held.place);
      },
    });
  }

  #isMine(seen: Blocker | undefined): boolean {
    const tokens = seen === undefined ? [] : recordsOf(seen.found).map((record) => record.token);
    return tokens.includes(this.#held?.claim.record.token ?? '') || this.#heldByProcess(seen) !== undefined;
  }

  /** What stands at the lock's name, if both it and this object say that the whole process is the holder. */
  #heldByProcess(seen: Blocker | undefined): Held | undefined {
    const [record] = seen === undefined ? [] : recordsOf(seen.found);
    if (this.options.threaded || record === undefined || record.thread !== undefined) return undefined;
    const here = thisMachine.self();
    const isOurs =
      record.pid === here.pid &&
      record.boot === here.boot &&
      record.started === here.started &&
      record.pidNamespace === here.pidNamespace;
    return isOurs ? { claim: this.claimFor(record), place: undefined } : undefined;
  }
}

const DIED_HOLDING = { verdict: 'dead', reason: 'it died holding the lock' } as const;

function isHeld(seen: Blocker | undefined): boolean {
  return seen !== undefined && seen.judgement.verdict !== 'dead';
}

function toHolder(seen: Blocker | undefined): Holder | null {
  return seen === undefined ? null : describe(seen.found, seen.judgement);
}

function isThisThreads(blocker: Blocker): boolean {
  return recordsOf(blocker.found).some((record) => registry.owned.has(record.token));
}

/** A claim that was given back, or broken: if this thread held it, those who queue behind it go on. */
function letGo(record: HolderRecord): void {
  const owned = registry.owned.get(record.token);
  owned?.letGo();
  if (owned !== undefined) disown(owned.claim, 'soon');
}

function nothing(): void {
  // Whoever takes a place without waiting needs no call.
}
