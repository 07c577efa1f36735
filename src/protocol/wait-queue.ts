/**
 * The line of those who wait for a lock: their private files, in the order of their tokens, which begin with the time.
 *
 * Rule QUEUE-1: each waits for the one right ahead of it, whose file goes when it has had the lock, given up or died. So a
 * release wakes one waiter, and not all of them to take it from each other.
 * Rule QUEUE-2: the line survives the death of anyone in it: the dead are swept out of it by whoever finds one ahead.
 *
 * Not promised: a strict order. Who comes while the lock is free takes it; who is stopped is passed after a while;
 * clocks that disagree put people in the wrong place. Nor any order in a directory of more names than are read here.
 */
import type { Claim } from '../model/claim.js';
import { ignoreErrors } from './retry.js';
import { parseRecord, type Token } from '../model/record.js';
import { privatePath, tokenOfPrivateFile } from '../model/file-names.js';
import { judge, list, read, unlink, type Blocker, type Protocol } from '../model/steps.js';

/** How many names of the directory are read. In a larger one all watch the lock itself. */
const MAX_NAMES_READ = 1_000;

/** Who is right ahead of a claim in line, be it the holder; `undefined` if nobody is. */
export function* waiterAhead(claim: Claim, directory: string): Protocol<Blocker | undefined> {
  const names = (yield* list(directory, MAX_NAMES_READ)) ?? [];
  if (names.length === MAX_NAMES_READ) return undefined;
  const tokens = tokensIn(names, claim.lock, directory).filter((token) => token < claim.record.token);
  for (const token of tokens.sort().reverse()) {
    const found = yield* readPrivateFile(privatePath(claim.lock, token), token);
    if (found === undefined) continue;
    if (found.judgement.verdict !== 'dead') return found;
    yield* ignoreErrors(unlink(found.path)); // QUEUE-2, by SWEEP-1: nobody needs the private file of the dead.
  }
  return undefined;
}

/**
 * How many stand in line, at least: besides the holder those who are known to live, since one who died unproved would
 * stand there for ever. It sweeps nothing, for whoever only asks has no claim.
 *
 * Not told: those who wait with nothing on disk, which are all but the asynchronous ones of the link kind; and those
 * who queue in the memory of a thread, of whom one stands here.
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

/** Whose private file stands at a path, if it is the one of this token. */
function* readPrivateFile(path: string, token: Token): Protocol<Blocker | undefined> {
  const content = yield* read(path);
  const record = content.is === 'file' ? parseRecord(content.text) : undefined;
  if (content.is !== 'file' || record?.token !== token) return undefined;
  const judgement = yield* judge(record, path);
  return { path, found: { kind: 'link', text: content.text, record }, judgement };
}

/** The tokens of a lock's private files. */
function tokensIn(names: readonly string[], lock: string, directory: string): Token[] {
  const base = lock.slice(directory.length).replace(/^[/\\]/, '');
  return names.flatMap((name) => {
    const token = tokenOfPrivateFile(name);
    return token !== undefined && name === privatePath(base, token) ? [token] : [];
  });
}
