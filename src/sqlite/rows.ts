/**
 * The table of locks: one row for each lock that is held.
 *
 * Rule ROW-1: inserting a row decides who holds a lock: its path is the primary key.
 * Rule ROW-2: a row is removed by its token, which no other claim ever has.
 * Rule ROW-3: what is not a database of ours, by its first bytes, is not opened, let alone written to.
 *
 * Each call opens the database, does one thing in one transaction, and closes it, so that what a process holds is in
 * the database alone.
 */
import { closeSync, openSync, readSync, renameSync, rmSync } from 'node:fs';
import { isBusy, type Connection, type Engine } from './engine.js';

/** Tells our databases from all others, at a place that SQLite keeps for that: `hdft`. */
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

  /** The record of who holds the lock; `undefined` if nobody does. */
  read(): string | undefined {
    const row = this.#connection.get('SELECT record FROM locks WHERE path = ?', this.#path);
    return row === undefined ? undefined : String(row['record']);
  }

  /** False if there is a row already (ROW-1). */
  insert(token: string, record: string): boolean {
    const sql = 'INSERT INTO locks (path, token, record) VALUES (?, ?, ?) ON CONFLICT (path) DO NOTHING';
    return this.#connection.run(sql, this.#path, token, record) === 1;
  }

  /** False if the row was another's, or gone (ROW-2). */
  remove(token: string): boolean {
    return this.#connection.run('DELETE FROM locks WHERE path = ? AND token = ?', this.#path, token) === 1;
  }

  /** Removes a row that is not ours to read, by its very text. */
  removeText(record: string): boolean {
    return this.#connection.run('DELETE FROM locks WHERE path = ? AND record = ?', this.#path, record) === 1;
  }
}

/** `busy`: another program has the database. `missing`: there is none. */
export type Outcome<T> = { is: 'done'; value: T } | { is: 'busy' } | { is: 'missing' };

/**
 * Does `work` on the row of `path`, in one transaction.
 *
 * @param create Whether to make the database if there is none.
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
    throw new Error(`${database} is not a database of locks; it is left as it is`);
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
    connection.get('PRAGMA locking_mode = EXCLUSIVE'); // SQLITE-2: before the first look at the log.
    // The log is written through when it is folded in. A power cut before that loses rows, whose holders it ended.
    connection.get('PRAGMA synchronous = NORMAL');
    connection.run('BEGIN IMMEDIATE');
    const value = work(new Row(connection, path));
    connection.run('COMMIT');
    return value;
  } finally {
    connection.close(); // What was begun and not committed is undone.
  }
}

/** The first bytes of a file; `undefined` if there is none. */
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

/** ROW-3. */
function isOurs(header: Buffer): boolean {
  return (
    header.length === HEADER_BYTES &&
    header.toString('latin1', 0, MAGIC.length) === MAGIC &&
    header.readUInt32BE(APPLICATION_ID_OFFSET) === APPLICATION_ID
  );
}

/** Makes a database under another name, and moves it into place finished: whoever dies meanwhile leaves none of it. */
function make(engine: Engine, database: string): void {
  const file = `${database}.new`;
  // Of whoever died making one.
  for (const end of ['', '-journal', '-wal', '-shm', '.lock', '.open'])
    rmSync(`${file}${end}`, { recursive: true, force: true });
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
