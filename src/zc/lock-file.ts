/**
 * The classes of zc.lockfile: the constructor takes the lock without waiting, and a file that is kept names the holder.
 *
 * They and Python's zc.lockfile do NOT exclude each other: zc.lockfile takes a kernel lock on the file itself, which
 * Node.js can't do. Here the lock is a holdfast lock beside the file, `<path>.lock`, which is recovered after a crash.
 *
 * Rule ZC-1: A constructor that doesn't get the lock changes nothing.
 * Rule ZC-2: The text is replaced as a whole, also on a disk that is nearly full (REPLACE-2). A reader never sees half
 * of it.
 */
import { closeSync, openSync } from 'node:fs';
import { hostname } from 'node:os';
import { AlreadyLocked, LockFailed } from '../model/errors.js';
import type { Holder } from '../model/holder.js';
import type { Hold } from '../lock/hold.js';
import { LockFile as NameLock } from '../lock/lock-file.js';
import { checkNames } from '../lock/option-names.js';
import { replaceSync, sweepReplacementsSync } from '../files/atomic-replace.js';

/**
 * The lock is held by someone else.
 *
 * @example
 * if (error instanceof LockError) console.error(`pid ${error.holder?.pid} has it`);
 */
export class LockError extends Error {
  /** Written out, since a minifier renames the class. */
  override readonly name = 'LockError';
  /** For programs: the kind of the error. */
  readonly code = 'LOCK_ERROR';
  /** Who holds the lock, if that is known. */
  readonly holder: Holder | undefined;

  /** Created by the constructor of a lock that is held. */
  constructor(path: string, cause: AlreadyLocked) {
    super(`Couldn't lock '${path}': ${cause.message}`, { cause });
    this.holder = cause.holder;
  }
}

/**
 * Options of a `LockFile`.
 *
 * @example
 * new LockFile('server.lock', { contentTemplate: '{pid};{hostname}' });
 */
export interface LockFileOptions {
  /** The text of the file: `{pid}` by default. `{pid}` and `{hostname}` are replaced; `{{` and `}}` are braces. */
  readonly contentTemplate?: string;
}

/**
 * A lock that its constructor takes. Not re-entrant. The constructor creates the file if there is none, and `close()`
 * keeps it.
 *
 * @example
 * const lock = new SimpleLockFile('server.lock');
 * lock.close();
 */
export class SimpleLockFile<Options extends object = object> {
  /** The file, absolute. */
  readonly path: string;
  readonly #hold: Hold;

  /**
   * Takes the lock, without waiting.
   *
   * @throws {LockError} if it is held by someone else; otherwise the system's error.
   */
  constructor(path: string | URL, options?: Options) {
    this.#hold = take(path);
    this.path = this.#hold.path;
    try {
      closeSync(openSync(this.path, 'a'));
      this.onLock(options);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /**
   * Called when the lock has been taken; if it throws, the lock is released. It runs inside the constructor, before the
   * fields of a subclass are initialized, so it gets the constructor's second argument.
   */
  protected onLock(options?: Options): void;
  protected onLock(): void {
    // Nothing to write.
  }

  /** Releases the lock. The file keeps its text. May be called any number of times. */
  close(): void {
    this.#hold[Symbol.dispose]();
  }

  /** For `using`: calls `close()`. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * A `SimpleLockFile` that also writes who holds it: one blank, the rendered template, and a newline. The blank is there
 * because readers skip the first character, which the kernel lock of the original covers on some systems.
 *
 * @example
 * using lock = new LockFile('server.lock', { contentTemplate: '{pid};{hostname}' });
 */
export class LockFile extends SimpleLockFile<LockFileOptions> {
  /**
   * Takes the lock, without waiting, and writes the text.
   *
   * @throws {LockError} if it is held by someone else; {RangeError} for a template with an unknown field and
   *   {TypeError} for a template that is not a string, both before anything is locked; otherwise the system's error.
   */
  constructor(path: string | URL, options: LockFileOptions = {}) {
    checkNames(options, ['contentTemplate'] satisfies (keyof LockFileOptions)[]);
    render(options.contentTemplate);
    super(path, options);
  }

  protected override onLock(options: LockFileOptions): void {
    sweepReplacementsSync(this.path);
    replaceSync(this.path, Buffer.from(` ${render(options.contentTemplate)}\n`)); // ZC-2
  }
}

function take(path: string | URL): Hold {
  try {
    return new NameLock(path).acquireSync(0);
  } catch (error) {
    if (error instanceof AlreadyLocked) throw new LockError(String(path), error);
    throw error instanceof LockFailed ? (error.cause ?? error) : error;
  }
}

const FIELDS: Readonly<Record<string, () => string>> = {
  pid: () => String(process.pid),
  hostname,
};

function render(template: unknown = '{pid}'): string {
  if (typeof template !== 'string') throw new TypeError('contentTemplate must be a string');
  return template.replace(/\{\{|\}\}|\{([^{}]*)\}|[{}]/g, (text, field: string | undefined) => {
    if (text === '{{' || text === '}}') return text.charAt(0);
    const value = field === undefined ? undefined : FIELDS[field];
    if (value === undefined) {
      throw new RangeError(
        `contentTemplate contains ${JSON.stringify(text)}; the known fields are {pid} and {hostname}`,
      );
    }
    return value();
  });
}
