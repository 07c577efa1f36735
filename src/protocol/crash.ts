/**
 * Locks whose text a crash of the machine erased.
 *
 * Records are never synced, since that costs milliseconds. A journal may therefore keep a lock's name and lose its text:
 * after a power cut the file is empty, contains zeros, or only the beginning of its record.
 *
 * Rule CRASH-1: A marked file without its text is a dead holder's lock. The mark says that it is ours, and our names
 * appear with their text (LINK-1, DIR-2), so the machine has crashed since. Without this:
 *
 *     P.1 link: P holds
 *     · power cut: the name is kept, the text is lost
 *     Q.1 reads: an empty file that is not ours: stuck
 *
 * Rule CRASH-2: An unmarked file without a text is another program's lock, as in FOREIGN-1: npm's lockfile and pylockfile
 * lock with empty files. Without this:
 *
 *     F.1 open(O_EXCL): F holds
 *     Q.1 reads: an empty file   Q.2 takes .evict, removes F
 *
 * Rule CRASH-3: Our files are marked only if the directory is on a local disk for their holder, and a marked file without
 * its text is dead only if the disk is local for the judge too (as in VERDICT-4). A network's client may send the name
 * before the text. Without this:
 *
 *     P.1 link, through the network: P holds, its text is still in its own machine's memory
 *     Q.1 on the server, reads: an empty file   Q.2 takes .evict, removes P
 *
 * Rule CRASH-4: A private file has no text for an instant after it was created, so the mark alone proves nothing there.
 * It is removed with the lock that is the same file; all others after their grace period (SWEEP-1).
 *
 * Not promised: safety if a file system crashes while the machine, and with it the holder, runs on (a disk that is pulled
 * out), or if somebody truncates a lock by hand.
 */
import { directoryOf, privatePath, tokenOfPrivateFile } from '../model/file-names.js';
import { list, sameFile, unlink, type Protocol } from '../model/steps.js';
import { ignoreErrors, retry } from './retry.js';

/** How many names of the directory are read. */
const MAX_NAMES_READ = 10_000;

/** Removes a lock without a text, and the private file that it is a link of. The caller holds its eviction lock. */
export function* removeLost(name: string, lock: string): Protocol<void> {
  yield* ignoreErrors(removePrivateFile(name, lock)); // First: without the name, nothing proves whose it is (CRASH-4).
  yield* retry(() => unlink(name));
}

/** Removes the private files of `lock` that are the same file as `name`. */
export function* removePrivateFile(name: string, lock: string): Protocol<void> {
  for (const path of yield* privateFilesOf(lock)) if (yield* sameFile(name, path)) yield* unlink(path);
}

/** The private files that end with a token, of `name` or of another file whose names begin with it. */
export function* privateFilesOf(name: string): Protocol<readonly string[]> {
  const directory = directoryOf(name);
  const names = (yield* list(directory, MAX_NAMES_READ)) ?? [];
  return names
    .map((each) => `${directory}/${each}`)
    .filter((path) => path === privatePath(name, tokenOfPrivateFile(path) ?? ''));
}
