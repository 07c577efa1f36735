/** Wraps a function or a method, so that each of its calls runs under a lock. */
import { LockFile } from './lock-file.js';
import { callWithLock, callWithLockSync } from './with-lock.js';
import { BLOCK_OPTION_NAMES, refuseSignal, splitOptions, type BlockOptions } from './block-options.js';
import { checkNames } from './option-names.js';
import { checkOptions, type LockOptions } from './options.js';

/** A function with its `this` and its arguments. */
type Callable<This, Args extends readonly unknown[], Result> = (this: This, ...args: Args) => Result;

/** Makes a function or, as a decorator, a method run under the lock of one path. */
interface Locked {
  <This, Args extends readonly unknown[], Result>(
    work: Callable<This, Args, Result>,
    context?: ClassMethodDecoratorContext,
  ): Callable<This, Args, Promise<Awaited<Result>>>;
}

/** The same, where the path is computed from `this` and the first arguments of the call. */
interface LockedBy<This, Args extends readonly unknown[]> {
  <All extends readonly [...Args, ...unknown[]], Result>(
    work: Callable<This, All, Result>,
    context?: ClassMethodDecoratorContext,
  ): Callable<This, All, Promise<Awaited<Result>>>;
}

interface LockedSync {
  <This, Args extends readonly unknown[], Result>(
    work: Callable<This, Args, Result>,
    context?: ClassMethodDecoratorContext,
  ): Callable<This, Args, Result>;
}

interface LockedSyncBy<This, Args extends readonly unknown[]> {
  <All extends readonly [...Args, ...unknown[]], Result>(
    work: Callable<This, All, Result>,
    context?: ClassMethodDecoratorContext,
  ): Callable<This, All, Result>;
}

/**
 * The options of `locked`: those of `withLock`, except `within`, since they are the same for every call.
 *
 * @example
 * const save = locked('config.json', { timeout: 5_000, signal })(work);
 */
export type LockedOptions = Omit<BlockOptions, 'within'>;

const OPTION_NAMES = BLOCK_OPTION_NAMES.filter((name) => name !== 'within');

function checkLockedOptions(options: LockedOptions = {}): LockOptions {
  checkNames(options, OPTION_NAMES);
  return splitOptions(options).lockOptions;
}

/**
 * Wraps a function so that each call acquires the lock first. The wrapped function is asynchronous.
 *
 * @param path The path to lock, made absolute here, or a function that computes it from the arguments (and `this`) of
 *   each call.
 * @returns A wrapper for a function, and a standard decorator for a method. `this`, arguments and name are kept.
 * @throws Each call throws what `acquire` throws. `locked` itself throws for a bad `path` or option.
 * @example
 * const save = locked('config.json', { timeout: 5_000 })(async (config: object) => { … });
 * class Store { @locked('config.json') async save() { … } }
 * const visit = locked((user: string) => `data/${user}.json`)(async (user) => { … });
 */
export function locked(path: string | URL, options?: LockedOptions): Locked;
export function locked<Args extends readonly unknown[], This = unknown>(
  path: Callable<This, Args, string | URL>,
  options?: LockedOptions,
): LockedBy<This, Args>;
export function locked(
  path: string | URL | Callable<unknown, never, string | URL>,
  options?: LockedOptions,
): unknown {
  const pathOf = checkedPath(path, checkLockedOptions(options));
  return <Args extends readonly unknown[]>(work: Callable<unknown, Args, unknown>, context?: unknown) =>
    wrap(work, context, async function called(this: unknown, ...args: Args) {
      const lockedPath = Reflect.apply(pathOf, this, args) as string | URL;
      return await callWithLock(lockedPath, () => Reflect.apply(work, this, args), options, called);
    });
}

/**
 * The synchronous form of `locked`, for callers that can't await. The lock is released when the function returns, so
 * the function must not return a promise.
 *
 * @throws Each call throws what `acquireSync` throws, and {TypeError} if the function returns a promise.
 * @example
 * const load = lockedSync('config.json')(() => JSON.parse(readFileSync('config.json', 'utf8')));
 */
export function lockedSync(path: string | URL, options?: Omit<LockedOptions, 'signal'>): LockedSync;
export function lockedSync<Args extends readonly unknown[], This = unknown>(
  path: Callable<This, Args, string | URL>,
  options?: Omit<LockedOptions, 'signal'>,
): LockedSyncBy<This, Args>;
export function lockedSync(
  path: string | URL | Callable<unknown, never, string | URL>,
  options?: Omit<LockedOptions, 'signal'>,
): unknown {
  if (options !== undefined) refuseSignal(options);
  const pathOf = checkedPath(path, checkLockedOptions(options));
  return <Args extends readonly unknown[]>(work: Callable<unknown, Args, unknown>, context?: unknown) =>
    wrap(work, context, function called(this: unknown, ...args: Args) {
      const lockedPath = Reflect.apply(pathOf, this, args) as string | URL;
      return callWithLockSync(lockedPath, () => Reflect.apply(work, this, args), options, called);
    });
}

/**
 * Checks a path that is known in advance, and makes it absolute here, as `new LockFile` does. If each call did this,
 * the same function would take another lock after a `chdir`, and exclude no other process.
 */
function checkedPath(
  path: string | URL | Callable<unknown, never, string | URL>,
  options: LockOptions | undefined,
): Callable<unknown, never, string | URL> {
  if (typeof path === 'function') {
    checkOptions(options);
    return path;
  }
  const { path: absolute } = new LockFile(path, options);
  return () => absolute;
}

function wrap<Wrapper extends object>(
  work: { name: string; length: number },
  context: unknown,
  wrapper: Wrapper,
): Wrapper {
  if (typeof work !== 'function' || !isMethod(context)) {
    throw new TypeError('locked() needs a function, or a method that it decorates as a standard decorator');
  }
  return Object.defineProperties(wrapper, {
    name: { value: work.name, configurable: true },
    length: { value: work.length, configurable: true },
  });
}

/** TypeScript's experimental decorators, for example, pass a name instead of a context. */
function isMethod(context: unknown): boolean {
  if (context === undefined) return true;
  return typeof context === 'object' && context !== null && 'kind' in context && context.kind === 'method';
}
