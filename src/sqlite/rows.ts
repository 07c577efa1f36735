/**
 * The table of locks: one row for each lock that is held.
 *
 * Rule ROW-1: Inserting a row decides who holds a lock: the path is the primary key.
 * Rule ROW-2: A row is removed by its token, which no other claim ever has.
 * Rule ROW-3: A file whose first bytes are not those of a holdfast database is neither opened by SQLite nor changed.
 * Rule ROW-4: A database is created under a name that contains `.holdfast-` and a random token, so that neither
 * creating nor cleaning up touches a user's file. A fixed name such as `<database>.new` may be a user's.
 *
 * Each call opens the database, runs one transaction, and closes it again, so a process keeps nothing open between
 * calls.
 */
import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readdirSync, readSync, renameSync, rmdirSync, unlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isBusy, type Connection, type Engine } from './engine.js';

/** Identifies a holdfast database, in a field that SQLite reserves for that: `hdft`. */
const APPLICATION_ID = 0x68646674;
const APPLICATION_ID_OFFSET = 68;
const MAGIC = 'SQLite format 3\0';
const HEADER_BYTES = 100;

const SCHEMA = 'CREATE TABLE locks (path TEXT PRIMARY KEY, token TEXT NOT NULL UNIQUE, record TEXT NOT NULL)';

/** A lock's row. */
export class Row {
  readonly #connection: Connection;
  readonly #path: string;

  constructor(connection: Connection, path: string) {
    this.#connection = connection;
    this.#path = path;
  }

  /** Returns the holder's record, or `undefined` if nobody holds the lock. */
  read(): string | undefined {
    const row = this.#connection.get('SELECT record FROM locks WHERE path = ?', this.#path);
    return row === undefined ? undefined : String(row['record']);
  }

  /** Returns false if there is a row already (ROW-1). */
  insert(token: string, record: string): boolean {
    const sql = 'INSERT INTO locks (path, token, record) VALUES (?, ?, ?) ON CONFLICT (path) DO NOTHING';
    return this.#connection.run(sql, this.#path, token, record) === 1;
  }

  /** Returns false if the row belongs to another claim, or is gone (ROW-2). */
  remove(token: string): boolean {
    return this.#connection.run('DELETE FROM locks WHERE path = ? AND token = ?', this.#path, token) === 1;
  }

  /** Removes a row by its exact text, which need not be a valid record. */
  removeText(record: string): boolean {
    return this.#connection.run('DELETE FROM locks WHERE path = ? AND record = ?', this.#path, record) === 1;
  }
}

/** `busy`: another program uses the database. `missing`: there is no database. */
export type Outcome<T> = { is: 'done'; value: T } | { is: 'busy' } | { is: 'missing' };

/**
 * Does `work` on the row of `path`, in one transaction.
 *
 * @param create Whether to create a missing database.
 */
export function withRow<T>(
  engine: Engine,
  database: string,
  path: string,
  create: boolean,
  work: (row: Row) => T,
): Outcome<T> {
  const header = readHeader(database);
  if (header === undefined) {
    if (!create) return { is: 'missing' };
    make(engine, database);
  } else if (!isOurs(header)) {
    throw new Error(`${database} is not a holdfast database; it was not changed`);
  }
  try {
    return { is: 'done', value: transact(engine, database, path, work) };
  } catch (error) {
    if (isBusy(error)) return { is: 'busy' };
    throw error;
  }
}

function transact<T>(engine: Engine, database: string, path: string, work: (row: Row) => T): T {
  const connection = engine.open(database);
  try {
    connection.get('PRAGMA locking_mode = EXCLUSIVE'); // SQLITE-2: before the log is read for the first time.
    // The log is synced at a checkpoint only. A power cut before that loses rows, whose holders it has ended too.
    connection.get('PRAGMA synchronous = NORMAL');
    connection.run('BEGIN IMMEDIATE');
    const value = work(new Row(connection, path));
    connection.run('COMMIT');
    return value;
  } finally {
    connection.close(); // Rolls back a transaction that was not committed.
  }
}

/** Returns the first bytes of a file, or `undefined` if there is no file. */
function readHeader(file: string): Buffer | undefined {
  let descriptor: number;
  try {
    descriptor = openSync(file, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const buffer = Buffer.alloc(HEADER_BYTES);
    return buffer.subarray(0, readSync(descriptor, buffer, 0, HEADER_BYTES, 0));
  } finally {
    closeSync(descriptor);
  }
}

/** Checks for ROW-3. */
function isOurs(header: Buffer): boolean {
  return (
    header.length === HEADER_BYTES &&
    header.toString('latin1', 0, MAGIC.length) === MAGIC &&
    header.readUInt32BE(APPLICATION_ID_OFFSET) === APPLICATION_ID
  );
}

/** ROW-4. */
const MARK = '.holdfast-';
const UNFINISHED = new RegExp(`^\\${MARK}[0-9a-f]{24}(?:-journal|-wal|-shm|\\.open|(\\.lock))?$`);

/**
 * Removes what a process left that died while it created the database: the caller holds the guard, so no other process
 * is creating it now. Never throws: a directory that can't be listed must not prevent the lock.
 */
function sweepUnfinished(database: string): void {
  const base = basename(database);
  try {
    for (const name of readdirSync(dirname(database))) {
      if (!name.startsWith(base)) continue;
      const [isOurs, directory] = UNFINISHED.exec(name.slice(base.length)) ?? [];
      const path = join(dirname(database), name);
      if (directory !== undefined) rmdirSync(path);
      else if (isOurs !== undefined) unlinkSync(path);
    }
  } catch {
    // The next process that creates a database here tries again.
  }
}

/** Creates a database under another name and renames it when it is complete, so that no process finds half of one. */
function make(engine: Engine, database: string): void {
  sweepUnfinished(database);
  const file = `${database}${MARK}${randomBytes(12).toString('hex')}`;
  const connection = engine.open(file);
  try {
    connection.get(`PRAGMA application_id = ${String(APPLICATION_ID)}`);
    connection.get('PRAGMA locking_mode = EXCLUSIVE');
    connection.get('PRAGMA journal_mode = WAL');
    connection.run(SCHEMA);
  } finally {
    connection.close();
  }
  renameSync(file, database);
}
