/**
 * A kind of lock: the protocols by which it is acquired, released, read and broken. A subclass supplies them; the calls
 * that use them are in `lock-calls.ts`.
 */
import { dirname } from 'node:path';
import { makeClaim, type AnyClaim, type Taken } from '../model/claim.js';
import { putOutBeacon } from '../system/beacon.js';
import { isSweepDue } from '../system/directory-facts.js';
import type { Io, WaitPolicy } from '../driver/run.js';
import * as failures from './messages.js';
import { recordsOf } from '../protocol/inspect.js';
import { ignoreErrors } from '../protocol/retry.js';
import { newRecord } from './new-record.js';
import { checkOptions, checkPath, type LockOptions, type Options } from './options.js';
import type { HolderRecord } from '../model/record.js';
import type { Blocker, Found, Protocol } from '../model/steps.js';
import { sweep } from '../protocol/sweep.js';

/** How long a release waits for a process that is recovering this lock, in milliseconds. */
const RELEASE_TIMEOUT_MS = 10_000;

/** @typeParam C What the lock's protocol knows of a claim, besides the holder's record. */
export abstract class LockKind<C extends AnyClaim> {
  /** The path that is locked, absolute. It need not exist. */
  readonly path: string;
  protected readonly options: Options;
  readonly #lockPath: string;

  /**
   * Creates a lock that is not held yet. Nothing is read or written before `acquire()`.
   *
   * @param path The path to lock. It is made absolute here, so a later `chdir` changes nothing. It need not exist, but
   *   its directory must exist and be writable.
   * @throws {TypeError} if the path or an option has a wrong type; {RangeError} if an option has a wrong value.
   */
  constructor(path: string | URL, options?: LockOptions) {
    this.options = checkOptions(options);
    this.path = checkPath(path);
    this.#lockPath = this.options.lockPath ?? `${this.path}.lock`;
    // Otherwise the first write to the locked file would destroy its lock.
    if (this.options.lockPath === this.path)
      throw new RangeError('lockPath must not be the path to lock itself');
  }

  /** The lock's name on disk, absolute: `<path>.lock`, or the option `lockPath`. */
  get lockPath(): string {
    return this.#lockPath;
  }

  /**
   * Makes the claim of a record; of the kind that was found, if it is on disk already. Called for each acquire and each
   * break, so it must have no effect.
   */
  protected abstract claimFor(record: HolderRecord, found?: Found): C;
  /**
   * Takes the lock for a claim. It pauses while a holder is in the way that isn't proved dead. The driver ends the
   * wait by an error thrown into the `pause`. If anything is thrown, there or elsewhere, nothing of the claim may
   * stay on disk.
   */
  protected abstract acquiring(claim: C): Protocol<Taken<C>>;
  /**
   * Releases the claim's lock; false if the lock was not the claim's any more. Must never remove another claim's
   * lock.
   */
  protected abstract releasing(claim: C): Protocol<boolean>;
  /** Reads who holds the lock, and whether the holder is alive; `undefined` if nobody holds it. */
  protected abstract inspecting(): Protocol<Blocker | undefined>;
  /** Removes the lock that it finds, of any holder, but no lock that came later. Returns the records it removed. */
  protected abstract breaking(claim: C): Protocol<readonly HolderRecord[]>;

  /** Removes whatever exists of a claim, at whatever point its acquire or release was interrupted; also at exit. */
  protected *abandoning(claim: C): Protocol<unknown> {
    return yield* this.releasing(claim);
  }

  /**
   * Removes what dead processes left beside the lock, which the claim has just taken. It never fails. By default it
   * removes their beacons, because those exist for every kind of lock, and no protocol needs to know them.
   */
  protected *sweeping({ claim: { record }, previous }: Taken<C>): Protocol<void> {
    if (record.beacon === undefined && previous?.beacon === undefined) return;
    if (!isSweepDue(this.lockPath, previous)) return; // Only a lock's holder sweeps its beacons (SWEEP-2).
    const claim = makeClaim(this.lockPath, 'link', record, this.options);
    yield* ignoreErrors(sweep(dirname(this.lockPath), claim, previous));
  }

  /** How the asynchronous form makes its calls. */
  protected get io(): Io {
    return 'async';
  }

  /** A claim that is not on disk yet. */
  protected newClaim(): C {
    const record = newRecord(this, this.options);
    try {
      return this.claimFor(record);
    } catch (error) {
      putOutBeacon(record.token);
      throw error;
    }
  }

  /** For all calls but acquire: they wait only for a process that is removing this lock, which takes no time. */
  protected shortWait(ms = RELEASE_TIMEOUT_MS): WaitPolicy {
    return {
      until: performance.now() + ms,
      pollInterval: this.options.pollInterval,
      expired: (blocker) => failures.removalInProgress(this, blocker),
    };
  }

  /** Reads who holds the lock. A system error becomes an error of this package. */
  protected *inspectingLock(): Protocol<Blocker | undefined> {
    try {
      return yield* this.inspecting();
    } catch (error) {
      throw failures.inspectFailed(this, error);
    }
  }

  /** The same for the message of an error, which a second error must not hide. */
  protected *inspectingForMessage(): Protocol<Blocker | undefined> {
    try {
      return yield* this.inspecting();
    } catch {
      return undefined;
    }
  }

  /** Was the lock removed together with its directory? Then a release has nothing to look at, and is refused. */
  protected *isGone(claim: C, refusal: unknown): Protocol<boolean> {
    const code = (refusal as NodeJS.ErrnoException | undefined)?.code;
    if (code !== 'ENOENT' && code !== 'ENOTDIR') return false;
    try {
      const seen = yield* this.inspecting();
      return seen === undefined || !recordsOf(seen.found).some(({ token }) => token === claim.record.token);
    } catch {
      return false;
    }
  }
}
