/**
 * `holdfast break`: removes the lock of a dead holder or, with `--force`, any lock.
 *
 * Rule: without `--force`, the lock is broken the way every contender does it: acquired, which succeeds only on proof
 * of death, and released.
 */
import type { Holder } from '../model/holder.js';
import { LockFile } from '../lock/lock-file.js';
import type { Break } from './arguments.js';

/** Returns the holder of the lock that was removed, or null if none was. */
export async function breakLock({ path, force }: Break): Promise<Holder | null> {
  const lock = new LockFile(path, { note: 'holdfast break', threaded: false });
  const seen = await lock.holder();
  if (seen === null) return null;
  if (force) {
    await lock.breakLock();
    return seen;
  }
  const hold = await lock.acquire(0);
  const { previousHolder } = hold;
  await hold.release();
  if (previousHolder !== undefined) {
    return { ...previousHolder, kind: seen.kind, verdict: 'dead', reason: 'it died holding the lock' };
  }
  // Neither names its holder. `acquire()` has removed an empty directory only if its grace period was over.
  return seen.kind === 'empty' || seen.kind === 'lost' ? seen : null;
}
