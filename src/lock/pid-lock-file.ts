/** A pid file that is a lock: for daemons, and for programs that read `/run/daemon.pid`. */
import { dirname } from 'node:path';
import { isLocal, isSweepDue } from '../system/directory-facts.js';
import { noWait, runAsync, runSync, type Io } from '../driver/run.js';
import { ignoreErrors } from '../protocol/retry.js';
import { recordsOf } from '../protocol/inspect.js';
import { LockBase, type Taken } from './lock-base.js';
import { abandonPid, acquirePid, breakPid, releasePid } from '../protocol/pid-lock.js';
import { inspectPid, makePidClaim, parsePid, type PidClaim } from '../protocol/pid-file.js';
import type { HolderRecord } from '../model/record.js';
import { read, type Blocker, type Protocol } from '../model/steps.js';
import { sweep } from '../protocol/sweep.js';

/**
 * A lock that is the file `path` itself. From the moment it exists, the file contains the pid of its holder and a
 * newline. The holder's record is in `<path>.holder` while the lock is held. Needs a file system with hard links.
 *
 * With the option `lockPath`, the pid file and the record are there instead. Then `path` is only a name, and may be a
 * file or a directory with any content.
 *
 * @example
 * using running = new PidLockFile('/run/daemon.pid').acquireSync(0); // AlreadyLocked: another one is running.
 */
export class PidLockFile extends LockBase<PidClaim> {
  /** The pid file, absolute: `path` itself, or the option `lockPath`. */
  override get lockPath(): string {
    return this.options.lockPath ?? this.path;
  }

  /** The pid in the file, whichever program wrote it; null if there is no file, or no pid in it. */
  async readPid(): Promise<number | null> {
    return await runAsync(readPid(this.lockPath), noWait, this.io);
  }

  /** The synchronous form of `readPid`. */
  readPidSync(): number | null {
    return runSync(readPid(this.lockPath), noWait);
  }

  protected override get io(): Io {
    return this.options.io === 'auto' && isLocal(dirname(this.lockPath)) ? 'sync' : 'async';
  }

  protected override claimFor(record: HolderRecord): PidClaim {
    return makePidClaim(this.lockPath, record, this.options);
  }

  protected override *acquiring(claim: PidClaim): Protocol<Taken<PidClaim>> {
    const { previous, afterCrash } = yield* acquirePid(claim);
    return { claim, previous, afterCrash };
  }

  protected override *sweeping({ claim, previous, afterCrash }: Taken<PidClaim>): Protocol<void> {
    const directory = dirname(this.lockPath);
    if (isSweepDue(directory, previous) || afterCrash === true)
      yield* ignoreErrors(sweep(directory, claim.name, previous));
  }

  protected override *releasing(claim: PidClaim): Protocol<boolean> {
    return yield* releasePid(claim);
  }

  protected override *abandoning(claim: PidClaim): Protocol<void> {
    yield* abandonPid(claim);
  }

  protected override *inspecting(): Protocol<Blocker | undefined> {
    return yield* inspectPid(this.lockPath);
  }

  protected override *breaking(claim: PidClaim): Protocol<readonly HolderRecord[]> {
    const found = yield* breakPid(claim);
    return found === undefined ? [] : recordsOf(found);
  }
}

function* readPid(path: string): Protocol<number | null> {
  const content = yield* read(path);
  return content.is === 'file' ? (parsePid(content.text) ?? null) : null;
}
