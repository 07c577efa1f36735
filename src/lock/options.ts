/**
 * What callers pass, checked before anything is touched: a wrong type is a `TypeError`, a wrong value a
 * `RangeError`, both as Node's own.
 */
import { resolve } from 'node:path';
import type { Io } from '../driver/run.js';
import { LockFailed } from '../model/errors.js';
import { MAX_NOTE_BYTES } from '../model/record.js';

/**
 * How a lock is made, for every kind; all of it may be left out.
 *
 * @example
 * new LockFile('config.json', { timeout: 5_000, note: 'nightly import' });
 */
export interface LockOptions {
  /**
   * How long `acquire()` waits, in milliseconds, when it is not told otherwise: for ever by default; 0 or less, not
   * at all.
   */
  readonly timeout?: number | undefined;
  /**
   * Who holds the lock: this thread through this object (`true`, the default), or the whole process: then any object
   * of the process for the same path, made with `threaded: false` too, answers `iAmLocking()` with true and may
   * release, in whatever thread; and a worker thread that ends leaves it held.
   */
  readonly threaded?: boolean | undefined;
  /** Words of your own for whoever finds the lock held, up to 512 bytes. */
  readonly note?: string | undefined;
  /** How long an empty lock directory is honoured that nobody fills, in milliseconds; 30,000 by default. */
  readonly orphanGraceMs?: number | undefined;
  /**
   * The permissions of the lock's file, less the umask, as with `fs.open`; 0o644 by default. The owner must be able to
   * read it, and nobody else to write it, for its text is what proves who holds the lock. A symbolic link has none.
   */
  readonly mode?: number | undefined;
  /**
   * The longest pause between two looks at a lock that is waited for, in milliseconds, where no event is sure to come;
   * 25 by default. Where events are, they wake the waiter, and looks are 80 times rarer.
   */
  readonly pollInterval?: number | undefined;
  /**
   * Whether a holder listens on a socket beside the lock, by which others tell that it lives, or died, to whom its pid
   * means nothing: those in another container that shares the directory. By default only outside the initial PID
   * namespace, that is in a container. Linux only.
   */
  readonly beacon?: boolean | undefined;
  /**
   * How `acquire()` and the other asynchronous calls reach the file system. `auto` (the default): on a disk of this
   * machine the few calls that an attempt takes are made in place, which is quicker than one hop to another thread.
   * `async`: every call goes through the thread pool.
   */
  readonly io?: 'auto' | 'async' | undefined;
  /**
   * Where the lock stands, when it is not `<path>.lock`: for a path on a file system that can't be written. Only those
   * who name the same place exclude each other.
   */
  readonly lockPath?: string | undefined;
}

/**
 * How one `acquire()` waits.
 *
 * @example
 * await lock.acquire({ timeout: 5_000, signal: controller.signal });
 */
export interface AcquireOptions {
  /** Milliseconds; 0 or less doesn't wait. By default that of the lock. */
  readonly timeout?: number | undefined;
  /** Ends the wait; `acquire` then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

export interface Options {
  readonly timeout: number;
  readonly threaded: boolean;
  readonly note: string | undefined;
  readonly orphanGraceMs: number;
  readonly mode: number;
  readonly pollInterval: number;
  readonly beacon: boolean | undefined;
  readonly io: 'auto' | Io;
  /** Absolute. */
  readonly lockPath: string | undefined;
}

const ORPHAN_GRACE_MS = 30_000;
const MODE = 0o644;
const POLL_INTERVAL_MS = 25;
const SHORTEST_POLL_INTERVAL_MS = 1;
const LONGEST_POLL_INTERVAL_MS = 60_000;

export function checkOptions(options: LockOptions = {}): Options {
  if (typeof options !== 'object' || (options as unknown) === null)
    throw new TypeError('options must be an object');
  const {
    timeout,
    threaded = true,
    note,
    orphanGraceMs = ORPHAN_GRACE_MS,
    pollInterval = POLL_INTERVAL_MS,
    mode = MODE,
    beacon,
    io = 'auto',
    lockPath,
  } = options;
  if (typeof threaded !== 'boolean') throw new TypeError('threaded must be true or false');
  if (beacon !== undefined && typeof (beacon as unknown) !== 'boolean')
    throw new TypeError('beacon must be true or false');
  checkNote(note);
  if (checkNumber('orphanGraceMs', orphanGraceMs) < 0)
    throw new RangeError('orphanGraceMs must not be negative');
  checkMode(mode);
  checkNumber('pollInterval', pollInterval);
  if (pollInterval < SHORTEST_POLL_INTERVAL_MS || pollInterval > LONGEST_POLL_INTERVAL_MS)
    throw new RangeError('pollInterval must be between 1 and 60,000');
  if ((io as unknown) !== 'auto' && (io as unknown) !== 'async')
    throw new TypeError(`io must be 'auto' or 'async'`);
  return {
    timeout: checkTimeout(timeout) ?? Infinity,
    threaded,
    note,
    orphanGraceMs,
    mode,
    pollInterval,
    beacon,
    io,
    lockPath: lockPath === undefined ? undefined : checkPath(lockPath, 'lockPath'),
  };
}

function checkMode(mode: unknown): void {
  if (typeof mode !== 'number') throw new TypeError('mode must be a number, such as 0o600');
  if (!Number.isInteger(mode) || mode < 0 || mode > 0o777 || (mode & 0o400) === 0 || (mode & 0o022) !== 0) {
    throw new RangeError('mode must let the owner read, and nobody else write, such as 0o600 or 0o644');
  }
}

function checkNote(note: unknown): void {
  if (note === undefined) return;
  if (typeof note !== 'string') throw new TypeError('note must be a string');
  if (Buffer.byteLength(JSON.stringify(note)) > MAX_NOTE_BYTES) {
    throw new RangeError(`note must take no more than ${String(MAX_NOTE_BYTES)} bytes`);
  }
}

/** The timeout, or `undefined` where none was given. */
export function checkTimeout(timeout: unknown): number | undefined {
  return timeout === undefined || timeout === null ? undefined : checkNumber('timeout', timeout);
}

function checkNumber(name: string, value: unknown): number {
  if (typeof value !== 'number' || Number.isNaN(value)) {
    const given = typeof value === 'string' ? JSON.stringify(value) : String(value);
    throw new TypeError(`${name} must be a number of milliseconds, not ${given}`);
  }
  return value;
}

export interface CheckedAcquire {
  readonly timeout: number;
  readonly signal: AbortSignal | undefined;
}

export function checkAcquire(how: unknown, fallback: number): CheckedAcquire {
  if (typeof how !== 'object' || how === null)
    return { timeout: checkTimeout(how) ?? fallback, signal: undefined };
  const { timeout, signal } = how as AcquireOptions;
  if (signal !== undefined && !isSignal(signal)) throw new TypeError('signal must be an AbortSignal');
  return { timeout: checkTimeout(timeout) ?? fallback, signal };
}

/** By its shape: a test environment may have an `AbortSignal` of its own. */
function isSignal(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'aborted' in value && 'throwIfAborted' in value;
}

/** The timeout; a signal is refused, since nobody can abort it while this thread stops. */
export function checkAcquireSync(how: unknown, fallback: number): number {
  const { timeout, signal } = checkAcquire(how, fallback);
  if (signal !== undefined) throw new TypeError('a synchronous acquire takes no signal, only a timeout');
  return timeout;
}

/** The path, absolute. */
export function checkPath(path: unknown, name = 'the path to lock'): string {
  if (typeof path !== 'string') throw new TypeError(`${name} must be a string`);
  if (path === '' || path.includes('\0'))
    throw new TypeError(`${name} must have no NUL byte, and not be empty`);
  try {
    return resolve(path);
  } catch (cause) {
    // A relative path, and the current directory was removed.
    throw new LockFailed(`${path} can't be locked: the current directory does not exist any more`, {
      path,
      cause,
    });
  }
}
