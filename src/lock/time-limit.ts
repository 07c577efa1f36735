/** Ends the waits of a protocol when there is no time left: it is an error there, and what follows is done without. */
import { Trampoline } from '../protocol/trampoline.js';
import type { Protocol } from '../model/steps.js';

export function* whileTimeLasts<T>(protocol: Protocol<T>, hasTime: () => boolean): Protocol<T> {
  const run = new Trampoline(protocol);
  let state = run.next();
  while (state.done !== true) {
    const step = state.value;
    const isWait = step.call === 'pause' || step.call === 'backoff';
    let answer: unknown;
    try {
      if (isWait && !hasTime()) throw new Error('there is no time left to wait');
      answer = yield step;
    } catch (error) {
      state = run.throw(error);
      continue;
    }
    state = run.next(answer);
  }
  return state.value;
}
