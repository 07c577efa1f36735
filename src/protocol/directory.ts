/**
 * The mkdir kind: the lock is a directory that holds one file, named by the claim's token.
 *
 * Rule DIR-1: the directory is made by `mkdir`, never by renaming one onto the name: rename(2) replaces an empty
 * directory, and that is another library's whole lock.
 * Rule DIR-2: the claim is moved in finished, then the directory is listed, and the lock is held only if the claim is
 * alone in it. For the directory may have been taken for an orphan while we slept, and be somebody else's now:
 *
 *     P.1 mkdir                     P sleeps, its grace runs out
 *     Q.1 rmdir  Q.2 mkdir  Q.3 rename, list: alone, Q holds
 *     P.2 rename, list: not alone, P withdraws
 *
 * Rule DIR-3: a claim is removed by its own name, which no other claim ever has, and only whoever removed one removes
 * the directory, which fails unless it is empty.
 *
 * Left open: who dies between `mkdir` and `rename`, or between `unlink` and `rmdir`, leaves an empty directory,
 * which names nobody and is honoured for its grace. The link kind has no such moment.
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

/** Makes the name appear as this claim; false if something has the name, or came into it with us. */
export function* createAsDirectory(name: string, claim: Claim): Protocol<boolean> {
  const { token } = claim.record;
  let born = false;
  let alone = false;
  yield* create(claim.privateFile, claim.text, claim.mode);
  try {
    born = (yield* retry(() => mkdir(name, directoryMode(claim.mode)))) === 'made'; // DIR-1
    if (!born) return false;
    // `missing`: the directory was taken for an orphan, so what stands at the name now is not for us to remove.
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
    // It was removed, and the refusal is about something else: an error of the disk that came after.
  }
  yield* bestEffort(() => retry(() => rmdir(name)));
  return true;
}
