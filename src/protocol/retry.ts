/**
 * How a protocol handles a call that fails: it retries the call, ignores the error, or both.
 *
 * Rule: Never wrap a `pause`. The driver ends a wait by throwing into it.
 */
import { backoff, type Protocol } from '../model/steps.js';

/** How often a call is made that fails with a code that may be temporary. */
const MAX_TRIES = 6;

/**
 * Retries a call that fails for a reason that may be temporary. On Windows, a file that was unlinked while another
 * process has it open keeps its name until it is closed, and every call on it fails with EPERM, EACCES or EBUSY. On
 * other systems these codes are final, so the tries are few, and the last error is thrown.
 */
export function* retry<T>(call: () => Protocol<T>): Protocol<T> {
  for (let tries = 1; tries < MAX_TRIES; tries++) {
    try {
      return yield* call();
    } catch (refusal) {
      if (!isTransient(refusal)) throw refusal;
      yield* backoff(tries);
    }
  }
  return yield* call();
}

function isTransient(refusal: unknown): boolean {
  const code = refusal instanceof Error && 'code' in refusal ? refusal.code : undefined;
  return code === 'EPERM' || code === 'EACCES' || code === 'EBUSY';
}

/** Runs a clean-up after an error. A second error must not hide the first. */
export function* ignoreErrors(cleanUp: Protocol<unknown>): Protocol<void> {
  try {
    yield* cleanUp;
  } catch {
    // Contenders sweep what stays behind when this process is dead.
  }
}

/**
 * Runs the last call of work that is already done: at most twice, and then ignores the error. To throw it would report
 * the work as not done. What stays behind blocks no process that recognizes it as ours, and contenders sweep it when
 * this process is dead.
 *
 * @param again The second call, if the name may belong to another process by then.
 */
export function* bestEffort(call: () => Protocol<unknown>, again = call): Protocol<void> {
  try {
    yield* call();
  } catch {
    yield* ignoreErrors(again());
  }
}
