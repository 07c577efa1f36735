/**
 * Repeats calls on network file systems that fail because the client used an outdated handle.
 *
 * Rule STALE-1: ESTALE means that the client remembered a file or directory that another client has removed or replaced
 * since. It says nothing about what stands there now, so the call is repeated, which looks the name up again. Listing a
 * directory on a FUSE file system fails with EIO or ENAMETOOLONG for the same reason.
 * Rule STALE-2: If the handle stays stale, the file is gone. Nothing was done, because the server refuses such a call.
 *
 * Not covered: EIO of any other call. It may be a broken disk, and the call may have had an effect.
 */
import { constants } from 'node:os';

/** Each repetition looks up the whole path again, so the second call nearly always succeeds. */
const MAX_TRIES = 5;

/** Node has no name for it: its code is "Unknown system error -116". */
export function isStaleHandle(error: unknown): boolean {
  const { code, errno } = error as NodeJS.ErrnoException;
  return code === 'ESTALE' || (errno !== undefined && errno === -constants.errno.ESTALE);
}

/** The same for listing a directory. */
export function isStaleListing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'EIO' || code === 'ENAMETOOLONG' || isStaleHandle(error);
}

export function withFreshHandleSync<T>(call: () => T, isStale = isStaleHandle): T {
  for (let tries = 1; tries < MAX_TRIES; tries++) {
    try {
      return call();
    } catch (error) {
      if (!isStale(error)) throw error;
    }
  }
  return call();
}

export async function withFreshHandle<T>(call: () => Promise<T>, isStale = isStaleHandle): Promise<T> {
  for (let tries = 1; tries < MAX_TRIES; tries++) {
    try {
      return await call();
    } catch (error) {
      if (!isStale(error)) throw error;
    }
  }
  return await call();
}

/** Gives a stale handle its name, for the answer to the step and for the user. */
export function nameStaleHandle(error: unknown): void {
  if (!(error instanceof Error) || !isStaleHandle(error)) return;
  const { syscall = 'call', path = '' } = error as NodeJS.ErrnoException;
  Object.assign(error, { code: 'ESTALE', message: `ESTALE: stale file handle, ${syscall} '${path}'` });
}
