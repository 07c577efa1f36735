/**
 * The two drivers: they run a protocol by performing its steps, and know what a protocol doesn't: time.
 *
 * Rule: a wait ends by a throw into the protocol's `pause`, so that the protocol cleans up in its own words. Nothing
 * else is ever thrown at it that didn't come from a call it made.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { thisMachine, type Machine } from './machine.js';
import { perform, performSync, type Call } from './perform.js';
import type { Blocker, Protocol, Step } from './step.js';

/** How long, and for what, a run waits. */
export interface Patience {
  /** When it ends, by `performance.now()`; `Infinity` is never. */
  readonly until: number;
  readonly signal?: AbortSignal | undefined;
  /** Called at each pause; what it throws ends the run. */
  readonly onPause?: (blocker: Blocker) => void;
  /** Called after each pause. */
  readonly onResume?: () => void;
  /** The error that the run ends with when its time is up. */
  readonly expired: (blocker: Blocker) => Error;
}

/** `sync`: calls are made in place, and only waits are awaited. `async`: every call goes to the thread pool. */
export type Io = 'sync' | 'async';

const FIRST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 32;

/** The pauses of one run: growing, jittered so that waiters spread out, cut to fit the time that is left. */
class Pauses {
  readonly #patience: Patience;
  #next = FIRST_PAUSE_MS;

  constructor(patience: Patience) {
    this.#patience = patience;
  }

  /** How many milliseconds to pause now; throws when there is no time left. */
  next(blocker: Blocker): number {
    const left = this.#patience.until - performance.now();
    if (left <= 0) throw this.#patience.expired(blocker);
    this.#patience.onPause?.(blocker);
    const pause = this.#next * (0.5 + Math.random() / 2);
    this.#next = Math.min(this.#next * 2, LONGEST_PAUSE_MS);
    return Math.min(pause, left);
  }
}

const settleMs = (tries: number): number => 2 ** (tries - 1);

const nobody = new Int32Array(new SharedArrayBuffer(4));

/** Stops this thread; nothing ever wakes it early. */
function sleepSync(ms: number): void {
  Atomics.wait(nobody, 0, 0, ms);
}

export function runSync<T>(protocol: Protocol<T>, patience: Patience, machine: Machine = thisMachine): T {
  const pauses = new Pauses(patience);
  return advance(protocol, (step) => {
    if (step.call === 'settle') sleepSync(settleMs(step.tries));
    else if (step.call !== 'pause') return performSync(step, machine);
    else {
      sleepSync(pauses.next(step.blocker));
      patience.onResume?.();
    }
    return undefined;
  });
}

/** Runs a protocol to its end with answers that are there at once. */
function advance<T>(protocol: Protocol<T>, answer: (step: Step) => unknown): T {
  let state = protocol.next();
  while (state.done !== true) {
    let value: unknown;
    try {
      value = answer(state.value);
    } catch (error) {
      state = protocol.throw(error);
      continue;
    }
    state = protocol.next(value);
  }
  return state.value;
}

export async function runAsync<T>(
  protocol: Protocol<T>,
  patience: Patience,
  io: Io,
  machine: Machine = thisMachine,
): Promise<T> {
  const pauses = new Pauses(patience);
  const call = (step: Call): unknown => (io === 'sync' ? performSync(step, machine) : perform(step, machine));
  let state = protocol.next();
  while (state.done !== true) {
    const step = state.value;
    let value: unknown;
    try {
      if (step.call === 'settle') await sleep(settleMs(step.tries));
      else if (step.call === 'pause') await pauseFor(pauses.next(step.blocker), patience);
      else {
        const answer = call(step);
        // Awaiting an answer that is there already would let others run in the middle of an attempt.
        value = io === 'sync' ? answer : await answer;
      }
    } catch (error) {
      state = protocol.throw(error);
      continue;
    }
    state = protocol.next(value);
  }
  return state.value;
}

async function pauseFor(ms: number, { signal, onResume }: Patience): Promise<void> {
  try {
    await sleep(ms, undefined, signal === undefined ? {} : { signal });
  } catch {
    // Only an abort ends it early; the reason that its author gave is thrown below.
  }
  signal?.throwIfAborted();
  onResume?.();
}
