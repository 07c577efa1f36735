/**
 * The lifeline: an open file without a name, whose deletion tells waiting processes that this thread has ended.
 *
 * The kernel deletes such a file when it is last closed, and notifies the processes that watch it through /proc. So a
 * waiter learns of the holder's death as fast as of a release. (Node closes a worker's descriptors when it ends.)
 *
 * Rule LIFELINE-1: The end of a lifeline proves nothing; a waiter that is notified reads the lock again. No verdict
 * rests on a lifeline.
 *
 * Not promised: that there is one. Without it, waiters poll.
 */
import { closeSync, constants, openSync } from 'node:fs';
import { tmpdir } from 'node:os';

/** From open(2); Node lacks this constant. It includes O_DIRECTORY. */
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;

/** Memory first: a file there is much cheaper to make, and doesn't keep a disk from being unmounted. */
const DIRECTORIES = ['/dev/shm', tmpdir()];

let descriptor: number | undefined;
const isUnsupported = process.platform !== 'linux';

/** Opens this thread's lifeline if it isn't open. Returns its descriptor; `undefined` if the system has none. */
export function openLifeline(): number | undefined {
  if (descriptor !== undefined || isUnsupported) return descriptor;
  for (const directory of DIRECTORIES) {
    try {
      return (descriptor = openSync(directory, O_TMPFILE | constants.O_WRONLY, 0o600));
    } catch {
      // No such directory, no O_TMPFILE in its filesystem, too many open files: try the next.
    }
  }
  return undefined;
}

/** Closes the lifeline when this thread holds nothing more. */
export function closeLifeline(): void {
  if (descriptor === undefined) return;
  const closed = descriptor;
  descriptor = undefined; // First: a number that was closed once may be another file's by the next time.
  try {
    closeSync(closed);
  } catch {
    // Called from a timer, where nothing may be thrown. A refused close(2) closes the descriptor all the same.
  }
}
