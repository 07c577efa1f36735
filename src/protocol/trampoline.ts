/**
 * Runs a protocol, and those that run inside it, as one.
 *
 * `yield*` has every step climb through all the generators around it, and its answer back: nine of them for some
 * steps of an acquire, which in memory took as long again as the system calls. What is run `apart` is run by the
 * driver's loop in its caller's stead, so that its steps climb no further than to it.
 */
import type { Protocol, Step } from '../model/steps.js';

/**
 * Runs a protocol inside another, as `yield*` alone does, and sooner. Worth while for more than a step or two.
 *
 * @example
 * const outcome = yield* apart(attempt(name, claim));
 */
export function* delegate<T>(protocol: Protocol<T>): Protocol<T> {
  return (yield { call: 'delegate', protocol }) as T;
}

/** A protocol that is being run: what it yields, and what is run apart from it. */
export class Trampoline<T> {
  #current: Protocol<unknown>;
  /** Who waits for it, the outermost first. */
  readonly #callers: Protocol<unknown>[] = [];

  constructor(protocol: Protocol<T>) {
    this.#current = protocol;
  }

  /** As a generator's. */
  next(answer?: unknown): IteratorResult<Step, T> {
    return this.#resume(false, answer);
  }

  /** As a generator's. */
  throw(error: unknown): IteratorResult<Step, T> {
    return this.#resume(true, error);
  }

  #resume(isThrow: boolean, value: unknown): IteratorResult<Step, T> {
    for (;;) {
      let caller: Protocol<unknown> | undefined;
      try {
        const state = isThrow ? this.#current.throw(value) : this.#current.next(value);
        isThrow = false;
        if (state.done === true) {
          if ((caller = this.#callers.pop()) === undefined) return state as IteratorReturnResult<T>;
          value = state.value;
        } else if (state.value.call === 'delegate') {
          this.#callers.push(this.#current);
          caller = state.value.protocol;
          value = undefined;
        } else return state as IteratorYieldResult<Step>;
      } catch (error) {
        if ((caller = this.#callers.pop()) === undefined) throw error;
        isThrow = true;
        value = error;
      }
      this.#current = caller;
    }
  }
}
