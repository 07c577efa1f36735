/**
 * Acquiring a lock: attempts, and pauses between them.
 *
 * Rule A1: while it pauses an acquire has nothing on disk, so whoever is killed or gives up there leaves nothing.
 * Rule A2: an attempt that fails, for whatever reason, leaves nothing either (C6).
 */
import type { Claim } from './claim.js';
import { attempt, discard, prepare, type Attempt } from './contend.js';
import { judgeFound, look } from './inspect.js';
import { abandon } from './release.js';
import { pause, quietly, type Blocker, type Protocol } from './step.js';

/** Takes the lock, pausing as often as it takes. The driver ends the wait by throwing into the pause. */
export function* acquire(claim: Claim): Protocol<Attempt & { taken: true }> {
  let blocker: Blocker | undefined;
  for (;;) {
    if (blocker === undefined) {
      const outcome = yield* contend(claim);
      if (outcome.taken) return outcome;
      blocker = outcome.blocker;
    }
    yield* pause(blocker); // A1
    // A look costs less than an attempt, and leaves nothing to clean up if we are killed in the middle of it.
    blocker = yield* obstacle(claim.lock);
  }
}

/** Who is in the way for certain; `undefined` if an attempt may succeed. */
function* obstacle(name: string): Protocol<Blocker | undefined> {
  const found = yield* look(name);
  if (found === undefined || found.kind === 'empty') return undefined;
  const judgement = yield* judgeFound(found, name);
  return judgement.verdict === 'dead' ? undefined : { path: name, found, judgement };
}

/** One attempt, with what has to be on disk for it. */
export function* contend(claim: Claim): Protocol<Attempt> {
  yield* prepare(claim);
  let outcome: Attempt;
  try {
    outcome = yield* attempt(claim.lock, claim);
  } catch (refusal) {
    yield* quietly(abandon(claim)); // A2
    throw refusal;
  }
  if (!outcome.taken) yield* discard(claim); // A1
  return outcome;
}
