/**
 * Mutants of the protocols that ship: each lacks one rule, and some exploration must fail for it.
 */
import type { Mutant, RealMutant } from './mutate.js';
import { pidMutants } from './pid-mutants.js';
import { beside, filling, late } from './odd-scenarios.js';
import { contest, leaving, lineUp, meeting, orphanAnd, refused, refusedRaid, robbery } from './scenarios.js';

/** By the rule that it lacks. */
export const mutants: Readonly<Record<string, Mutant>> = {
  'C1, a removal needs the eviction lock': {
    file: 'protocol/contend.js',
    from: /yield\* apart\(attempt\(eviction, claim, depth\)\)/,
    to: '({ taken: true })',
    scenario: (protocols) => contest(['link', 'link'], 'link', 0, protocols),
    law: /L[12]/,
  },
  'C2, and a second look': {
    file: 'protocol/contend.js',
    from: /if \(!isSame\(yield\* look\(name\), found\)\)\s+return; \/\/ C2/,
    to: '',
    scenario: (protocols) => contest(['link', 'link'], 'link', 0, protocols),
    law: /L[12]/,
  },
  'C3, the eviction lock of the dead is recovered': {
    file: 'protocol/contend.js',
    from: /if \(blocker\.judgement\.verdict !== 'dead'\)/,
    to: "if (depth > 0 || blocker.judgement.verdict !== 'dead')",
    scenario: (protocols) => contest(['link', 'link'], 'link', 1, protocols),
    law: /L[45]/,
  },
  'C4, only the dead are removed': {
    file: 'protocol/contend.js',
    from: /if \(blocker\.judgement\.verdict !== 'dead'\)\s+break; \/\/ C4/,
    to: '',
    scenario: (protocols) => contest(['link', 'link'], 'free', 0, protocols),
    law: /L[12]/,
  },
  'C4, of an orphan the age is told again under the eviction lock': {
    file: 'protocol/contend.js',
    from: /if \(found\.kind === 'empty' && !\(yield\* isOrphan\(name, claim\)\)\)\s+return;/,
    to: '',
    scenario: (protocols) => orphanAnd(['link', 'link'], 'proper-lockfile', protocols),
    law: /L[12]/,
  },
  'C5, a name that is our claim is ours': {
    file: 'protocol/contend.js',
    from: /if \(isClaim\(found, claim\)\)\s+return took\(previous\);/,
    to: '',
    scenario: (protocols) => refused(['link'], 'free', 'whose reply is lost', protocols),
    law: /L5/,
  },
  'C5, also when it was made and yet refused': {
    file: 'protocol/acquire.js',
    from: /if \(yield\* isTaken\(claim\)\)\s+return \{ taken: true \};/,
    to: '',
    scenario: (protocols) =>
      refused(['link', 'link'], 'link', 'refused once, or made and yet refused', protocols),
    law: /L[45]/,
  },
  'C6, what a refused call may have done is undone': {
    file: 'protocol/contend.js',
    from: /yield\* atLast\(\(\) => retract\(eviction, claim\)\);/,
    to: '',
    scenario: (protocols) => refusedRaid('link', 'link', 'refused once, or made and yet refused', protocols),
    law: /L[45]/,
  },
  'C7, work under an eviction lock stays done': {
    file: 'protocol/contend.js',
    from: /yield\* atLast\(\(\) => leave\(eviction, claim\), [^;]*;/,
    to: 'yield* leave(eviction, claim);',
    scenario: (protocols) => refused(['symlink'], 'free', 'refused once, or made and yet refused', protocols),
    law: /L3/,
  },
  'D2, held only if alone': {
    file: 'protocol/directory.js',
    from: /alone = names\?\.length === 1 && names\[0\] === token;/,
    to: 'alone = true;',
    scenario: (protocols) => contest(['mkdir', 'mkdir'], 'free', 0, protocols),
    law: /L[12]/,
  },
  'A1, nothing is on disk at a pause': {
    file: 'protocol/acquire.js',
    from: /if \(!outcome\.taken\)\s+yield\* discard\(claim\);/,
    to: '',
    scenario: (protocols) => leaving(['link', 'link'], 'free', 'abort', protocols),
    law: /L[46]/,
  },
  'A2, nor after an attempt that failed': {
    file: 'protocol/acquire.js',
    from: /yield\* quietly\(abandon\(claim\)\);/,
    to: '',
    scenario: (protocols) => refused(['link'], 'link', 'refused once, or made and yet refused', protocols),
    law: /L4/,
  },
  'R1, a release looks again': {
    file: 'protocol/release.js',
    from: /const ours = isClaim\(yield\* look\(claim\.lock\), claim\);/,
    to: 'const ours = true;',
    scenario: (protocols) => robbery(['link', 'link'], 'link', 0, protocols),
    law: /L[123]/,
  },
  'R1, a holder looks before it takes its private file away': {
    file: 'protocol/release.js',
    from: /\(yield\* same\(claim\.lock, claim\.staged\)\) && \(yield\* discard/,
    to: '(yield* discard',
    scenario: (protocols) => robbery(['link', 'link'], 'link', 0, protocols),
    law: /L[123]/,
  },
  'R1, a holder removes its lock only if it took its private file away': {
    file: 'protocol/release.js',
    from: /&& \(yield\* discard\(claim\)\)\) \{/,
    to: '&& ((yield* discard(claim)), true)) {',
    scenario: (protocols) => robbery(['link', 'link'], 'link', 0, protocols),
    law: /L[123]/,
  },
  'R1, who breaks a lock takes its private file away first': {
    file: 'protocol/release.js',
    from: /const obstacle = yield\* seize\(found, claim\.lock\);/,
    to: 'const obstacle = undefined;',
    scenario: (protocols) => robbery(['link', 'link'], 'link', 0, protocols),
    law: /L[123]/,
  },
  'R3, a holder that is at it is let': {
    file: 'protocol/release.js',
    from: /return judgement\.verdict === 'dead' \? undefined : \{/,
    to: 'return true ? undefined : {',
    scenario: (protocols) => robbery(['link', 'link'], 'link', 0, protocols),
    law: /L[123]/,
  },
  'R3, and the dead holder is not waited for': {
    file: 'protocol/release.js',
    from: /judgement\.verdict === 'dead' \? undefined :/,
    to: '',
    scenario: (protocols) => robbery(['link'], 'link', 1, protocols),
    law: /L5/,
  },
  'E1, the name appears with its text': {
    file: 'protocol/link.js',
    from: /yield\* insist\(\(\) => link\(claim\.staged, name\)\)/,
    to: `yield* (function* () {
      try { yield* stage(name, claim.text, claim.mode); return 'made'; } catch { return 'exists'; }
    })()`,
    scenario: (protocols) => contest(['link', 'link'], 'free', 1, protocols),
    law: /L[45]/,
  },
  'E2, the private file stays as long as the claim': {
    file: 'protocol/acquire.js',
    from: /if \(!outcome\.taken\)\s+yield\* discard\(claim\);/,
    to: 'yield* discard(claim);',
    scenario: (protocols) => filling(['link'], protocols),
    law: /L5/,
  },
  'I1, what is not ours is held': {
    file: 'protocol/inspect.js',
    from: /if \(found\.kind === 'foreign'\)\s+return \{ verdict: 'unknown'/,
    to: "if (found.kind === 'foreign') return { verdict: 'dead'",
    scenario: (protocols) => meeting(['link'], 'pylockfile symlink', protocols),
    law: /L[12]/,
  },
  'I2, a lock is dead only if every claim in it is': {
    file: 'protocol/inspect.js',
    from: /if \(judgement\.verdict !== 'dead'\)\s+break; \/\/ I2/,
    to: '',
    scenario: (protocols) => beside('link', protocols),
    law: /L[12]/,
  },
  'D1, a directory is made under its own name': {
    file: 'protocol/directory.js',
    from: /born = \(yield\* insist\(\(\) => mkdir\(name, directoryMode\(claim\.mode\)\)\)\) === 'made';/,
    to: `const made = \`\${claim.staged}.made\`;
        yield* mkdir(made, directoryMode(claim.mode));
        try { born = (yield* rename(made, name)) === 'moved'; } catch { yield* rmdir(made); }`,
    scenario: (protocols) => meeting(['mkdir'], 'proper-lockfile', protocols),
    law: /L[12]/,
  },
  'D3, only whoever removed a claim removes the directory': {
    file: 'protocol/directory.js',
    from: /if \(!\(yield\* insist\(\(\) => unlink\(path, name\)\)\)\)\s+return false; \/\/ D3/,
    to: 'if (!(yield* unlink(path, name))) { yield* rmdir(name); return false; }',
    scenario: (protocols) => late('mkdir', 'proper-lockfile', protocols),
    law: /L2/,
  },
  'A1, nor when the line is left': {
    file: 'protocol/acquire.js',
    from: /yield\* discard\(claim\); \/\/ A1\s+return \{ taken: false, blocker \};/,
    to: 'return { taken: false, blocker };',
    scenario: (protocols) => lineUp(['link', 'mkdir'], 'free', { aborts: 1 }, protocols),
    law: /L[46]/,
  },
  'A3, the line lets nobody in': {
    file: 'protocol/acquire.js',
    from: /hasMoved = yield\* pause\(blocker, \{ ahead: before \}\);/,
    to: 'if ((hasMoved = yield* pause(blocker, { ahead: before }))) return { taken: true };',
    scenario: (protocols) => lineUp(['link', 'link'], 'free', {}, protocols),
    law: /L[12]/,
  },
  'R2, a forced break removes what it saw': {
    file: 'protocol/release.js',
    from: /if \(!isSame\(yield\* look\(claim\.lock\), found\)\)\s+return undefined; \/\/ R2/,
    to: '',
    scenario: (protocols) => robbery(['symlink', 'link'], 'link', 0, protocols),
    law: /L[123]/,
  },
  'S1, every eviction lock is swept': {
    file: 'protocol/sweep.js',
    from: /if \(token === undefined\)\s+yield\* sweepEviction\(path, claim\);/,
    to: 'if (token === undefined) { if (evictionDepth(path, claim.lock) === 1) yield* sweepEviction(path, claim); }',
    scenario: (protocols) => contest(['link', 'link'], 'link', 2, protocols),
    law: /L4/,
  },
  ...pidMutants,
};

/** By the rule that it lacks: who is ahead of whom lets nobody in (A3), so the laws don't tell. */
export const realMutants: Readonly<Record<string, RealMutant>> = {
  'N1, each waits for the one right ahead': {
    file: 'protocol/wait-queue.js',
    from: /token < claim\.record\.token/,
    to: 'token > claim.record.token',
    test: 'driver/waiting.test.js',
    name: 'stands in line: first come, first served',
  },
  'N2, the dead are swept out of the line': {
    file: 'protocol/wait-queue.js',
    from: /yield\* quietly\(unlink\(found\.path\)\);/,
    to: '',
    test: 'driver/waiting.test.js',
    name: 'sweeps what one left that died ahead of it',
  },
};
