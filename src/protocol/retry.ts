/**
 * What a protocol does about a call that is refused: makes it again, lets it be, or both.
 *
 * Rule: never around a `pause`, by whose refusal the driver ends a wait.
 */
import { backoff, type Protocol } from '../model/steps.js';

/** How often a call is made that is refused with what Windows says of a name whose deletion is pending. */
const MAX_TRIES = 6;

/**
 * Makes a call again that is refused for what may be over in a moment. On Windows a name that was unlinked while
 * somebody had it open stays until they close it, and all calls on it are refused with EPERM, EACCES or EBUSY; on
 * other systems those are final, so the tries are few and the last refusal comes through.
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

/** Cleaning up after a refusal: a second refusal must not hide the first. */
export function* ignoreErrors(cleanUp: Protocol<unknown>): Protocol<void> {
  try {
    yield* cleanUp;
  } catch {
    // What stays behind is the dead's when we die, and swept as theirs.
  }
}

/**
 * The last call of work that is done: made once more if it is refused, and then let be. Its refusal would tell the
 * caller that the work was not done. What stays behind is in nobody's way who knows it for ours, and is the dead's
 * when we die.
 *
 * @param again What is made the second time, where the name may be another's by then.
 */
export function* bestEffort(call: () => Protocol<unknown>, again = call): Protocol<void> {
  try {
    yield* call();
  } catch {
    yield* ignoreErrors(again());
  }
}
