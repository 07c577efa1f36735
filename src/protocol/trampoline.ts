/**
 * Runs a protocol, and the protocols that it delegates to, as one.
 *
 * `yield*` passes every step and every answer through all the generators around it: nine for some steps of an acquire,
 * which took as long as the system calls on a filesystem in memory. The driver's loop runs a delegated protocol
 * directly, so its steps don't pass through its callers.
 */
import type { Protocol, Step } from '../model/steps.js';

/**
 * Runs a protocol inside another one, as `yield*` does, but faster if it takes more than a step or two.
 *
 * @example
 * const outcome = yield* delegate(attempt(name, claim));
 */
export function* delegate<T>(protocol: Protocol<T>): Protocol<T> {
  return (yield { call: 'delegate', protocol }) as T;
}

/** A running protocol, with the protocols that it delegates to. */
export class Trampoline<T> {
  #current: Protocol<unknown>;
  /** The protocols that wait for it, the outermost first. */
  readonly #callers: Protocol<unknown>[] = [];

  constructor(protocol: Protocol<T>) {
    this.#current = protocol;
  }

  /** As `next` of a generator. */
  next(answer?: unknown): IteratorResult<Step, T> {
    return this.#resume(false, answer);
  }

  /** As `throw` of a generator. */
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
