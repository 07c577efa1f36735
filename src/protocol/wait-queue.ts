/**
 * The wait queue of a lock: the private files of its waiters, in the order of their tokens, which begin with the time.
 *
 * Rule QUEUE-1: Each waiter watches the one right ahead. That one's file disappears when it has had the lock, gave up
 * or died. So a release wakes one waiter, not all of them.
 * Rule QUEUE-2: The queue survives the death of any waiter: a waiter that finds a dead one ahead removes its file.
 *
 * Not promised: a strict order. A process that comes while the lock is free takes it; a stopped waiter is passed after
 * a while; clocks that disagree put waiters in the wrong place. In a directory with `MAX_NAMES_READ` names or more,
 * there is no order.
 */
import type { Claim } from '../model/claim.js';
import { ignoreErrors } from './retry.js';
import { parseRecord, type Token } from '../model/record.js';
import { privatePath, tokenOfPrivateFile } from '../model/file-names.js';
import { judge, list, read, unlink, type Blocker, type Protocol } from '../model/steps.js';

/** How many names of the directory are read. In a larger one, all waiters watch the lock itself. */
const MAX_NAMES_READ = 1_000;

/** The waiter right ahead of a claim in the queue, or the holder; `undefined` if the claim is the first. */
export function* waiterAhead(claim: Claim, directory: string): Protocol<Blocker | undefined> {
  const names = (yield* list(directory, MAX_NAMES_READ)) ?? [];
  if (names.length === MAX_NAMES_READ) return undefined;
  const tokens = tokensIn(names, claim.lock, directory).filter((token) => token < claim.record.token);
  for (const token of tokens.sort().reverse()) {
    const found = yield* readPrivateFile(privatePath(claim.lock, token), token);
    if (found === undefined) continue;
    if (found.judgement.verdict !== 'dead') return found;
    yield* ignoreErrors(unlink(found.path)); // QUEUE-2. SWEEP-1 allows it: a private file is not a claim.
  }
  return undefined;
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
  const content = yield* read(path);
  const record = content.is === 'file' ? parseRecord(content.text) : undefined;
  if (content.is !== 'file' || record?.token !== token) return undefined;
  const judgement = yield* judge(record, path);
  return { path, found: { kind: 'link', text: content.text, record }, judgement };
}

/** The tokens of a lock's private files among these names. */
function tokensIn(names: readonly string[], lock: string, directory: string): Token[] {
  const base = lock.slice(directory.length).replace(/^[/\\]/, '');
  return names.flatMap((name) => {
    const token = tokenOfPrivateFile(name);
    return token !== undefined && name === privatePath(base, token) ? [token] : [];
  });
}
