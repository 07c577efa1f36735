/** The locks that are a name beside the file that they lock: a hard link, a directory or a symbolic link. */
import { dirname } from 'node:path';
import { acquire, type AcquireHints } from '../protocol/acquire.js';
import { makeClaim, type Claim, type Kind } from '../model/claim.js';
import { isContended, noteContention } from './contention.js';
import { shouldYield, noteReleased, noteAcquired } from './fairness.js';
import { directoryFacts, isLocal, isSweepDue } from '../system/directory-facts.js';
import type { Io } from '../driver/run.js';
import { delegate } from '../protocol/trampoline.js';
import { ignoreErrors } from '../protocol/retry.js';
import { judgeSeen, readLock, recordsOf } from '../protocol/inspect.js';
import { LockBase } from './lock-base.js';
import type { HolderRecord } from '../model/record.js';
import { abandon, breakByForce, release } from '../protocol/release.js';
import { read, type Blocker, type Found, type Protocol } from '../model/steps.js';
import { sweep, tidy } from '../protocol/sweep.js';
import { isTidyDue, noteTidied } from './tidying.js';
import type { Taken } from '../model/claim.js';
import { withSibling } from '../protocol/sibling.js';

/** The base of the three kinds. They share one name, `<path>.lock`, so they exclude each other. */
abstract class NameLock extends LockBase<Claim> {
  protected abstract get kind(): Kind;

  #directory: string | undefined;

  protected get directory(): string {
    return (this.#directory ??= dirname(this.lockPath));
  }

  protected override get io(): Io {
    return this.options.io === 'auto' && isLocal(this.directory) ? 'sync' : 'async';
  }

  protected override claimFor(record: HolderRecord, found?: Found): Claim {
    const kind = found !== undefined && isKind(found.kind) ? found.kind : this.kind;
    return makeClaim(this.lockPath, kind, record, this.options);
  }

  protected override *acquiring(claim: Claim): Protocol<Taken<Claim>> {
    const hints: AcquireHints = {
      directory: this.directory,
      yieldsFirst: shouldYield(this.lockPath),
      inspectsFirst: isContended(this.lockPath),
    };
    let wasHeld = true; // Or the system refused, as it will again.
    try {
      const { previous, afterCrash, hasWaited } = yield* delegate(acquire(claim, hints));
      wasHeld = hasWaited === true;
      if (wasHeld) noteAcquired(this.lockPath);
      return { claim, previous, afterCrash };
    } finally {
      noteContention(this.lockPath, wasHeld);
    }
  }

  protected override *sweeping({ claim, previous, afterCrash }: Taken<Claim>): Protocol<void> {
    if (!isSweepDue(this.directory, previous) && afterCrash !== true) return;
    const began = performance.now();
    yield* ignoreErrors(sweep(this.directory, claim, previous));
    noteTidied(this.directory, began);
  }

  protected override *releasing(claim: Claim): Protocol<boolean> {
    if (isTidyDue(this.directory)) {
      const began = performance.now();
      yield* ignoreErrors(tidy(this.directory, claim));
      noteTidied(this.directory, began);
    }
    const released = yield* delegate(release(claim));
    noteReleased(this.lockPath);
    return released;
  }

  protected override *abandoning(claim: Claim): Protocol<void> {
    yield* abandon(claim);
  }

  protected override *inspecting(): Protocol<Blocker | undefined> {
    const found = yield* readLock(this.lockPath);
    if (found === undefined) return undefined;
    return {
      path: this.lockPath,
      found: yield* withSibling(found, this.lockPath, this.directory),
      judgement: yield* judgeSeen(found, this.lockPath, this.options.orphanGraceMs),
    };
  }

  protected override *breaking(claim: Claim): Protocol<readonly HolderRecord[]> {
    const found = yield* breakByForce(claim);
    return found === undefined ? [] : recordsOf(found);
  }
}

/**
 * A lock that is a hard link to a complete file, so it appears with its holder's record or not at all. `acquire()`
 * throws `LockFailed` on a file system without hard links.
 *
 * @example
 * await using hold = await new LinkLockFile('config.json').acquire(5_000);
 */
export class LinkLockFile extends NameLock {
  protected override get kind(): Kind {
    return 'link';
  }
}

/**
 * A lock that is a directory, for file systems without hard links.
 *
 * @example
 * await using hold = await new MkdirLockFile('config.json').acquire(5_000);
 */
export class MkdirLockFile extends NameLock {
  protected override get kind(): Kind {
    return 'mkdir';
  }
}

/**
 * A lock that is a symbolic link. Its target is the holder's record.
 *
 * @example
 * await using hold = await new SymlinkLockFile('config.json').acquire(5_000);
 */
export class SymlinkLockFile extends NameLock {
  protected override get kind(): Kind {
    return 'symlink';
  }

  protected override *acquiring(claim: Claim): Protocol<Taken<Claim>> {
    // A release needs the eviction lock, whose name is longer. If only the lock's own name fitted, it could be acquired
    // and never released. So a still longer name is read first, which fails if it is too long.
    yield* read(claim.privateFile);
    return yield* super.acquiring(claim);
  }
}

function isKind(kind: Found['kind']): kind is Kind {
  return kind === 'link' || kind === 'mkdir' || kind === 'symlink';
}

/**
 * The codes of link(2) on a file system without hard links. EACCES is Android's, because of its security policy. EISDIR
 * is Node's name for ERROR_INVALID_FUNCTION, which FAT answers on Windows.
 */
const NO_LINK_CODES: ReadonlySet<unknown> = new Set([
  'EPERM',
  'ENOSYS',
  'ENOTSUP',
  'EOPNOTSUPP',
  'EACCES',
  'EISDIR',
]);

function refusesLinks(error: unknown): boolean {
  const { syscall, code } = error as NodeJS.ErrnoException;
  return error instanceof Error && syscall === 'link' && NO_LINK_CODES.has(code);
}

/**
 * A lock for a file that processes share: a hard link or, on a file system without hard links, a directory.
 *
 * @example
 * const lock = new LockFile('config.json');
 * await lock.acquire();
 * try {
 *   // Only one process at a time is here.
 * } finally {
 *   await lock.release();
 * }
 */
export class LockFile extends LinkLockFile {
  protected override get kind(): Kind {
    return directoryFacts(this.directory).refusesLinks === true ? 'mkdir' : 'link';
  }

  protected override *acquiring(claim: Claim): Protocol<Taken<Claim>> {
    try {
      return yield* super.acquiring(claim);
    } catch (error) {
      if (claim.kind !== 'link' || !refusesLinks(error)) throw error;
      directoryFacts(this.directory).refusesLinks = true;
      return yield* super.acquiring(this.claimFor(claim.record));
    }
  }

  protected override *abandoning(claim: Claim): Protocol<void> {
    yield* super.abandoning(this.claimFor(claim.record)); // It may have become the other kind.
  }
}
