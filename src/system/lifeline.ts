/**
 * What tells others that this thread has ended, however it ends: a file without a name that it keeps open.
 *
 * The kernel deletes such a file when it is last closed, and tells whoever watches it, through /proc. So those who wait
 * for a lock hear of its holder's death as they hear of its release. (Node closes a worker's descriptors when it ends.)
 *
 * Rule LIFELINE-1: an end that is heard proves nothing; whoever hears it looks. A lifeline is never what a verdict rests on.
 *
 * Not promised: that there is one. Without, those who wait ask from time to time.
 */
import { closeSync, constants, openSync } from 'node:fs';
import { tmpdir } from 'node:os';

/** open(2), for all that Node's list leaves it out: the bit of its own, and O_DIRECTORY. */
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;

/** Memory first: a file there takes a fraction of the time, and no disk is kept from being unmounted. */
const PLACES = ['/dev/shm', tmpdir()];

let descriptor: number | undefined;
const isUnsupported = process.platform !== 'linux';

/** The descriptor of this thread's lifeline, which is cast if it wasn't; `undefined` where there can't be one. */
export function openLifeline(): number | undefined {
  if (descriptor !== undefined || isUnsupported) return descriptor;
  for (const place of PLACES) {
    try {
      return (descriptor = openSync(place, O_TMPFILE | constants.O_WRONLY, 0o600));
    } catch {
      // No such place, no such file system, too many files open: try the next.
    }
  }
  return undefined;
}

/** The end of `castLifeline`, when this thread holds nothing any more. */
export function closeLifeline(): void {
  if (descriptor === undefined) return;
  closeSync(descriptor);
  descriptor = undefined;
}
