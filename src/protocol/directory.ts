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
 * Rule DIR-4: A release reports success only if the directory is gone, or if another process's file is in it. A removed
 * file keeps a name in its directory for as long as another process has it open: on cifs, NFS (`.nfs…`) and FUSE
 * (`.fuse_hidden…`). A contender may be reading the claim at that moment, so `rmdir` is tried again for a second.
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
  backoff,
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
      if (born) yield* bestEffort(() => removeDirectory(name, token, FEW_TRIES));
    }
  }
}

/** How often a directory is removed that isn't empty: the pauses in between add up to a second. */
const MANY_TRIES = 11;

/** The same for what must not take long, such as an exit: 15 milliseconds. */
export const FEW_TRIES = 5;

/**
 * Removes one claim from a lock directory, and the directory with its last one; false if the claim was gone.
 *
 * @param onStay The error to throw if the directory stays although nothing but removed files is in it.
 */
export function* removeClaim(
  name: string,
  token: string,
  tries = MANY_TRIES,
  onStay?: () => Error,
): Protocol<boolean> {
  const path = claimIn(name, token);
  try {
    if (!(yield* retry(() => unlink(path, name)))) return false; // DIR-3
  } catch (refusal) {
    if ((yield* read(path, name)).is !== 'nothing') throw refusal;
    // The claim is gone, so the error is about something else, such as a disk error after the removal.
  }
  let stays = false as boolean;
  yield* bestEffort(function* () {
    stays = !(yield* removeDirectory(name, token, tries));
  });
  if (stays && onStay !== undefined) throw onStay();
  return true;
}

/** Removes a lock directory without our claim; false if it stays, though only removed files are in it (DIR-4). */
function* removeDirectory(name: string, token: string, tries: number): Protocol<boolean> {
  for (let count = 1; ; count++) {
    if (yield* retry(() => rmdir(name))) return true;
    const names = yield* list(name, MAX_NAMES, name);
    if (names === undefined || !names.every((each) => each === token || isRemoved(each))) return true;
    if (count === tries) return false;
    yield* backoff(count);
  }
}

/** Is it the name that NFS or FUSE gives to a removed file that is still open? */
const isRemoved = (name: string): boolean => /^\.(?:nfs|fuse_hidden)[0-9a-f]+$/i.test(name);
