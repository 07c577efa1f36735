/**
 * The options, checked before anything is touched: a wrong type throws a `TypeError`, a wrong value a `RangeError`,
 * as in Node.
 */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Io } from '../driver/run.js';
import { LockFailed } from '../model/errors.js';
import { MAX_NOTE_BYTES } from '../model/record.js';
import { toJson } from '../model/holder-data.js';
import { checkNames } from './option-names.js';

/**
 * The options of a lock, for every kind. All of them are optional.
 *
 * @example
 * new LockFile('config.json', { timeout: 5_000, note: 'nightly import' });
 */
export interface LockOptions {
  /**
   * The default timeout of `acquire()`, in milliseconds; `Infinity` by default. A timeout of 0 or less throws
   * `AlreadyLocked` immediately; a positive one throws `LockTimeout` when it expires.
   */
  readonly timeout?: number | undefined;
  /**
   * `true` (the default): this object, in this thread, holds the lock. `false`: the whole process holds it. Then every
   * object for the same path that also has `threaded: false`, in any thread of the process, returns true from
   * `iAmLocking()` and may release the lock; and the lock stays held when a worker thread ends.
   */
  readonly threaded?: boolean | undefined;
  /** A text for people who find the lock held, up to 512 bytes. It is part of error messages. */
  readonly note?: string | undefined;
  /**
   * Any JSON value of up to 4,096 bytes, for programs that find the lock held: `holder().data`. `Hold.update()` changes
   * it.
   */
  readonly data?: unknown;
  /** How long an empty lock directory counts as held, in milliseconds; 30,000 by default. */
  readonly orphanGraceMs?: number | undefined;
  /**
   * The permissions of the lock's file, less the umask, as for `fs.open`; 0o644 by default. The owner must be able to
   * read the file, and nobody else may write it, because its text proves who holds the lock. A symbolic link has no
   * permissions.
   */
  readonly mode?: number | undefined;
  /**
   * How often a waiter checks the lock, in milliseconds; 25 by default, from 1 to 60,000. Where file system events wake
   * the waiter, it checks 80 times less often.
   */
  readonly pollInterval?: number | undefined;
  /**
   * Whether the holder listens on a socket beside the lock. The socket proves to processes in other containers, which
   * can't interpret its pid, that the holder is alive or dead. By default only in a container, that is outside the
   * initial PID namespace. Linux only.
   */
  readonly beacon?: boolean | undefined;
  /**
   * How `acquire()` and the other asynchronous methods call the file system. `auto` (the default): on a local disk they
   * make the few calls of an attempt synchronously, which is faster than the thread pool. `async`: every call goes
   * through the thread pool.
   */
  readonly io?: 'auto' | 'async' | undefined;
  /**
   * The lock's name on disk; `<path>.lock` by default. For a path in a directory that can't be written. Only locks with
   * the same `lockPath` exclude each other.
   */
  readonly lockPath?: string | URL | undefined;
}

/**
 * The options of one `acquire()`.
 *
 * @example
 * await lock.acquire({ timeout: 5_000, signal: controller.signal });
 */
export interface AcquireOptions {
  /**
   * In milliseconds; the lock's `timeout` by default. A timeout of 0 or less throws `AlreadyLocked` immediately; a
   * positive one throws `LockTimeout` when it expires.
   */
  readonly timeout?: number | undefined;
  /** Cancels the wait. `acquire()` then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** The names of the options of every lock. A record, so that none can be missing. */
const LOCK_OPTIONS: { readonly [name in keyof Required<LockOptions>]: true } = {
  timeout: true,
  threaded: true,
  note: true,
  data: true,
  orphanGraceMs: true,
  mode: true,
  pollInterval: true,
  beacon: true,
  io: true,
  lockPath: true,
};

export const LOCK_OPTION_NAMES = Object.keys(LOCK_OPTIONS);

const ACQUIRE_OPTION_NAMES = ['timeout', 'signal'] satisfies (keyof AcquireOptions)[];

export interface Options {
  readonly timeout: number;
  readonly threaded: boolean;
  readonly note: string | undefined;
  /** As JSON. */
  readonly data: string | undefined;
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
  checkNames(options, LOCK_OPTION_NAMES);
  const {
    timeout,
    threaded = true,
    note,
    data,
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
    data: data === undefined ? undefined : toJson(data),
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
    throw new RangeError('mode must let the owner read and nobody else write, such as 0o600 or 0o644');
  }
}

function checkNote(note: unknown): void {
  if (note === undefined) return;
  if (typeof note !== 'string') throw new TypeError('note must be a string');
  if (Buffer.byteLength(JSON.stringify(note)) > MAX_NOTE_BYTES) {
    throw new RangeError(`note must be at most ${String(MAX_NOTE_BYTES)} bytes long, as JSON`);
  }
}

/** The timeout, or `undefined` if none was given. */
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
  checkNames(how, ACQUIRE_OPTION_NAMES);
  const { timeout, signal } = how as AcquireOptions;
  checkSignal(signal);
  return { timeout: checkTimeout(timeout) ?? fallback, signal };
}

export function checkSignal(signal: unknown): void {
  if (signal !== undefined && !isSignal(signal)) throw new TypeError('signal must be an AbortSignal');
}

/** Checks the shape, not the class: a test environment may have its own `AbortSignal`. */
function isSignal(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'aborted' in value && 'throwIfAborted' in value;
}

/** The timeout. A signal is refused, because nothing can abort it while this thread is blocked. */
export function checkAcquireSync(how: unknown, fallback: number): number {
  const { timeout, signal } = checkAcquire(how, fallback);
  if (signal !== undefined)
    throw new TypeError(
      'acquireSync() takes no signal, because nothing can abort it while it blocks the thread; pass a timeout',
    );
  return timeout;
}

/** As in `node:fs`; and text that can only be meant as a URL, such as that of `import.meta.resolve()`. */
function isUrl(path: unknown): path is URL | string {
  return path instanceof URL || (typeof path === 'string' && path.startsWith('file://'));
}

function fromUrl(url: URL | string, name: string): string {
  try {
    return fileURLToPath(url);
  } catch (cause) {
    throw new TypeError(`${name} must be a path or a file: URL: ${(cause as Error).message}`, { cause });
  }
}

/** The path, absolute. */
export function checkPath(path: unknown, name = 'the path to lock'): string {
  if (isUrl(path)) return checkPath(fromUrl(path, name), name);
  if (typeof path !== 'string') throw new TypeError(`${name} must be a string or a file: URL`);
  if (path === '' || path.includes('\0'))
    throw new TypeError(`${name} must not be empty, and must not contain a NUL byte`);
  try {
    return resolve(path);
  } catch (cause) {
    // The path is relative, and the current directory was removed.
    throw new LockFailed(
      `${path} can't be locked: the current directory does not exist any more; use an absolute path`,
      {
        path,
        lockPath: path,
        cause,
      },
    );
  }
}
