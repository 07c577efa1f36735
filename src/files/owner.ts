/**
 * The owner and the group of a file that is replaced.
 *
 * Rule OWNER-1: What the system permits is kept: owner and group or, for a member of the group who is not the owner,
 * the group alone. A shared file would otherwise be lost to its group with the first update by another member.
 */
import { chownSync } from 'node:fs';
import { chown } from 'node:fs/promises';

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** `chown` doesn't change the owner. */
const UNCHANGED = -1;

/** Gives a new file the owner and the group of the one that it replaces, as far as the system permits. */
export async function keepOwner(file: string, { uid, gid }: Owner): Promise<void> {
  try {
    await chown(file, uid, gid);
  } catch (error) {
    rethrowUnlessRefused(error);
    await chown(file, UNCHANGED, gid).catch(rethrowUnlessRefused);
  }
}

/** The synchronous form of `keepOwner`. */
export function keepOwnerSync(file: string, { uid, gid }: Owner): void {
  try {
    chownSync(file, uid, gid);
  } catch (error) {
    rethrowUnlessRefused(error);
    try {
      chownSync(file, UNCHANGED, gid);
    } catch (refusal) {
      rethrowUnlessRefused(refusal);
    }
  }
}

/** Only root may give files away, and some file systems have no owners. A refusal to root is an error. */
function rethrowUnlessRefused(error: unknown): void {
  const { code } = error as NodeJS.ErrnoException;
  const isRoot = process.geteuid?.() === 0;
  if (code !== 'ENOSYS' && (isRoot || (code !== 'EPERM' && code !== 'EINVAL'))) throw error;
}
