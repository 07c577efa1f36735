/** One interface to the two forms of a lock's calls, so that each law is written once. */
import type { Hold } from '../lock/hold.js';
import type { LockBase } from '../lock/lock-base.js';
import type { Holder } from '../model/holder.js';
import type { AcquireOptions, LockOptions } from '../lock/options.js';

/** Where to find the class under test. */
export interface LockModule {
  /** The argument of `import()`: for a file, its URL. */
  readonly module: URL | string;
  /** The name under which the module exports the class. */
  readonly name: string;
  /** Passed to the constructor with the options of each test. */
  readonly options?: Readonly<Record<string, unknown>>;
}

/** The calls of a lock, in one form. */
export interface Form {
  readonly name: 'async' | 'sync';
  readonly acquire: (lock: LockBase, how?: number | AcquireOptions) => Promise<Hold>;
  readonly tryAcquire: (lock: LockBase) => Promise<Hold | null>;
  readonly release: (lock: LockBase) => Promise<void>;
  readonly isLocked: (lock: LockBase) => Promise<boolean>;
  readonly iAmLocking: (lock: LockBase) => Promise<boolean>;
  readonly holder: (lock: LockBase) => Promise<Holder | null>;
  readonly breakLock: (lock: LockBase) => Promise<void>;
  readonly releaseHold: (hold: Hold) => Promise<void>;
  readonly disposeOf: (hold: Hold) => Promise<void>;
  readonly update: (hold: Hold, data: unknown) => Promise<void>;
  readonly isHeld: (hold: Hold) => Promise<boolean>;
  /** Acquires, does `work`, and releases by `using`. */
  readonly using: (lock: LockBase, work: () => Promise<void>) => Promise<void>;
}

const asyncForm: Form = {
  name: 'async',
  acquire: (lock, how) => lock.acquire(how),
  tryAcquire: (lock) => lock.tryAcquire(),
  release: (lock) => lock.release(),
  releaseHold: (hold) => hold.release(),
  disposeOf: (hold) => hold[Symbol.asyncDispose](),
  update: (hold, data) => hold.update(data),
  isHeld: (hold) => hold.isHeld(),
  isLocked: (lock) => lock.isLocked(),
  iAmLocking: (lock) => lock.iAmLocking(),
  holder: (lock) => lock.holder(),
  breakLock: (lock) => lock.breakLock(),
  using: async (lock, work) => {
    await using _hold = await lock.acquire();
    await work();
  },
};

const syncForm: Form = {
  name: 'sync',
  acquire: (lock, how) => promised(() => lock.acquireSync(how)),
  tryAcquire: (lock) => promised(() => lock.tryAcquireSync()),
  release: (lock) => promised(() => lock.releaseSync()),
  releaseHold: (hold) => promised(() => hold.releaseSync()),
  disposeOf: (hold) => promised(() => hold[Symbol.dispose]()),
  update: (hold, data) => promised(() => hold.updateSync(data)),
  isHeld: (hold) => promised(() => hold.isHeldSync()),
  isLocked: (lock) => promised(() => lock.isLockedSync()),
  iAmLocking: (lock) => promised(() => lock.iAmLockingSync()),
  holder: (lock) => promised(() => lock.holderSync()),
  breakLock: (lock) => promised(() => lock.breakLockSync()),
  using: async (lock, work) => {
    using _hold = lock.acquireSync();
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

/** Loads the class. Returns a function that creates its locks. */
export async function load({ module, name, options }: LockModule): Promise<LockMaker> {
  const exports = (await import(String(module))) as Readonly<Record<string, unknown>>;
  const Lock = exports[name];
  if (typeof Lock !== 'function') throw new TypeError(`${String(module)} exports no class ${name}`);
  return (path, more) => new (Lock as LockClass)(path, { ...options, ...more });
}
