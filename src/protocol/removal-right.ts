/**
 * The right to remove a dead holder's lock of the link kind, on file systems whose reads may be stale.
 *
 * Rule EVICT-8: A process removes such a lock only if it removed the holder's private file itself. A network file system
 * may answer the second read of EVICT-2 from its cache, but only its server can remove a name. Without this:
 *
 *     P.1 reads: Z, dead     Q.1 reads: Z, dead
 *     P.2 takes .evict, removes Z's private file and lock, releases .evict
 *     P.3 link: P holds
 *     Q.2 takes .evict, reads, from its cache: Z     Q.3 Z's private file is gone     Q.4 unlink: removes P
 *
 * If the private file is gone although the lock is still there (its last remover was killed in between, or it was swept),
 * the process links it anew from the lock, reads that new name, and removes it. A `link` reaches the server, which refuses
 * it if the file that the client remembers doesn't exist any more.
 *
 * Not promised: the same for symbolic links, which have no private file, or for a process that may not link the file (another
 * user's, under `fs.protected_hardlinks`). A claim in a directory has a name of its own (DIR-3) and needs no right.
 */
import { privatePath } from '../model/file-names.js';
import { link, unlink, type Found, type Protocol } from '../model/steps.js';
import { isSame, readLock } from './inspect.js';

/** Obtains the right to remove what was found at `name`; false if the name must be read again. */
export function* obtainRight(
  name: string,
  found: Found & { kind: 'link' | 'symlink' },
  lock: string,
): Protocol<boolean> {
  const file = privatePath(lock, found.record.token);
  if (yield* unlink(file)) return true;
  let answer: 'made' | 'exists' | 'missing';
  try {
    answer = yield* link(name, file);
  } catch {
    return true; // EVICT-2 must do.
  }
  if (answer !== 'made') return false;
  const isStill = isSame(yield* readLock(file), found);
  return (yield* unlink(file)) && isStill;
}
