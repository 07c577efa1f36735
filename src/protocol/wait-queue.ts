/**
 * The wait queue of a lock: the private files of its waiters, in the order of their tokens, which begin with the time.
 *
 * Rule QUEUE-1: Each waiter watches the one right ahead. That one's file disappears when it has had the lock, gave up
 * or died. So a release wakes one waiter, not all of them.
 * Rule QUEUE-2: The queue survives the death of any waiter: a waiter that finds a dead one ahead removes its file.
 * Rule QUEUE-3: A waiter that doesn't move is passed by all. If a holder came much later than this waiter, the waiters
 * ahead have missed their turns, for instance because they are stopped. Then this waiter watches the lock itself, and
 * when it has the lock, it removes the files of those ahead. A private file is not a claim: its owner creates it again
 * at its next attempt (`link.ts`). Otherwise:
 *
 *     P waits, and is stopped      Q waits for P's file to go
 *     R releases, acquires, releases, acquires …: nobody wakes Q
 *
 * Not promised: a strict order. A process that comes while the lock is free takes it; clocks that disagree put waiters in the wrong place. In a directory with `MAX_NAMES_READ` names or more,
 * there is no order, nor in one that may not be listed.
 */
import type { Claim } from '../model/claim.js';
import { ignoreErrors } from './retry.js';
import { parseRecord, type Token } from '../model/record.js';
import { privatePath, tokenOfPrivateFile } from '../model/file-names.js';
import { judge, list, read, unlink, type Blocker, type Found, type Protocol } from '../model/steps.js';
import { recordsOf } from './inspect.js';

/** How many names of the directory are read. In a larger one, all waiters watch the lock itself. */
const MAX_NAMES_READ = 1_000;

/**
 * How much later than a waiter a holder may have come, for each waiter ahead, in milliseconds. In a queue that moves, a
 * turn takes less: a thread takes the lock again before the queue only for `SHARE_MS` (`fairness.ts`).
 */
const TURN_MS = 100;

/** The waiters ahead of a claim in the queue, with the holder if it came earlier. */
export interface WaitersAhead {
  /** The one right ahead; `undefined` if the claim is the first. */
  readonly nearest: Blocker | undefined;
  /** How many there are, at most. */
  readonly count: number;
}

export function* waitersAhead(claim: Claim, directory: string): Protocol<WaitersAhead> {
  const tokens = yield* tokensAhead(claim, directory);
  for (let count = tokens.length; count > 0; count--) {
    const token = tokens[count - 1] as Token;
    const found = yield* readPrivateFile(privatePath(claim.lock, token), token);
    if (found === undefined) continue;
    if (found.judgement.verdict !== 'dead') return { nearest: found, count };
    yield* ignoreErrors(unlink(found.path)); // QUEUE-2. SWEEP-1 allows it: a private file is not a claim.
  }
  return { nearest: undefined, count: 0 };
}

/** Did this holder come so much later than the claim that so many waiters ahead would have had their turns? (QUEUE-3) */
export function isPassed(claim: Claim, { found }: Blocker, count: number): boolean {
  const [record] = recordsOf(found);
  return record !== undefined && record.since - claim.record.since > count * TURN_MS;
}

/** Removes the private files of the waiters ahead. The claim holds the lock, and they have missed their turns. */
export function* passWaiters(claim: Claim, directory: string): Protocol<void> {
  for (const token of yield* tokensAhead(claim, directory)) {
    const path = privatePath(claim.lock, token);
    if ((yield* readRecord(path, token)) !== undefined) yield* ignoreErrors(unlink(path)); // QUEUE-3
  }
}

/** The tokens of the private files ahead of a claim, the oldest first. */
function* tokensAhead(claim: Claim, directory: string): Protocol<readonly Token[]> {
  let names: readonly string[] | undefined;
  yield* ignoreErrors(
    (function* () {
      names = yield* list(directory, MAX_NAMES_READ);
    })(),
  );
  // A directory that can't be listed has no queue: all of its waiters watch the lock itself (ACQUIRE-3).
  if (names === undefined || names.length === MAX_NAMES_READ) return [];
  return tokensIn(names, claim.lock, directory)
    .filter((token) => token < claim.record.token)
    .sort();
}

/**
 * The minimum number of waiters, without the holder. It counts only waiters that are known to be alive: a dead one
 * whose death can't be proved would count for ever. It sweeps nothing, since the caller has no claim.
 *
 * Not counted: waiters with nothing on disk (all but asynchronous ones of the link kind), and waiters in a thread's
 * memory, where only the first has a file.
 */
export function* countWaiters(lock: string, directory: string, holder: Token | undefined): Protocol<number> {
  const names = (yield* list(directory, MAX_NAMES_READ)) ?? [];
  let count = 0;
  for (const token of tokensIn(names, lock, directory)) {
    if (token === holder) continue;
    const found = yield* readPrivateFile(privatePath(lock, token), token);
    if (found?.judgement.verdict === 'alive') count++;
  }
  return count;
}

/** Reads the private file of this token; `undefined` if it is gone or isn't that file. */
function* readPrivateFile(path: string, token: Token): Protocol<Blocker | undefined> {
  const found = yield* readRecord(path, token);
  return found && { path, found, judgement: yield* judge(found.record, path) };
}

function* readRecord(path: string, token: Token): Protocol<(Found & { kind: 'link' }) | undefined> {
  const content = yield* read(path);
  const record = content.is === 'file' ? parseRecord(content.text) : undefined;
  if (content.is !== 'file' || record?.token !== token) return undefined;
  return { kind: 'link', text: content.text, record };
}

/** The tokens of a lock's private files among these names. */
function tokensIn(names: readonly string[], lock: string, directory: string): Token[] {
  const base = lock.slice(directory.length).replace(/^[/\\]/, '');
  return names.flatMap((name) => {
    const token = tokenOfPrivateFile(name);
    return token !== undefined && name === privatePath(base, token) ? [token] : [];
  });
}
