/**
 * Protocols that are known to be wrong: common practice, or one of our rules left out. The explorer must find the error
 * in each of them.
 */
import type { Claim } from '../../src/model/claim.js';
import { isClaim, judgeFound, readLock } from '../../src/protocol/inspect.js';
import { claimIn, evictionOf } from '../../src/model/file-names.js';
import {
  age,
  link,
  list,
  mkdir,
  pause,
  rename,
  rmdir,
  sameFile,
  create,
  unlink,
  type Blocker,
  type Protocol,
} from '../../src/model/steps.js';
import { LOCK, shipped, type Protocols } from './programs.js';

const SOMEBODY: Blocker = {
  path: LOCK,
  found: { kind: 'empty' },
  judgement: { verdict: 'unknown', reason: 'somebody' },
};

type Acquire = Protocols['acquire'];
type Remove = (claim: Claim, text: string) => Protocol<boolean>;

const taken = { taken: true, hasWaited: false } as const;

/** By link; what is dead is removed by `remove`, which is false if somebody is in the way. */
function byLink(remove: Remove): Acquire {
  return function* acquire(claim) {
    yield* create(claim.privateFile, claim.text, claim.mode);
    for (;;) {
      if ((yield* link(claim.privateFile, claim.lock)) === 'made') return taken;
      const found = yield* readLock(claim.lock);
      if (found?.kind === 'link') {
        const isDead = (yield* judgeFound(found, claim.lock)).verdict === 'dead';
        if (isDead && (yield* remove(claim, found.text))) continue;
      }
      yield* pause(SOMEBODY);
    }
  };
}

function* giveBack(claim: Claim): Protocol<boolean> {
  yield* unlink(claim.lock);
  yield* unlink(claim.privateFile);
  return true;
}

/** By mkdir alone; what is old is removed by `remove`. */
function byAge(remove: (claim: Claim) => Protocol<void>): Acquire {
  return function* acquire(claim) {
    for (;;) {
      if ((yield* mkdir(claim.lock, 0o755)) === 'made') return taken;
      yield* create(claim.privateFile, claim.text, claim.mode);
      const isStale = ((yield* age(claim.lock, claim.privateFile)) ?? 0) >= claim.orphanGraceMs;
      yield* unlink(claim.privateFile);
      if (isStale) yield* remove(claim);
      else yield* pause(SOMEBODY);
    }
  };
}

function* rmdirOf(claim: Claim): Protocol<boolean> {
  return yield* rmdir(claim.lock);
}

const wrong = (parts: Partial<Protocols>): Protocols => ({ ...shipped, ...parts });

export const checkThenUnlink = wrong({
  acquire: byLink(function* (claim) {
    yield* unlink(claim.lock);
    return true;
  }),
  release: giveBack,
});

export const noSecondLook = wrong({
  acquire: byLink(function* (claim) {
    if ((yield* link(claim.privateFile, evictionOf(claim.lock))) !== 'made') return false;
    yield* unlink(claim.lock);
    yield* unlink(evictionOf(claim.lock));
    return true;
  }),
  release: giveBack,
});

export const unbreakableEviction = wrong({
  acquire: byLink(function* (claim, text) {
    if ((yield* link(claim.privateFile, evictionOf(claim.lock))) !== 'made') return false;
    const found = yield* readLock(claim.lock);
    if (found?.kind === 'link' && found.text === text) yield* unlink(claim.lock);
    yield* unlink(evictionOf(claim.lock));
    return true;
  }),
  release: giveBack,
});

/** `mkdir`, then the claim into it, without a look at who else is in it. */
export const mkdirWithoutListing = wrong({
  *acquire(claim) {
    for (;;) {
      yield* create(claim.privateFile, claim.text, claim.mode);
      if ((yield* mkdir(claim.lock, 0o755)) === 'made') {
        if ((yield* rename(claim.privateFile, claimIn(claim.lock, claim.record.token))) === 'moved')
          return taken;
      } else {
        const old = ((yield* age(claim.lock, claim.privateFile)) ?? 0) >= claim.orphanGraceMs;
        if (old && (yield* list(claim.lock, 9))?.length === 0) yield* rmdir(claim.lock);
      }
      yield* unlink(claim.privateFile);
      yield* pause(SOMEBODY);
    }
  },
});

/** A finished directory, renamed onto the name: onto another library's whole lock as well. */
export const renamedDirectory = wrong({
  *acquire(claim) {
    const { token } = claim.record;
    yield* mkdir(claim.privateFile, 0o755);
    yield* create(claimIn(claim.privateFile, token), claim.text, claim.mode);
    for (;;) {
      try {
        if ((yield* rename(claim.privateFile, claim.lock)) === 'moved') return taken;
      } catch {
        // ENOTEMPTY: held.
      }
      yield* pause(SOMEBODY);
    }
  },
});

/** Looks whether it is its own, and removes what stands there then. */
export const checkingRelease = wrong({
  *release(claim) {
    const ours =
      (yield* sameFile(claim.lock, claim.privateFile)) || isClaim(yield* readLock(claim.lock), claim);
    if (ours) yield* unlink(claim.lock);
    yield* unlink(claim.privateFile);
    return ours;
  },
});

/** proper-lockfile: what is old is removed, and made anew. */
export const removeWhatIsOld = wrong({
  acquire: byAge(function* (claim) {
    yield* rmdir(claim.lock);
  }),
  release: rmdirOf,
});

/** Its fork: what is old is moved out of the way first. */
export const moveWhatIsOld = wrong({
  acquire: byAge(function* (claim) {
    const aside = `${claim.lock}.aside.${claim.record.token}`;
    if ((yield* rename(claim.lock, aside)) === 'moved') yield* rmdir(aside);
  }),
  release: rmdirOf,
});
