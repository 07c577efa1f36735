/**
 * The two drivers: they run a protocol by executing its steps. Unlike a protocol, they know the time.
 *
 * Rule: a wait that ends early throws into the protocol's `pause`, so that the protocol cleans up with its own steps.
 * Every other error that is thrown into a protocol comes from a call that it made.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { thisMachine, type Machine } from '../system/machine.js';
import { Trampoline } from '../protocol/trampoline.js';
import { execute, executeSync, type Call } from './syscalls.js';
import type { Protocol, Step } from '../model/steps.js';
import { YIELD_MS, Pauses, Wait, type WaitPolicy } from './wait.js';

export { noWait, type WaitPolicy } from './wait.js';

/** `sync`: calls block, and only waits are awaited. `async`: every call goes to the thread pool. */
export type Io = 'sync' | 'async';

const backoffMs = (tries: number): number => 2 ** (tries - 1);

const never = new Int32Array(new SharedArrayBuffer(4));

/** Blocks this thread. Nothing wakes it early. */
function sleepSync(ms: number): void {
  Atomics.wait(never, 0, 0, ms);
}

export function runSync<T>(protocol: Protocol<T>, policy: WaitPolicy, machine: Machine = thisMachine): T {
  const pauses = new Pauses(policy);
  return advance(protocol, (step) => {
    if (step.call === 'backoff') sleepSync(backoffMs(step.tries));
    else if (step.call !== 'pause') return executeSync(step, machine);
    else if (pauses.hasTimeFor(step)) {
      sleepSync(step.position?.isYielding === true ? YIELD_MS : pauses.next());
      policy.onResume?.();
    }
    return undefined;
  });
}

/** Runs a protocol to its end with answers that are available immediately. */
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
  policy: WaitPolicy,
  io: Io,
  machine: Machine = thisMachine,
): Promise<T> {
  let wait: Wait | undefined;
  // Probing a beacon is fast, but its synchronous form needs a thread.
  const isImmediate = (step: Call) => io === 'sync' && step.call !== 'probe';
  const run = new Trampoline(protocol);
  try {
    let state = run.next();
    while (state.done !== true) {
      const step = state.value;
      let value: unknown;
      try {
        if (step.call === 'backoff') await sleep(backoffMs(step.tries));
        else if (step.call === 'pause') value = await (wait ??= new Wait(policy)).pause(step);
        else {
          // Awaiting an answer that is already there would let other tasks run in the middle of an attempt.
          value = isImmediate(step) ? executeSync(step, machine) : await execute(step, machine);
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
