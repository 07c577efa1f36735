/**
 * A hold: the proof that one acquire took the lock, and the means to release exactly that.
 *
 * A lock object can't be it. Tasks that share the object would release each other's holds, and `await using` on an
 * object that was never acquired would compile and lock nothing.
 *
 * Rule HOLD-5: A hold ends once. What happens to the lock afterwards, under the same object or another, is not its own.
 */
import type { HolderRecord } from '../model/record.js';
import type { Blocker, Protocol } from '../model/steps.js';
import { runAsync, runSync, type Io, type WaitPolicy } from '../driver/run.js';
import * as channels from './tracing.js';
import { toJson } from '../model/holder-data.js';
import { LostWatch } from './lost-watch.js';
import { recordsOf } from '../protocol/inspect.js';
import type { HeldClaim } from './ownership.js';

/** What a hold needs of its lock. The protocols get the hold that they are about. */
export interface HeldLock {
  readonly path: string;
  readonly lockPath: string;
  readonly io: () => Io;
  readonly shortWait: () => WaitPolicy;
  readonly givingBack: (held: HeldClaim) => Protocol<void>;
  readonly disposing: (held: HeldClaim) => Protocol<void>;
  readonly updating: (held: HeldClaim, json: string) => Protocol<void>;
  readonly inspecting: () => Protocol<Blocker | undefined>;
  /** The lock was lost; `seen` is what took its place. */
  readonly losing: (held: HeldClaim, seen: Blocker | undefined) => void;
  readonly checking: (held: HeldClaim) => Protocol<boolean>;
}

/**
 * What `acquire()` resolves to: one hold of a lock. Only an acquire makes one.
 *
 * @example
 * await using hold = await new LockFile('config.json').acquire(5_000);
 * if (!hold.clean) console.warn(`pid ${hold.previousHolder?.pid} died here`);
 */
export class Hold {
  /** The path that is locked, absolute. */
  readonly path: string;
  /** The lock's name on disk, absolute. */
  readonly lockPath: string;
  readonly #lock: HeldLock;
  readonly #held: HeldClaim;
  #updated: Promise<void> | undefined;
  #controller: AbortController | undefined;

  /** @internal */
  constructor(lock: HeldLock, held: HeldClaim) {
    this.path = lock.path;
    this.lockPath = lock.lockPath;
    this.#lock = lock;
    this.#held = held;
  }

  /** @internal True once this hold was released, or its loss was reported. */
  get hasEnded(): boolean {
    return this.#held.state === 'ended';
  }

  /** False if the lock was taken over from a dead holder, which may have left its work unfinished. */
  get clean(): boolean {
    return this.#held.isClean;
  }

  /** The record of the dead holder from which the lock was taken over, if it was. */
  get previousHolder(): HolderRecord | undefined {
    return this.#held.previous;
  }

  /** The record by which other processes recognize this hold. */
  get record(): HolderRecord {
    return this.#held.claim.record;
  }

  /**
   * Aborted as soon as it is known that the lock was removed while it was held, by `breakLock()` or by hand. The reason is
   * a `NotMyLock` that says who holds the lock now. A release doesn't abort it.
   *
   * The lock is watched from the first use of this property until the hold ends: by events of the file system, and by a
   * poll once a second where there are none.
   */
  get signal(): AbortSignal {
    this.#controller ??= this.#watch();
    return this.#controller.signal;
  }

  /**
   * Reports whether this hold still has the lock. It reads the disk, because a lock can be broken by force. False once
   * the hold has ended.
   *
   * @throws {LockFailed} if the lock can't be read.
   */
  isHeld(): Promise<boolean> {
    return this.#run(this.#lock.checking(this.#held));
  }

  /** The synchronous form of `isHeld`. */
  isHeldSync(): boolean {
    return this.#runSync(this.#lock.checking(this.#held));
  }

  /**
   * Changes the data that others find in `holder().data`. A reader finds the old data or the new, and the lock is held all
   * the while.
   *
   * @param data Any JSON value of up to 4,096 bytes.
   * @throws {TypeError} or {RangeError} for other data; {NotMyLock} if the lock was broken by force; {NotLocked} or
   *   {NotMyLock} if this hold has ended; {LockFailed} if the data can't be written, and then the lock is still held.
   * @example
   * await hold.update({ port: 3_000 });
   */
  async update(data: unknown): Promise<void> {
    const json = toJson(data);
    const before = this.#updated;
    // One after the other, so that the last call has the last word.
    this.#updated = (async () => {
      await before?.catch(() => undefined);
      await this.#run(this.#lock.updating(this.#held, json));
    })();
    await this.#updated;
  }

  /** The synchronous form of `update`. */
  updateSync(data: unknown): void {
    this.#runSync(this.#lock.updating(this.#held, toJson(data)));
  }

  /**
   * Releases the lock, if this hold has it.
   *
   * @throws {NotMyLock} if the lock was broken by force; {NotLocked} or {NotMyLock} if this hold has ended already;
   *   {UnlockError} if the system refuses, and then the lock is still held.
   */
  release(): Promise<void> {
    return channels.traced(channels.releasing, this, () => this.#run(this.#lock.givingBack(this.#held)));
  }

  /** The synchronous form of `release`, with the same errors. */
  releaseSync(): void {
    channels.tracedSync(channels.releasing, this, () => this.#runSync(this.#lock.givingBack(this.#held)));
  }

  /** For `using`: releases the lock, unless this hold has ended already. */
  [Symbol.dispose](): void {
    if (isReleasable(this.#held))
      channels.tracedSync(channels.releasing, this, () => this.#runSync(this.#lock.disposing(this.#held)));
  }

  /** For `await using`: releases the lock, unless this hold has ended already. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (isReleasable(this.#held))
      await channels.traced(channels.releasing, this, () => this.#run(this.#lock.disposing(this.#held)));
  }

  /** Watches the lock for the signal, from its first use until the hold ends. */
  #watch(): AbortController {
    const controller = new AbortController();
    const held = this.#held;
    const lock = this.#lock;
    held.onLost = (error) => {
      controller.abort(error);
    };
    if (held.loss !== undefined) controller.abort(held.loss);
    if (held.loss !== undefined || !isReleasable(held)) return controller;
    const watch = new LostWatch({
      lockPath: this.lockPath,
      inspect: () => this.#run(lock.inspecting()),
      isOwn: (seen) => held.state === 'releasing' || isOf(held, seen),
      onLost: (seen) => {
        lock.losing(held, seen);
      },
    });
    held.onEnd = () => {
      watch.stop();
    };
    return controller;
  }

  #run<T>(protocol: Protocol<T>): Promise<T> {
    return runAsync(protocol, this.#lock.shortWait(), this.#lock.io());
  }

  #runSync<T>(protocol: Protocol<T>): T {
    return runSync(protocol, this.#lock.shortWait());
  }
}

/** Can this hold still be released, or its loss be reported? */
export function isReleasable({ state }: HeldClaim): boolean {
  return state === 'held' || state === 'lost';
}

/** Is the lock that was seen the one of this hold? */
function isOf(held: HeldClaim, seen: Blocker | undefined): boolean {
  const { token } = held.claim.record;
  return seen !== undefined && recordsOf(seen.found).some((record) => record.token === token);
}
