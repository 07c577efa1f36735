/** The two forms of a lock's calls behind one face, so that a law is written once. */
import type { LockBase } from '../lock/lock-base.js';
import type { Holder } from '../model/holder.js';
import type { AcquireOptions, LockOptions } from '../lock/options.js';

/** Where the class under test is found. */
export interface LockModule {
  /** What `import()` takes: for a file of yours, its URL. */
  readonly module: URL | string;
  /** What the module exports the class as. */
  readonly name: string;
  /** Passed to the constructor with the options of each test. */
  readonly options?: Readonly<Record<string, unknown>>;
}

/** Calls of a lock, in one form. */
export interface Form {
  readonly name: 'async' | 'sync';
  readonly acquire: (lock: LockBase, how?: number | AcquireOptions) => Promise<unknown>;
  readonly release: (lock: LockBase) => Promise<void>;
  readonly isLocked: (lock: LockBase) => Promise<boolean>;
  readonly iAmLocking: (lock: LockBase) => Promise<boolean>;
  readonly holder: (lock: LockBase) => Promise<Holder | null>;
  readonly breakLock: (lock: LockBase) => Promise<void>;
  /** Acquires, does `work`, and gives back by `using`. */
  readonly using: (lock: LockBase, work: () => Promise<void>) => Promise<void>;
}

const asyncForm: Form = {
  name: 'async',
  acquire: (lock, how) => lock.acquire(how),
  release: (lock) => lock.release(),
  isLocked: (lock) => lock.isLocked(),
  iAmLocking: (lock) => lock.iAmLocking(),
  holder: (lock) => lock.holder(),
  breakLock: (lock) => lock.breakLock(),
  using: async (lock, work) => {
    await using _held = await lock.acquire();
    await work();
  },
};

const syncForm: Form = {
  name: 'sync',
  acquire: (lock, how) => promised(() => lock.acquireSync(how)),
  release: (lock) => promised(() => lock.releaseSync()),
  isLocked: (lock) => promised(() => lock.isLockedSync()),
  iAmLocking: (lock) => promised(() => lock.iAmLockingSync()),
  holder: (lock) => promised(() => lock.holderSync()),
  breakLock: (lock) => promised(() => lock.breakLockSync()),
  using: async (lock, work) => {
    using _held = lock.acquireSync();
    await work();
  },
};

export const forms: readonly Form[] = [asyncForm, syncForm];

export function formNamed(name: Form['name']): Form {
  return name === 'sync' ? syncForm : asyncForm;
}

function promised<T>(call: () => T): Promise<T> {
  return new Promise((resolve) => {
    resolve(call());
  });
}

export type LockMaker = (path: string, options?: LockOptions) => LockBase;
type LockClass = new (path: string, options?: LockOptions) => LockBase;

/** Loads the class, and tells how its locks are made. */
export async function load({ module, name, options }: LockModule): Promise<LockMaker> {
  const exports = (await import(String(module))) as Readonly<Record<string, unknown>>;
  const found = exports[name];
  if (typeof found !== 'function') throw new TypeError(`${String(module)} exports no class ${name}`);
  const Lock = found as LockClass;
  return (path, more) => new Lock(path, { ...options, ...more });
}
