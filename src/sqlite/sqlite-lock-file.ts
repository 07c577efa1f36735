/**
 * `SQLiteLockFile`, exported as `holdfast/sqlite`: locks that are rows of one database, which all contenders share.
 *
 * Not promised: to exclude the other kinds of lock for the same path. Nor to remove the database with the last lock:
 * the first lock creates it, and it stays.
 */
import { dirname, join, relative, resolve, sep } from 'node:path';
import type { AnyClaim, Taken } from '../model/claim.js';
import { LockFailed } from '../model/errors.js';
import { LockBase } from '../lock/lock-base.js';
import { checkNames } from '../lock/option-names.js';
import { LOCK_OPTION_NAMES, type LockOptions } from '../lock/options.js';
import { formatRecord, parseRecord, type HolderRecord } from '../model/record.js';
import { ENGINES, loadEngine, type Engine, type EngineName } from './engine.js';
import { Guard } from './guard.js';
import { withRow, type Row } from './rows.js';
import { judge, pause, type Blocker, type Found, type Protocol } from '../model/steps.js';

/**
 * Options of a lock in a database, in addition to those of every lock.
 *
 * @example
 * new SQLiteLockFile('config.json', { database: '/srv/shared/locks.sqlite', timeout: 5_000 });
 */
export interface SQLiteLockOptions extends Omit<LockOptions, 'lockPath' | 'io'> {
  /** The database file; by default `holdfast.sqlite` in the directory of the path. The first lock creates it. */
  readonly database?: string | undefined;
  /** Which build of SQLite to use: by default `node:sqlite` if Node.js has it, else `node-sqlite3-wasm`. */
  readonly engine?: EngineName | undefined;
}

const SQLITE_OPTION_NAMES = [
  ...LOCK_OPTION_NAMES.filter((name) => name !== 'lockPath' && name !== 'io'),
  ...(['database', 'engine'] satisfies (keyof SQLiteLockOptions)[]),
];

/**
 * A lock that is a row of a database, which all contenders share.
 *
 * @example
 * await using hold = await new SQLiteLockFile('config.json').acquire(5_000);
 */
export class SQLiteLockFile extends LockBase {
  /** The database, absolute. */
  readonly database: string;
  readonly #key: string;
  readonly #engineName: EngineName | undefined;
  readonly #guard: Guard;
  #engine: Engine | undefined;

  /**
   * Creates a lock object. It doesn't hold the lock yet, and reads and writes nothing before the first call.
   *
   * @param path What to lock. A row is named by the path relative to the directory of the database, so that machines or
   *   containers may mount both at different places. It must be the same for all contenders.
   */
  constructor(path: string | URL, options: SQLiteLockOptions = {}) {
    checkNames(options, SQLITE_OPTION_NAMES);
    const { database, engine, ...others } = options;
    super(path, others);
    if (database !== undefined && (typeof database as unknown) !== 'string')
      throw new TypeError('database must be a path');
    if (engine !== undefined && !ENGINES.includes(engine))
      throw new TypeError(`engine must be ${ENGINES.map((name) => `'${name}'`).join(' or ')}`);
    this.database = resolve(database ?? join(dirname(this.path), 'holdfast.sqlite'));
    this.#key = relative(dirname(this.database), this.path).split(sep).join('/');
    this.#engineName = engine;
    this.#guard = new Guard(this.database, this.options.orphanGraceMs);
  }

  /** The database, `#`, and the name of the row in it. */
  override get lockPath(): string {
    return `${this.database}#${encodeURIComponent(this.#key)}`;
  }

  protected override claimFor(record: HolderRecord): AnyClaim {
    return { record };
  }

  protected override *acquiring(claim: AnyClaim): Protocol<Taken> {
    const { token } = claim.record;
    const text = formatRecord(claim.record);
    let dead: HolderRecord | undefined;
    for (;;) {
      const outcome = yield* this.#query(true, (row) => {
        const removed = dead !== undefined && row.remove(dead.token);
        return row.insert(token, text) ? { removed } : (row.read() ?? '');
      });
      if (typeof outcome === 'object') return { claim, previous: outcome.removed ? dead : undefined };
      const blocker = yield* this.#toBlocker(outcome ?? '');
      dead = undefined;
      if (blocker.judgement.verdict === 'dead' && 'record' in blocker.found) dead = blocker.found.record;
      else yield* pause(blocker);
    }
  }

  protected override *releasing({ record }: AnyClaim): Protocol<boolean> {
    return (yield* this.#query(false, (row) => row.remove(record.token))) ?? false;
  }

  protected override *inspecting(): Protocol<Blocker | undefined> {
    const text = yield* this.#query(false, (row) => row.read());
    return text === undefined ? undefined : yield* this.#toBlocker(text);
  }

  protected override *breaking(): Protocol<readonly HolderRecord[]> {
    const text = yield* this.#query(false, (row) => row.read());
    if (text === undefined) return [];
    const removed = yield* this.#query(false, (row) => row.removeText(text));
    const record = parseRecord(text);
    return removed === true && record !== undefined ? [record] : [];
  }

  *#toBlocker(text: string): Protocol<Blocker> {
    const record = parseRecord(text);
    if (record === undefined) {
      const what = 'a row that holdfast did not write';
      const found: Found = { kind: 'foreign', what, text };
      return { path: this.lockPath, found, judgement: { verdict: 'unknown', reason: `it is ${what}` } };
    }
    const judgement = yield* judge(record, this.database);
    return { path: this.lockPath, found: { kind: 'row', record }, judgement };
  }

  /** Does `work` on this lock's row, and waits while others use the database; `undefined` if there is no database. */
  *#query<T>(create: boolean, work: (row: Row) => T): Protocol<T | undefined> {
    const engine = this.#load();
    for (;;) {
      const outcome = yield* this.#guard.during(() =>
        withRow(engine, this.database, this.#key, create, work),
      );
      if (outcome.is === 'done') return outcome.value;
      if (outcome.is === 'missing') return undefined;
      const found: Found = { kind: 'foreign', what: 'a database that another program is using' };
      yield* pause({
        path: this.database,
        found,
        judgement: { verdict: 'unknown', reason: `it is ${found.what}` },
      });
    }
  }

  #load(): Engine {
    try {
      return (this.#engine ??= loadEngine(this.#engineName));
    } catch (cause) {
      throw new LockFailed(
        `${this.lockPath} can't be locked: there is no SQLite. Use Node.js 22.13 or newer, which has node:sqlite, or ` +
          `run \`npm install node-sqlite3-wasm\`.`,
        { path: this.path, lockPath: this.lockPath, cause },
      );
    }
  }
}
