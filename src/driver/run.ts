/**
 * The two drivers: they run a protocol by performing its steps, and know what a protocol doesn't: time.
 *
 * Rule: a wait ends by a throw into the protocol's `pause`, so that the protocol cleans up in its own words. Nothing
 * else is ever thrown at it that didn't come from a call it made.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { thisMachine, type Machine } from '../system/machine.js';
import { Trampoline } from '../protocol/trampoline.js';
import { execute, executeSync, type Call } from './syscalls.js';
import type { Protocol, Step } from '../model/steps.js';
import { YIELD_MS, Pauses, Wait, type WaitPolicy } from './wait.js';

export { noWait, type WaitPolicy } from './wait.js';

/** `sync`: calls are made in place, and only waits are awaited. `async`: every call goes to the thread pool. */
export type Io = 'sync' | 'async';

const backoffMs = (tries: number): number => 2 ** (tries - 1);

const never = new Int32Array(new SharedArrayBuffer(4));

/** Stops this thread; nothing ever wakes it early. */
function sleepSync(ms: number): void {
  Atomics.wait(never, 0, 0, ms);
}

export function runSync<T>(protocol: Protocol<T>, patience: WaitPolicy, machine: Machine = thisMachine): T {
  const pauses = new Pauses(patience);
  return advance(protocol, (step) => {
    if (step.call === 'backoff') sleepSync(backoffMs(step.tries));
    else if (step.call !== 'pause') return executeSync(step, machine);
    else if (pauses.hasTimeFor(step)) {
      sleepSync(step.position?.isYielding === true ? YIELD_MS : pauses.next());
      patience.onResume?.();
    }
    return undefined;
  });
}

/** Runs a protocol to its end with answers that are there at once. */
export function advance<T>(protocol: Protocol<T>, answer: (step: Step) => unknown): T {
  const run = new Trampoline(protocol);
  let state = run.next();
  while (state.done !== true) {
    let value: unknown;
    try {
      value = answer(state.value);
    } catch (error) {
      state = run.throw(error);
      continue;
    }
    state = run.next(value);
  }
  return state.value;
}

export async function runAsync<T>(
  protocol: Protocol<T>,
  patience: WaitPolicy,
  io: Io,
  machine: Machine = thisMachine,
): Promise<T> {
  let wait: Wait | undefined;
  // A beacon is asked in no time, but never at once: the synchronous form needs a thread for it.
  const isAtOnce = (step: Call) => io === 'sync' && step.call !== 'probe';
  const run = new Trampoline(protocol);
  try {
    let state = run.next();
    while (state.done !== true) {
      const step = state.value;
      let value: unknown;
      try {
        if (step.call === 'backoff') await sleep(backoffMs(step.tries));
        else if (step.call === 'pause') value = await (wait ??= new Wait(patience)).pause(step);
        else {
          // Awaiting an answer that is there already would let others run in the middle of an attempt.
          value = isAtOnce(step) ? executeSync(step, machine) : await execute(step, machine);
        }
      } catch (error) {
        state = run.throw(error);
        continue;
      }
      state = run.next(value);
    }
    return state.value;
  } finally {
    wait?.end();
  }
}
