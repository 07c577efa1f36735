/**
 * `holdfast break`: removes the lock of a dead holder; by force, whoever's.
 *
 * Rule: without force a lock is broken as every contender does it: by acquiring it, which only succeeds on proof of
 * death, and giving it back.
 */
import type { Holder } from '../model/holder.js';
import { LockFile } from '../lock/lock-file.js';
import type { Break } from './arguments.js';

/** Whose lock was removed; null if nobody's was. */
export async function breakLock({ path, force }: Break): Promise<Holder | null> {
  const lock = new LockFile(path, { note: 'holdfast break', threaded: false });
  const seen = await lock.holder();
  if (seen === null) return null;
  if (force) {
    await lock.breakLock();
    return seen;
  }
  await lock.acquire(0);
  const { previousHolder } = lock;
  await lock.release();
  if (previousHolder !== undefined) {
    return { ...previousHolder, kind: seen.kind, verdict: 'dead', reason: 'it died holding the lock' };
  }
  // An empty directory names nobody; it is removed when it has stayed so for its grace.
  return seen.kind === 'empty' ? seen : null;
}
