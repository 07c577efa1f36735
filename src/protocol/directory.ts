/**
 * The mkdir kind: the lock is a directory that contains one file, named by the claim's token.
 *
 * Rule DIR-1: The directory is created by `mkdir`, never by renaming one onto the name: rename(2) replaces an empty
 * directory, which may be another library's complete lock.
 * Rule DIR-2: The complete claim is moved into the directory, and then the directory is listed. The lock is held only
 * if the claim is alone. Otherwise, while we slept, the directory may have been taken for an orphan and replaced:
 *
 *     P.1 mkdir                     P sleeps, the grace period ends
 *     Q.1 rmdir  Q.2 mkdir  Q.3 rename, list: alone, Q holds
 *     P.2 rename, list: not alone, P withdraws
 *
 * Rule DIR-3: A claim is removed by its own name, which no other claim ever has. Only the process that removed a claim
 * removes the directory, and that fails unless the directory is empty.
 *
 * Not promised: that a death leaves a name behind. A process that dies between `mkdir` and `rename`, or between
 * `unlink` and `rmdir`, leaves an empty directory, which names no holder and counts as held for its grace period. The
 * link kind has no such moment.
 */
import { directoryMode, type Claim } from '../model/claim.js';
import { bestEffort, retry } from './retry.js';
import { claimIn } from '../model/file-names.js';
import {
  MAX_NAMES,
  list,
  mkdir,
  read,
  rename,
  rmdir,
  create,
  unlink,
  type Protocol,
} from '../model/steps.js';

/** Takes the name for this claim; false if the name exists, or if another claim is in the directory too. */
export function* createAsDirectory(name: string, claim: Claim): Protocol<boolean> {
  const { token } = claim.record;
  let born = false;
  let alone = false;
  yield* create(claim.privateFile, claim.text, claim.mode);
  try {
    born = (yield* retry(() => mkdir(name, directoryMode(claim.mode)))) === 'made'; // DIR-1
    if (!born) return false;
    // `missing`: the directory was taken for an orphan. What has the name now isn't ours to remove.
    born = (yield* rename(claim.privateFile, claimIn(name, token), name)) === 'moved';
    if (!born) return false;
    const names = yield* list(name, MAX_NAMES, name); // DIR-2
    alone = names?.length === 1 && names[0] === token;
    return alone;
  } finally {
    if (!alone) {
      yield* bestEffort(() => unlink(claim.privateFile));
      if (born) yield* bestEffort(() => unlink(claimIn(name, token), name));
      if (born) yield* bestEffort(() => rmdir(name));
    }
  }
}

/** Removes one claim from a lock directory, and the directory with its last one; false if the claim was gone. */
export function* removeClaim(name: string, token: string): Protocol<boolean> {
  const path = claimIn(name, token);
  try {
    if (!(yield* retry(() => unlink(path, name)))) return false; // DIR-3
  } catch (refusal) {
    if ((yield* read(path, name)).is !== 'nothing') throw refusal;
    // The claim is gone, so the error is about something else, such as a disk error after the removal.
  }
  yield* bestEffort(() => retry(() => rmdir(name)));
  return true;
}
