/**
 * One interface to two builds of SQLite: Node's own `node:sqlite`, and the package `node-sqlite3-wasm`.
 *
 * The two builds don't exclude each other: one takes kernel locks on the database, the other creates a directory beside
 * it. So every caller holds the database's guard (`guard.ts`), which admits one holdfast process at a time.
 *
 * Rule SQLITE-1: A killed process leaves the WebAssembly build's directory, `<database>.lock`, which would lock out
 * everyone for ever. While holdfast has the database open, `<database>.open` exists beside it. A holder of the guard
 * that finds this file knows that a holdfast process died there, and removes the directory. Without the file, the
 * directory belongs to another program.
 * Rule SQLITE-2: What a killed process had not finished is undone from a log that both builds can read: WAL, which
 * needs no shared memory in exclusive mode. Not the rollback journal: the WebAssembly build mistakes its own lock for
 * another's when it should check for a journal to roll back, and never rolls it back.
 */
import { existsSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

export type EngineName = 'node:sqlite' | 'node-sqlite3-wasm';
export const ENGINES: readonly EngineName[] = ['node:sqlite', 'node-sqlite3-wasm'];

/** An open database. */
export interface Connection {
  /** Returns how many rows it changed. */
  run(sql: string, ...values: string[]): number;
  get(sql: string, ...values: string[]): Readonly<Record<string, unknown>> | undefined;
  close(): void;
}

export interface Engine {
  open(file: string): Connection;
}

/** The used part of `node:sqlite`, which is newer than the type definitions that this package is built with. */
interface NodeSqlite {
  readonly DatabaseSync: new (file: string) => {
    prepare(sql: string): {
      run(...values: string[]): { changes: number | bigint };
      get(...values: string[]): Readonly<Record<string, unknown>> | undefined;
    };
    close(): void;
  };
}

interface WasmSqlite {
  readonly Database: new (file: string) => {
    run(sql: string, values: string[]): { changes: number };
    get(sql: string, values: string[]): Readonly<Record<string, unknown>> | null;
    close(): void;
  };
}

/** Does the error mean that another program has the database open? */
export function isBusy(error: unknown): boolean {
  const BUSY = 5;
  const { errcode, message } = error as { errcode?: unknown; message?: unknown };
  return errcode === BUSY || message === 'database is locked';
}

/** Returns the named engine or, without a name, the first that is available. Throws if there is none. */
export function loadEngine(name: EngineName | undefined): Engine {
  if (name !== 'node-sqlite3-wasm') {
    const sqlite = builtIn();
    if (sqlite !== undefined) return native(sqlite);
    if (name !== undefined)
      throw new Error('this version of Node.js has no node:sqlite: it was added in 22.13');
  }
  return wasm(createRequire(import.meta.url)('node-sqlite3-wasm') as WasmSqlite);
}

function builtIn(): NodeSqlite | undefined {
  // Not `import`, which fails where the module doesn't exist. The oldest supported Node.js has no `getBuiltinModule`.
  const { getBuiltinModule } = process as { getBuiltinModule?: (id: string) => unknown };
  return getBuiltinModule?.('node:sqlite') as NodeSqlite | undefined;
}

function native({ DatabaseSync }: NodeSqlite): Engine {
  return {
    open(file) {
      const database = new DatabaseSync(file);
      return {
        run: (sql, ...values) => Number(database.prepare(sql).run(...values).changes),
        get: (sql, ...values) => database.prepare(sql).get(...values),
        close: () => {
          database.close();
        },
      };
    },
  };
}

function wasm({ Database }: WasmSqlite): Engine {
  return {
    open(file) {
      markOpen(file);
      try {
        const database = new Database(file);
        return {
          run: (sql, ...values) => database.run(sql, values).changes,
          get: (sql, ...values) => database.get(sql, values) ?? undefined,
          close: () => {
            database.close();
            unmark(file);
          },
        };
      } catch (error) {
        unmark(file);
        throw error;
      }
    },
  };
}

/** Creates the mark of SQLITE-1, and removes the directory of a process that died. */
function markOpen(file: string): void {
  try {
    writeFileSync(`${file}.open`, '', { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    try {
      rmdirSync(`${file}.lock`);
    } catch {
      // There is none, or the name is taken by something else: then SQLite reports that it is busy, and we wait.
    }
    return;
  }
  // There was no mark, so the directory is another program's. It must not look like ours if this process dies now.
  if (existsSync(`${file}.lock`)) unmark(file);
}

function unmark(file: string): void {
  rmSync(`${file}.open`, { force: true });
}
