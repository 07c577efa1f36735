/**
 * Remembers which locks the code that runs now holds by `withLock` and the like, so that a task which would wait for
 * itself gets an error instead of waiting for ever.
 *
 * Rule BLOCK-1: A block is known to the code inside it, across `await`, and to nobody else. What only shares the thread
 * may release its lock at any time, so to wait for that is no deadlock.
 * Rule BLOCK-2: An asynchronous call inside a synchronous block is no deadlock: it goes on when the block has ended.
 *
 * Not promised: to notice a task that holds the lock by a plain `acquire()`. Any other task may release that.
 */
import type { AsyncLocalStorage } from 'node:async_hooks';
import type { Hold } from './hold.js';
import { threadGlobal } from '../system/thread-global.js';

/** A block that runs under a lock. */
export interface Block {
  readonly hold: Hold;
  /** Made where the block began. Its stack is formatted only when it is read. */
  readonly began: { readonly stack?: string };
  readonly outer: Block | undefined;
}

interface Blocks {
  storage: AsyncLocalStorage<Block> | undefined;
  /** The innermost synchronous block that runs now. */
  synchronous: Block | undefined;
}

const blocks: Blocks = threadGlobal('blocks.1', () => ({ storage: undefined, synchronous: undefined }));

/** Not imported: it would slow every program's start, for those that use blocks. */
function storage(): AsyncLocalStorage<Block> | undefined {
  if (blocks.storage !== undefined) return blocks.storage;
  const { getBuiltinModule } = process as { getBuiltinModule?: (id: string) => unknown };
  const hooks = getBuiltinModule?.('node:async_hooks') as typeof import('node:async_hooks') | undefined;
  return (blocks.storage = hooks && new hooks.AsyncLocalStorage<Block>());
}

/** How many places are recorded in a second. Each costs some microseconds, a tenth of an uncontended block. */
const MAX_PLACES = 100;
const SECOND_MS = 1_000;

let places = 0;
let countedSince = -SECOND_MS;

/**
 * Where a call began, as `began` of a block; without a stack in a program that begins very many of them. `call` is the
 * function that the caller called.
 */
export function beginning(call: (...args: never) => unknown): { readonly stack?: string } {
  const began = {};
  if (places === MAX_PLACES) {
    const now = performance.now();
    if (now - countedSince < SECOND_MS) return began;
    countedSince = now;
    places = 0;
  }
  places++;
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 1; // The caller's line is enough, and takes a third of the time.
  Error.captureStackTrace(began, call);
  Error.stackTraceLimit = stackTraceLimit;
  return began;
}

/** Runs `work` as a block. */
export function runBlock<T>(hold: Hold, began: Block['began'], work: () => T): T {
  const known = storage();
  return known === undefined ? work() : known.run({ hold, began, outer: known.getStore() }, work);
}

/** Runs `work` as a synchronous block. */
export function runBlockSync<T>(hold: Hold, began: Block['began'], work: () => T): T {
  const outer = blocks.synchronous;
  blocks.synchronous = { hold, began, outer };
  try {
    return work();
  } finally {
    blocks.synchronous = outer;
  }
}

/** The block that holds this lock and in which this asynchronous call is made, if there is one (BLOCK-2). */
export function blockAround(lockPath: string): Block | undefined {
  return innermost(blocks.storage?.getStore(), lockPath);
}

/** The same for a synchronous call. */
export function blockAroundSync(lockPath: string): Block | undefined {
  return innermost(blocks.synchronous, lockPath) ?? blockAround(lockPath);
}

function innermost(from: Block | undefined, lockPath: string): Block | undefined {
  for (let block = from; block !== undefined; block = block.outer)
    if (block.hold.lockPath === lockPath && !block.hold.hasEnded) return block;
  return undefined;
}
