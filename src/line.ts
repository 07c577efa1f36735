/**
 * The line of those who wait for a lock: their private files, in the order of their tokens, which begin with the time.
 *
 * Rule N1: each waits for the one right ahead of it, whose file goes when it has had the lock, given up or died. So a
 * release wakes one waiter, and not all of them to take it from each other.
 * Rule N2: the line survives the death of anyone in it: the dead are swept out of it by whoever finds one ahead.
 *
 * Not promised: a strict order. Who comes while the lock is free takes it; who is stopped is passed after a while;
 * clocks that disagree put people in the wrong place. Nor any order in a directory of more names than are read here.
 */
import type { Claim } from './claim.js';
import { parseRecord, stagedPath, tokenOfStaged, type Token } from './record.js';
import { judge, list, quietly, read, unlink, type Blocker, type Protocol } from './step.js';

/** How many names of the directory are read. In a larger one all watch the lock itself. */
const LINE_LIMIT = 1_000;

/** Who is right ahead of a claim in line, be it the holder; `undefined` if nobody is. */
export function* ahead(claim: Claim, directory: string): Protocol<Blocker | undefined> {
  const names = (yield* list(directory, LINE_LIMIT)) ?? [];
  if (names.length === LINE_LIMIT) return undefined;
  for (const token of tokensBefore(claim, directory, names)) {
    const path = stagedPath(claim.lock, token);
    const content = yield* read(path);
    const record = content.is === 'file' ? parseRecord(content.text) : undefined;
    if (content.is !== 'file' || record?.token !== token) continue;
    const judgement = yield* judge(record, path);
    if (judgement.verdict !== 'dead') {
      return { path, found: { kind: 'link', text: content.text, record }, judgement };
    }
    yield* quietly(unlink(path)); // N2, by S1: nobody needs the private file of the dead.
  }
  return undefined;
}

/** The tokens of the lock's private files that came before a claim, the latest first. */
function tokensBefore(claim: Claim, directory: string, names: readonly string[]): readonly Token[] {
  const prefix = `${claim.lock.slice(directory.length).replace(/^[/\\]/, '')}.`;
  return names
    .filter((name) => name.startsWith(prefix))
    .map((name) => tokenOfStaged(name))
    .filter((token) => token !== undefined)
    .filter((token) => token < claim.record.token)
    .sort()
    .reverse();
}
