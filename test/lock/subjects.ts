/**
 * The locks under test: every kind, in every form, each behind one asynchronous interface, so that one suite runs over
 * all of them.
 */
import { Worker } from 'node:worker_threads';
import {
  LinkLockFile,
  LockFile,
  MkdirLockFile,
  SymlinkLockFile,
  type Hold,
  type Holder,
  type LockBase,
  type LockOptions,
} from '../../src/index.js';
import type { HolderRecord } from '../../src/model/record.js';

export const kinds = { LockFile, LinkLockFile, MkdirLockFile, SymlinkLockFile } as const;
export type KindName = keyof typeof kinds;
export const kindNames = Object.keys(kinds) as KindName[];

/** The `holder().kind` of each. */
export const onDisk: Readonly<Record<KindName, Holder['kind']>> = {
  LockFile: 'link',
  LinkLockFile: 'link',
  MkdirLockFile: 'mkdir',
  SymlinkLockFile: 'symlink',
};

export interface Subject {
  acquire(timeout?: number | { timeout?: number }): Promise<void>;
  release(): Promise<void>;
  isLocked(): Promise<boolean>;
  iAmLocking(): Promise<boolean>;
  holder(): Promise<Holder | null>;
  breakLock(): Promise<void>;
  dispose(): Promise<void>;
  clean(): Promise<boolean>;
  previousHolder(): Promise<HolderRecord | undefined>;
}

export interface Form {
  open(kind: KindName, path: string, options?: LockOptions): Subject;
  /** The thread that holds the lock, as in the record. */
  thread(): number;
  close?(): Promise<void>;
}

/** The last hold of each lock: a subject disposes of that. */
const holds = new WeakMap<LockBase, Hold>();

/** The calls of a subject, by name, on a real lock; the worker uses it as well. */
export async function call(lock: LockBase, form: 'async' | 'sync', name: keyof Subject, argument?: unknown) {
  switch (name) {
    case 'acquire':
      // The lock itself can't be sent to another thread.
      holds.set(
        lock,
        form === 'sync' ? lock.acquireSync(argument as number) : await lock.acquire(argument as number),
      );
      return undefined;
    case 'release':
    case 'isLocked':
    case 'iAmLocking':
    case 'holder':
    case 'breakLock':
      return form === 'sync' ? lock[`${name}Sync`]() : await lock[name]();
    case 'dispose':
      if (form === 'sync') holds.get(lock)?.[Symbol.dispose]();
      else await holds.get(lock)?.[Symbol.asyncDispose]();
      return undefined;
    case 'clean':
    case 'previousHolder':
      return lock[name];
  }
}

type Caller = (name: keyof Subject, argument?: unknown) => Promise<unknown>;

function subject(caller: Caller): Subject {
  return {
    acquire: (how) => caller('acquire', how) as Promise<void>,
    release: () => caller('release') as Promise<void>,
    isLocked: async () => (await caller('isLocked')) as boolean,
    iAmLocking: async () => (await caller('iAmLocking')) as boolean,
    holder: async () => (await caller('holder')) as Holder | null,
    breakLock: () => caller('breakLock') as Promise<void>,
    dispose: () => caller('dispose') as Promise<void>,
    clean: async () => (await caller('clean')) as boolean,
    previousHolder: async () => (await caller('previousHolder')) as HolderRecord | undefined,
  };
}

function here(form: 'async' | 'sync', extra: LockOptions = {}): Form {
  return {
    thread: () => 0,
    open: (kind, path, options) => {
      const lock = new kinds[kind](path, { ...extra, ...options });
      return subject((name, argument) => call(lock, form, name, argument));
    },
  };
}

/** A request to the worker, and its answer. */
export interface Question {
  readonly id: number;
  readonly lock: number;
  readonly form: 'async' | 'sync';
  readonly kind: KindName;
  readonly path: string;
  readonly options: LockOptions | undefined;
  readonly name: keyof Subject;
  readonly argument: unknown;
}
export type Answer = { readonly id: number } & (
  { readonly value: unknown } | { readonly error: Readonly<Record<string, unknown>> }
);

function inWorker(form: 'async' | 'sync'): Form {
  const worker = new Worker(new URL('./worker.js', import.meta.url));
  const thread = worker.threadId;
  const waiting = new Map<number, (answer: Answer) => void>();
  worker.on('message', (answer: Answer) => waiting.get(answer.id)?.(answer));
  worker.unref(); // It outlives each test, which is no leak.
  let ids = 0;
  return {
    thread: () => thread,
    open: (kind, path, options) => {
      const lock = ids++;
      return subject(async (name, argument) => {
        const id = ids++;
        const question: Question = { id, lock, form, kind, path, options, name, argument };
        const answer = await new Promise<Answer>((resolve) => {
          waiting.set(id, resolve);
          worker.postMessage(question);
        });
        if ('error' in answer) throw Object.assign(new Error(), answer.error);
        return answer.value;
      });
    },
    close: async () => {
      await worker.terminate();
    },
  };
}

export const forms = {
  async: () => here('async'),
  "async, io: 'async'": () => here('async', { io: 'async' }),
  sync: () => here('sync'),
  'async in a worker': () => inWorker('async'),
  'sync in a worker': () => inWorker('sync'),
} as const satisfies Record<string, () => Form>;

/** What a call throws. */
export async function failure(work: () => unknown): Promise<Error & { code?: unknown; holder?: Holder }> {
  try {
    await work();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}
