/**
 * The link and symlink kinds: the lock is one name, which appears together with its text.
 *
 * Rule LINK-1: The name is created by `link` from a complete private file, or by `symlink`. Not by `open(O_EXCL)`: the
 * lock would be empty for an instant, and would stay empty if its creator died in that instant.
 * Rule LINK-2: The private file exists as long as the claim, since removing it confers the right to remove the lock
 * (RELEASE-1).
 */
import type { Claim } from '../model/claim.js';
import { retry } from './retry.js';
import { link, create, symlink, type Protocol } from '../model/steps.js';

/** How often a private file is created again that another process removed. */
const MAX_PRIVATE_FILES = 4;

/** Takes the name for this claim; false if the name exists. */
export function* createAsText(name: string, claim: Claim): Protocol<boolean> {
  if (claim.kind === 'symlink') {
    return (yield* retry(() => symlink(claim.text, name))) === 'made'; // LINK-1
  }
  for (let tries = 0; tries < MAX_PRIVATE_FILES; tries++) {
    const answer = yield* retry(() => link(claim.privateFile, name)); // LINK-1
    if (answer !== 'missing') return answer === 'made';
    // A contender swept it before its text was written, or a user removed it. It proves nothing, so create it again.
    yield* create(claim.privateFile, claim.text, claim.mode);
  }
  throw new Error(`another process keeps removing ${claim.privateFile}`);
}
