/**
 * zc.lockfile's classes: a lock taken by a constructor, without waiting, in a file that stays and says who has it.
 *
 * They and Python's zc.lockfile do NOT exclude each other: that one takes a kernel lock on the file itself, which Node
 * can't take. Here the exclusive part is a holdfast lock beside the file, `<path>.lock`, recovered after a crash.
 *
 * Rule ZC-1: whoever doesn't get the lock changes nothing.
 * Rule ZC-2: the text is replaced whole, also on a disk that is nearly full (REPLACE-2), so a reader never sees half of it.
 */
import { closeSync, openSync } from 'node:fs';
import { hostname } from 'node:os';
import { AlreadyLocked, LockFailed } from '../model/errors.js';
import type { Holder } from '../model/holder.js';
import { LockFile as NameLock } from '../lock/lock-file.js';
import { replaceSync, sweepReplacementsSync } from '../files/atomic-replace.js';

/**
 * Somebody else has the lock.
 *
 * @example
 * if (error instanceof LockError) console.error(`pid ${error.holder?.pid} has it`);
 */
export class LockError extends Error {
  /** Spelled out, since a minified class has another. */
  override readonly name = 'LockError';
  /** What happened, for programs. */
  readonly code = 'LOCK_ERROR';
  /** Who has it, where that is known. */
  readonly holder: Holder | undefined;

  /** Made where the lock is refused. */
  constructor(path: string, cause: AlreadyLocked) {
    super(`Couldn't lock '${path}': ${cause.message}`, { cause });
    this.holder = cause.holder;
  }
}

/**
 * What a `LockFile` writes.
 *
 * @example
 * new LockFile('server.lock', { contentTemplate: '{pid};{hostname}' });
 */
export interface LockFileOptions {
  /** What the file says while it is locked, and after; `{pid}` and `{hostname}` are filled in, `{{` is a brace. */
  readonly contentTemplate?: string;
}

/**
 * Takes the lock when it is made, or throws: `LockError` if another has it, the system's error for all else. Not
 * re-entrant. The file is made if there is none, and stays.
 *
 * @example
 * const lock = new SimpleLockFile('server.lock');
 * lock.close();
 */
export class SimpleLockFile<Options extends object = object> {
  /** The file, absolute. */
  readonly path: string;
  readonly #lock: NameLock;

  /**
   * Takes the lock, at once or not at all.
   *
   * @throws {LockError} if another has it; the system's error for all else.
   */
  constructor(path: string, options?: Options) {
    this.#lock = take(path);
    this.path = this.#lock.path;
    try {
      closeSync(openSync(this.path, 'a'));
      this.onLock(options);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /**
   * Called once the lock is taken; if it throws, the lock is given back. It runs inside the constructor, before the
   * fields of a subclass have their values, so what it needs is handed to it: the constructor's second argument.
   */
  protected onLock(options?: Options): void;
  protected onLock(): void {
    // Nothing to write.
  }

  /** Gives the lock back. The file stays, with its text. May be called any number of times. */
  close(): void {
    this.#lock[Symbol.dispose]();
  }

  /** For `using`: closes it. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * A `SimpleLockFile` that also says who has it: the rendered template, after one blank, since readers skip one
 * character (where the original's kernel lock stands on some systems), and before a newline.
 *
 * @example
 * using lock = new LockFile('server.lock', { contentTemplate: '{pid};{hostname}' });
 */
export class LockFile extends SimpleLockFile<LockFileOptions> {
  /**
   * Takes the lock, at once or not at all, and writes the text.
   *
   * @throws {LockError} if another has it; {RangeError} for a template with an unknown field, and {TypeError} for one
   *   that is no string, before anything is locked; the system's error for all else.
   */
  constructor(path: string, options: LockFileOptions = {}) {
    render(options.contentTemplate);
    super(path, options);
  }

  protected override onLock(options: LockFileOptions): void {
    sweepReplacementsSync(this.path);
    replaceSync(this.path, Buffer.from(` ${render(options.contentTemplate)}\n`)); // ZC-2
  }
}

function take(path: string): NameLock {
  try {
    return new NameLock(path).acquireSync(0);
  } catch (error) {
    if (error instanceof AlreadyLocked) throw new LockError(path, error);
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
      throw new RangeError(`contentTemplate has ${JSON.stringify(text)}; known are {pid} and {hostname}`);
    }
    return value();
  });
}
