/**
 * Mutants of the protocols that ship. Each lacks one rule, and some exploration must fail without it.
 */
import { crashMutants } from './crash-mutants.js';
import type { Mutant, RealMutant } from './mutate.js';
import { pidMutants } from './pid-mutants.js';
import { beside, filling, late } from './odd-scenarios.js';
import { contest, leaving, lineUp, meeting, orphanAnd, refused, refusedRaid, robbery } from './scenarios.js';

/** The mutants, by the rule that each lacks. */
export const mutants: Readonly<Record<string, Mutant>> = {
  'EVICT-1, a removal needs the eviction lock': {
    file: 'protocol/contend.js',
    from: /yield\* delegate\(attempt\(eviction, claim, depth\)\)/,
    to: '({ taken: true })',
    scenario: (protocols) => contest(['link', 'link'], 'link', 0, protocols),
    law: /LAW-[12]/,
  },
  'EVICT-2, and a second check': {
    file: 'protocol/contend.js',
    from: /if \(!isSame\(yield\* readLock\(name\), found\)\)\s+return; \/\/ EVICT-2/,
    to: '',
    scenario: (protocols) => contest(['symlink', 'symlink'], 'symlink', 0, protocols), // EVICT-8 covers the links.
    law: /LAW-[12]/,
  },
  'EVICT-3, the eviction lock of the dead is recovered': {
    file: 'protocol/contend.js',
    from: /if \(blocker\.judgement\.verdict !== 'dead'\)/,
    to: "if (depth > 0 || blocker.judgement.verdict !== 'dead')",
    scenario: (protocols) => contest(['link', 'link'], 'link', 1, protocols),
    law: /LAW-[45]/,
  },
  'EVICT-4, only the dead are removed': {
    file: 'protocol/contend.js',
    from: /if \(blocker\.judgement\.verdict !== 'dead'\)\s+break; \/\/ EVICT-4/,
    to: '',
    scenario: (protocols) => contest(['link', 'link'], 'free', 0, protocols),
    law: /LAW-[12]/,
  },
  'EVICT-4, the age of an orphan is checked again under the eviction lock': {
    file: 'protocol/contend.js',
    from: /if \(found\.kind === 'empty' && !\(yield\* isOrphan\(name, claim\)\)\)\s+return;/,
    to: '',
    scenario: (protocols) => orphanAnd(['link', 'link'], 'proper-lockfile', protocols),
    law: /LAW-[12]/,
  },
  'EVICT-5, a name that is our claim is ours': {
    file: 'protocol/contend.js',
    from: /if \(isClaim\(found, claim\)\)\s+return \{ taken: true, \.\.\.replaced \};/,
    to: '',
    scenario: (protocols) => refused(['link'], 'free', 'whose reply is lost', protocols),
    law: /LAW-5/,
  },
  'EVICT-5, even if the call was done but reported as failed': {
    file: 'protocol/acquire.js',
    from: /if \(yield\* isTaken\(claim\)\)\s+return \{ taken: true \};/,
    to: '',
    scenario: (protocols) =>
      refused(['link', 'link'], 'link', 'that fails once, possibly after it was done', protocols),
    law: /LAW-[45]/,
  },
  'EVICT-6, the possible effects of a failed call are undone': {
    file: 'protocol/contend.js',
    from: /yield\* bestEffort\(\(\) => retract\(eviction, claim\)\);/,
    to: '',
    scenario: (protocols) =>
      refusedRaid('link', 'link', 'that fails once, possibly after it was done', protocols),
    law: /LAW-[45]/,
  },
  'EVICT-7, work under an eviction lock stays done': {
    file: 'protocol/contend.js',
    from: /yield\* bestEffort\(\(\) => removeEvictionLock\(eviction, claim\), [^;]*;/,
    to: 'yield* removeEvictionLock(eviction, claim);',
    scenario: (protocols) =>
      refused(['symlink'], 'free', 'that fails once, possibly after it was done', protocols),
    law: /LAW-3/,
  },
  'DIR-2, held only if alone': {
    file: 'protocol/directory.js',
    from: /alone = names\?\.length === 1 && names\[0\] === token;/,
    to: 'alone = true;',
    scenario: (protocols) => contest(['mkdir', 'mkdir'], 'free', 0, protocols),
    law: /LAW-[12]/,
  },
  'ACQUIRE-1, nothing is on disk at a pause': {
    file: 'protocol/acquire.js',
    from: /if \(!outcome\.taken\)\s+yield\* discard\(claim\);/,
    to: '',
    scenario: (protocols) => leaving(['link', 'link'], 'free', 'abort', protocols),
    law: /LAW-[46]/,
  },
  'ACQUIRE-2, nor after a failed attempt': {
    file: 'protocol/acquire.js',
    from: /yield\* ignoreErrors\(abandon\(claim\)\);/,
    to: '',
    scenario: (protocols) =>
      refused(['link'], 'link', 'that fails once, possibly after it was done', protocols),
    law: /LAW-4/,
  },
  'RELEASE-1, a release reads the lock again': {
    file: 'protocol/release.js',
    from: /const ours = isClaim\(yield\* readLock\(claim\.lock\), claim\);/,
    to: 'const ours = true;',
    scenario: (protocols) => robbery(['link', 'link'], 'link', 0, protocols),
    law: /LAW-[123]/,
  },
  'RELEASE-1, a holder checks the lock before it removes its private file': {
    file: 'protocol/release.js',
    from: /\(yield\* sameFile\(claim\.lock, claim\.privateFile\)\) && \(yield\* discard/,
    to: '(yield* discard',
    scenario: (protocols) => robbery(['link', 'link'], 'link', 0, protocols),
    law: /LAW-[123]/,
  },
  'RELEASE-1, a holder removes its lock only if it removed its private file': {
    file: 'protocol/release.js',
    from: /&& \(yield\* discard\(claim\)\)\) \{/,
    to: '&& ((yield* discard(claim)), true)) {',
    scenario: (protocols) => robbery(['link', 'link'], 'link', 0, protocols),
    law: /LAW-[123]/,
  },
  'RELEASE-1, a forced break removes the private file first': {
    file: 'protocol/release.js',
    from: /const obstacle = yield\* claimRemoval\(found, claim\.lock\);/,
    to: 'const obstacle = undefined;',
    scenario: (protocols) => robbery(['link', 'link'], 'link', 0, protocols),
    law: /LAW-[123]/,
  },
  'RELEASE-3, a forced break waits for a holder that is releasing': {
    file: 'protocol/release.js',
    from: /return judgement\.verdict === 'dead' \? undefined : \{/,
    to: 'return true ? undefined : {',
    scenario: (protocols) => robbery(['link', 'link'], 'link', 0, protocols),
    law: /LAW-[123]/,
  },
  'RELEASE-3, but not for a dead holder': {
    file: 'protocol/release.js',
    from: /judgement\.verdict === 'dead' \? undefined :/,
    to: '',
    scenario: (protocols) => robbery(['link'], 'link', 1, protocols),
    law: /LAW-5/,
  },
  'LINK-1, the name appears with its text': {
    file: 'protocol/link.js',
    from: /yield\* retry\(\(\) => link\(claim.privateFile, name\)\)/,
    to: `yield* (function* () {
      try { yield* create(name, claim.text, claim.mode); return 'made'; } catch { return 'exists'; }
    })()`,
    scenario: (protocols) => contest(['link', 'link'], 'free', 1, protocols),
    law: /LAW-[45]/,
  },
  'LINK-2, the private file exists as long as the claim': {
    file: 'protocol/acquire.js',
    from: /if \(!outcome\.taken\)\s+yield\* discard\(claim\);/,
    to: 'yield* discard(claim);',
    scenario: (protocols) => filling(['link'], protocols),
    law: /LAW-5/,
  },
  'INSPECT-1, what is not ours is held': {
    file: 'protocol/inspect.js',
    from: /if \(found\.kind === 'foreign'\)\s+return \{ verdict: 'unknown'/,
    to: "if (found.kind === 'foreign') return { verdict: 'dead'",
    scenario: (protocols) => meeting(['link'], 'pylockfile symlink', protocols),
    law: /LAW-[12]/,
  },
  'INSPECT-2, a lock is dead only if every claim in it is': {
    file: 'protocol/inspect.js',
    from: /if \(judgement\.verdict !== 'dead'\)\s+break; \/\/ INSPECT-2/,
    to: '',
    scenario: (protocols) => beside('link', protocols),
    law: /LAW-[12]/,
  },
  'DIR-1, a directory is created under its final name': {
    file: 'protocol/directory.js',
    from: /born = \(yield\* retry\(\(\) => mkdir\(name, directoryMode\(claim\.mode\)\)\)\) === 'made';/,
    to: `const made = \`\${claim.privateFile}.made\`;
        yield* mkdir(made, directoryMode(claim.mode));
        try { born = (yield* rename(made, name)) === 'moved'; } catch { yield* rmdir(made); }`,
    scenario: (protocols) => meeting(['mkdir'], 'proper-lockfile', protocols),
    law: /LAW-[12]/,
  },
  'DIR-3, only the process that removed a claim removes the directory': {
    file: 'protocol/directory.js',
    from: /if \(!\(yield\* retry\(\(\) => unlink\(path, name\)\)\)\)\s+return false; \/\/ DIR-3/,
    to: 'if (!(yield* unlink(path, name))) { yield* rmdir(name); return false; }',
    scenario: (protocols) => late('mkdir', 'proper-lockfile', protocols),
    law: /LAW-2/,
  },
  'ACQUIRE-1, nor after leaving the wait queue': {
    file: 'protocol/acquire.js',
    from: /yield\* discard\(claim\); \/\/ ACQUIRE-1\s+return \{ taken: false, blocker \};/,
    to: 'return { taken: false, blocker };',
    scenario: (protocols) => lineUp(['link', 'mkdir'], 'free', { aborts: 1 }, protocols),
    law: /LAW-[46]/,
  },
  'ACQUIRE-3, the wait queue admits nobody': {
    file: 'protocol/acquire.js',
    from: /hasMoved = yield\* pause\(blocker, position\);/,
    to: 'if ((hasMoved = yield* pause(blocker, position))) return { taken: true };',
    scenario: (protocols) => lineUp(['link', 'link'], 'free', {}, protocols),
    law: /LAW-[12]/,
  },
  'RELEASE-2, a forced break removes what it read': {
    file: 'protocol/release.js',
    from: /if \(!isSame\(yield\* readLock\(claim\.lock\), found\)\)\s+return undefined; \/\/ RELEASE-2/,
    to: '',
    scenario: (protocols) => robbery(['symlink', 'link'], 'link', 0, protocols),
    law: /LAW-[123]/,
  },
  'SWEEP-1, every eviction lock is swept': {
    file: 'protocol/sweep.js',
    from: /if \(token === undefined\)\s+yield\* sweepEviction\(path, claim\);/,
    to: 'if (token === undefined) { if (evictionDepth(path, claim.lock) === 1) yield* sweepEviction(path, claim); }',
    scenario: (protocols) => contest(['link', 'link'], 'link', 2, protocols),
    law: /LAW-4/,
  },
  ...pidMutants,
  ...crashMutants,
};

/** Mutants of the queue's order. It never admits a holder (ACQUIRE-3), so no law of the explorer detects them. */
export const realMutants: Readonly<Record<string, RealMutant>> = {
  'QUEUE-1, each waiter watches the one right ahead': {
    file: 'protocol/wait-queue.js',
    from: /token < claim\.record\.token/,
    to: 'token > claim.record.token',
    test: 'driver/waiting.test.js',
    name: 'stands in line: first come, first served',
  },
  'QUEUE-2, dead waiters are swept': {
    file: 'protocol/wait-queue.js',
    from: /yield\* ignoreErrors\(unlink\(found\.path\)\);/,
    to: '',
    test: 'driver/waiting.test.js',
    name: 'sweeps what one left that died ahead of it',
  },
  'DIR-4, a directory that stays is tried again': {
    file: 'protocol/directory.js',
    from: /if \(count === tries\)\s+return false;/,
    to: 'return true;',
    test: 'protocol/directory.test.js',
    name: 'is removed as soon as the removed file in it is closed',
  },
  'SWEEP-1, a release removes what a killed waiter left': {
    file: 'protocol/sweep.js',
    from: /if \(dead\)\s+yield\* unlink\(path\); \/\/ SWEEP-1/,
    to: '',
    test: 'protocol/tidy.test.js',
    name: 'of a waiter that was killed, async',
  },
  'QUEUE-3, a waiter that does not move is passed': {
    file: 'protocol/acquire.js',
    from: /position = isPassing \? \{ ahead: undefined, isPassing \} : \{ ahead: nearest, count \};/,
    to: 'position = { ahead: nearest };',
    test: 'protocol/wait-queue.test.js',
    name: 'watches the lock itself once a later one has it',
  },
  'QUEUE-3, and no longer in the way of others': {
    file: 'protocol/acquire.js',
    from: /if \(outcome\.taken && position\.isPassing === true\)\s+yield\* ignoreErrors\(passWaiters\(claim, directory\)\);/,
    to: '',
    test: 'protocol/wait-queue.test.js',
    name: 'removes the files of those ahead when it has it',
  },
};
