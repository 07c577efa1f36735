/**
 * The link and symlink kinds: the lock is one name, which appears with its text or not at all.
 *
 * Rule E1: the name appears by `link` from a finished private file, or by `symlink`. Not by `open(O_EXCL)`: then
 * a reader finds it empty for an instant, and for ever if its maker dies in that instant.
 * Rule E2: the private file stays as long as the claim, for to remove it is the right to remove the lock (R1).
 */
import type { Claim } from '../model/claim.js';
import { insist } from './retry.js';
import { link, stage, symlink, type Protocol } from '../model/steps.js';

/** How often a private file is made anew that somebody removed. */
const STAGINGS = 4;

/** Makes the name appear as this claim; false if something has the name. */
export function* appearAsText(name: string, claim: Claim): Protocol<boolean> {
  if (claim.kind === 'symlink') {
    return (yield* insist(() => symlink(claim.text, name))) === 'made'; // E1
  }
  for (let stagings = 0; stagings < STAGINGS; stagings++) {
    const answer = yield* insist(() => link(claim.staged, name)); // E1
    if (answer !== 'missing') return answer === 'made';
    // Swept as the dead's while its text was not yet written, or cleaned up by hand: it proves nothing, make it anew.
    yield* stage(claim.staged, claim.text, claim.mode);
  }
  throw new Error(`somebody keeps removing ${claim.staged}`);
}
