/**
 * A lock that is a room: a directory that is free while it is empty.
 *
 * A contender prepares a directory of its own that holds one file, named by the claim's token, and renames that
 * directory to the room's name. rename(2) replaces an empty directory and refuses any other, so one contender moves in,
 * with its record, in one step. To leave is to unlink a file whose name no other claim ever has: so a release can't
 * remove another holder's claim, and the claim of a dead holder is removed in the same way.
 */
import { basename, dirname } from 'node:path';
import {
  LockBase,
  create,
  formatRecord,
  ignoreErrors,
  judge,
  list,
  mkdir,
  parseRecord,
  pause,
  read,
  rename,
  retry,
  rmdir,
  unlink,
  type AnyClaim,
  type Blocker,
  type HolderRecord,
  type Protocol,
  type Taken,
} from '../../src/extending.js';

export class RoomLock extends LockBase {
  /** Not `<path>.lock`: an empty directory there is another kind's lock. */
  override get lockPath(): string {
    return `${this.path}.room`;
  }

  protected override claimFor(record: HolderRecord): AnyClaim {
    return { record };
  }

  protected override *acquiring(claim: AnyClaim): Protocol<Taken> {
    let previous: HolderRecord | undefined;
    for (;;) {
      if (yield* this.#moveIn(claim.record)) {
        yield* ignoreErrors(this.#sweep(claim.record));
        return { claim, previous };
      }
      const blocker = yield* this.inspecting();
      if (blocker === undefined) continue; // Its holder left between the two calls.
      if (blocker.judgement.verdict !== 'dead' || !('record' in blocker.found)) {
        yield* pause(blocker); // Nothing of ours is on disk while we wait.
        continue;
      }
      previous = blocker.found.record;
      yield* this.#moveOut(previous);
    }
  }

  protected override *releasing({ record }: AnyClaim): Protocol<boolean> {
    return yield* this.#moveOut(record);
  }

  protected override *abandoning({ record }: AnyClaim): Protocol<void> {
    yield* ignoreErrors(this.#tearDown(record.token));
    yield* this.#moveOut(record);
  }

  protected override *inspecting(): Protocol<Blocker | undefined> {
    const [token] = (yield* list(this.lockPath, 2)) ?? [];
    if (token === undefined) return undefined;
    const content = yield* read(`${this.lockPath}/${token}`);
    if (content.is === 'nothing') return undefined;
    const record = content.is === 'file' ? parseRecord(content.text) : undefined;
    if (record?.token !== token) {
      const what = 'a directory that is not ours';
      const judgement = { verdict: 'unknown', reason: `it is ${what}` } as const;
      return { path: this.lockPath, found: { kind: 'foreign', what }, judgement };
    }
    return {
      path: this.lockPath,
      found: { kind: 'other', record },
      judgement: yield* judge(record, this.lockPath),
    };
  }

  protected override *breaking(): Protocol<readonly HolderRecord[]> {
    const seen = yield* this.inspecting();
    if (seen === undefined) return [];
    if (!('record' in seen.found)) throw new Error(`${this.lockPath} is not a room, and not ours to clear`);
    return (yield* this.#moveOut(seen.found.record)) ? [seen.found.record] : [];
  }

  *#moveIn(record: HolderRecord): Protocol<boolean> {
    const own = this.#prepared(record.token);
    yield* mkdir(own, 0o755);
    try {
      yield* create(`${own}/${record.token}`, formatRecord(record), 0o644);
      return (yield* rename(own, this.lockPath)) === 'moved';
    } catch (refusal) {
      yield* ignoreErrors(this.#tearDown(record.token));
      if (isOccupied(refusal)) return false;
      throw refusal;
    }
  }

  *#moveOut(record: HolderRecord): Protocol<boolean> {
    if (!(yield* retry(() => unlink(`${this.lockPath}/${record.token}`)))) return false;
    yield* rmdir(this.lockPath); // False if somebody has moved in already.
    return true;
  }

  *#tearDown(token: string): Protocol<void> {
    const own = this.#prepared(token);
    yield* unlink(`${own}/${token}`);
    yield* rmdir(own);
  }

  /** Removes what killed contenders left while they prepared. A living one whose empty directory goes makes it again. */
  *#sweep(self: HolderRecord): Protocol<void> {
    const start = basename(this.#prepared(''));
    for (const name of (yield* list(dirname(this.path), 1_000)) ?? []) {
      const token = name.slice(start.length);
      if (!name.startsWith(start) || token === self.token) continue;
      const content = yield* read(`${this.#prepared(token)}/${token}`);
      const record = content.is === 'file' ? parseRecord(content.text) : undefined;
      if (record === undefined) yield* rmdir(this.#prepared(token));
      else if ((yield* judge(record, this.path)).verdict === 'dead') yield* this.#tearDown(token);
    }
  }

  #prepared(token: string): string {
    return `${dirname(this.path)}/.${basename(this.path)}.${token}`;
  }
}

/** The codes of rename(2) for a directory that is not empty; EPERM is from Windows. ENOENT: ours was swept. */
function isOccupied(refusal: unknown): boolean {
  const { code } = refusal as NodeJS.ErrnoException;
  return code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'EPERM' || code === 'ENOENT';
}
