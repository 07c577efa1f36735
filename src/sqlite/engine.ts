/**
 * Two builds of SQLite behind one face: Node's own `node:sqlite`, or the package `node-sqlite3-wasm`.
 *
 * The two don't exclude each other: the one takes kernel locks on the database, the other makes a directory beside it.
 * So whoever comes here holds the database's guard (`guard.ts`), and is alone in it among us.
 *
 * Rule SQLITE-1: the WebAssembly build's directory, `<database>.lock`, is left by a process that is killed, and would lock
 * everybody out for ever. While we have the database open, `<database>.open` stands beside it; whoever holds the guard
 * and finds that knows that one of us died there, and that the directory is its. Without that mark it is a stranger's.
 * Rule SQLITE-2: what a killed process had not finished is undone from a log that both builds can read back: WAL, which in
 * exclusive mode needs no shared memory. Not the rollback journal: the WebAssembly build takes its own lock for
 * another's at the moment at which it should look for a journal to roll back, and never does.
 */
import { existsSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

export type EngineName = 'node:sqlite' | 'node-sqlite3-wasm';
export const ENGINES: readonly EngineName[] = ['node:sqlite', 'node-sqlite3-wasm'];

/** An open database. */
export interface Connection {
  /** How many rows it changed. */
  run(sql: string, ...values: string[]): number;
  get(sql: string, ...values: string[]): Readonly<Record<string, unknown>> | undefined;
  close(): void;
}

export interface Engine {
  open(file: string): Connection;
}

/** As much as is used here of `node:sqlite`, which is newer than the types that this package is built with. */
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

/** Somebody else has the database open. */
export function isBusy(error: unknown): boolean {
  const BUSY = 5;
  const { errcode, message } = error as { errcode?: unknown; message?: unknown };
  return errcode === BUSY || message === 'database is locked';
}

/** The engine of that name, or the first that is there; throws if there is none. */
export function loadEngine(name: EngineName | undefined): Engine {
  if (name !== 'node-sqlite3-wasm') {
    const sqlite = builtIn();
    if (sqlite !== undefined) return native(sqlite);
    if (name !== undefined) throw new Error('this Node has no node:sqlite, which came with 22.13');
  }
  return wasm(createRequire(import.meta.url)('node-sqlite3-wasm') as WasmSqlite);
}

function builtIn(): NodeSqlite | undefined {
  // Not `import`: it would be resolved where there is none. `getBuiltinModule` is younger than the oldest Node here.
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

/** SQLITE-1. */
function markOpen(file: string): void {
  try {
    writeFileSync(`${file}.open`, '', { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    try {
      rmdirSync(`${file}.lock`);
    } catch {
      // It has none, or what has that name is no such directory: then we are refused, and wait.
    }
    return;
  }
  // A stranger's, then, and it must not look like ours if we die before we are refused.
  if (existsSync(`${file}.lock`)) unmark(file);
}

function unmark(file: string): void {
  rmSync(`${file}.open`, { force: true });
}
