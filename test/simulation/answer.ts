/** The calls that actors make, each of them atomic, and the answers. */
import type { Step } from '../../src/model/steps.js';
import type { DiskCall } from './calls.js';

/** One instant of an actor. `hold`: it holds the lock, and does its own work. `die`: its process ends. */
export type ActorCall =
  | DiskCall
  | Extract<Step, { call: 'judge' | 'judgePid' | 'judgeLost' | 'pause' | 'backoff' }>
  | { call: 'hold' | 'die' };

export type Answer = { readonly value: unknown } | { readonly refusal: string };

export const keyOf = (answer: Answer): string => {
  if ('refusal' in answer) return `!${answer.refusal}`;
  return answer.value === undefined ? 'undefined' : JSON.stringify(answer.value);
};

/** The answer of a key. */
export function answerOf(key: string): Answer {
  if (key.startsWith('!')) return { refusal: key.slice(1) };
  return { value: key === 'undefined' ? undefined : JSON.parse(key) };
}

/** The names that a call is about. */
export const placeOf = (call: ActorCall): string =>
  'path' in call ? call.path : 'to' in call ? `${call.from} ${call.to}` : '';
