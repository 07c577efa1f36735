/**
 * The link and symlink kinds: the lock is one name, which appears with its text or not at all.
 *
 * Rule LINK-1: the name appears by `link` from a finished private file, or by `symlink`. Not by `open(O_EXCL)`: then
 * a reader finds it empty for an instant, and for ever if its maker dies in that instant.
 * Rule LINK-2: the private file stays as long as the claim, for to remove it is the right to remove the lock (RELEASE-1).
 */
import type { Claim } from '../model/claim.js';
import { retry } from './retry.js';
import { link, create, symlink, type Protocol } from '../model/steps.js';

/** How often a private file is made anew that somebody removed. */
const MAX_PRIVATE_FILES = 4;

/** Makes the name appear as this claim; false if something has the name. */
export function* createAsText(name: string, claim: Claim): Protocol<boolean> {
  if (claim.kind === 'symlink') {
    return (yield* retry(() => symlink(claim.text, name))) === 'made'; // LINK-1
  }
  for (let stagings = 0; stagings < MAX_PRIVATE_FILES; stagings++) {
    const answer = yield* retry(() => link(claim.privateFile, name)); // LINK-1
    if (answer !== 'missing') return answer === 'made';
    // Swept as the dead's while its text was not yet written, or cleaned up by hand: it proves nothing, make it anew.
    yield* create(claim.privateFile, claim.text, claim.mode);
  }
  throw new Error(`somebody keeps removing ${claim.privateFile}`);
}
