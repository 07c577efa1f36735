/** The errors that a lock's calls throw, and their messages. */
import { dirname } from 'node:path';
import {
  AlreadyLocked,
  LockFailed,
  LockFileError,
  LockTimeout,
  NotLocked,
  NotMyLock,
  UnlockError,
  WouldDeadlock,
} from '../model/errors.js';
import type { Block } from './block-context.js';
import { holderFrom } from '../model/holder.js';
import { describeHolder, nameHolder } from '../model/holder-text.js';
import { explainSystemError } from './system-errors.js';
import type { Blocker } from '../model/steps.js';

const toHolder = (blocker: Blocker) => holderFrom(blocker.found, blocker.judgement);
const describe = (blocker: Blocker) => describeHolder(blocker.path, toHolder(blocker), Date.now());

/** A lock, as errors name it. */
export interface LockNames {
  /** What is locked. */
  readonly path: string;
  /** The lock's name on disk. */
  readonly lockPath: string;
}

/** The names alone: `lock` may be any object that has them. */
const names = ({ path, lockPath }: LockNames): LockNames => ({ path, lockPath });

/** The timeout of an acquire has expired. */
export function timedOut(timeout: number, lock: LockNames, blocker: Blocker): LockTimeout | AlreadyLocked {
  const details = { ...names(lock), holder: toHolder(blocker) };
  return timeout > 0
    ? new LockTimeout(`Timed out after ${String(timeout)} ms: ${describe(blocker)}`, details)
    : new AlreadyLocked(describe(blocker), details);
}

/** A synchronous acquire without a timeout would wait for a lock that only its own thread can release. */
export function threadWouldDeadlock(lock: LockNames, blocker: Blocker): WouldDeadlock {
  return new WouldDeadlock(
    `${lock.lockPath} is already held by this thread. acquireSync() without a timeout would wait forever, because a blocked ` +
      `thread can't release the lock. Release it first, await acquire() instead, or pass a timeout.`,
    { ...names(lock), holder: toHolder(blocker) },
  );
}

/** A call is made in a block that holds the same lock, and ends only after the call. */
export function blockWouldDeadlock({ hold, began }: Block): WouldDeadlock {
  const place = /^\s*at (.+)$/m.exec(began.stack ?? '')?.[1];
  return new WouldDeadlock(
    `${hold.lockPath} is already held by the block that this call is made in` +
      `${place === undefined ? '' : `, which began at ${place}`}. The call would wait for itself forever. Pass the ` +
      `hold of that block, { within: hold }, or make the call after the block.`,
    names(hold),
  );
}

/** `within` is a hold that has ended. */
export function withinEndedHold(lock: LockNames): LockFailed {
  return new LockFailed(
    `${lock.lockPath} can't be used within this hold, because the hold has ended.`,
    names(lock),
  );
}

/** A call within a hold found that the hold had lost the lock. */
export function lostWithin(lock: LockNames): NotMyLock {
  return new NotMyLock(
    `${lock.lockPath} was removed, by breakLock() or by hand, so nothing was written within this hold.`,
    {
      ...names(lock),
    },
  );
}

/** Another task in this thread is the first in the queue, and doesn't hold the lock yet. */
export function timedOutInQueue(timeout: number, lock: LockNames): LockTimeout | AlreadyLocked {
  const advice = 'Wait for that task, or pass a longer timeout.';
  const reason = `${lock.lockPath} is being acquired by another task in this thread. ${advice}`;
  return timeout > 0
    ? new LockTimeout(`Timed out after ${String(timeout)} ms: ${reason}`, names(lock))
    : new AlreadyLocked(reason, names(lock));
}

/** The error of an acquire that the system refused. An error of this package stays as it is. */
export function lockFailed(lock: LockNames, cause: unknown): unknown {
  if (cause instanceof LockFileError) return cause;
  return new LockFailed(
    `${lock.lockPath} can't be locked: ${explainSystemError(cause, dirname(lock.lockPath))}`,
    {
      ...names(lock),
      cause,
    },
  );
}

/** The error of a call that could not read who holds the lock. */
export function inspectFailed(lock: LockNames, cause: unknown): unknown {
  if (cause instanceof LockFileError) return cause;
  return new LockFailed(
    `${lock.lockPath} can't be read: ${explainSystemError(cause, dirname(lock.lockPath))}`,
    {
      ...names(lock),
      cause,
    },
  );
}

/** The error of a `breakLock()` that the system refused. */
export function breakFailed(lock: LockNames, cause: unknown): unknown {
  if (cause instanceof LockFileError) return cause;
  return new UnlockError(
    `${lock.lockPath} can't be removed: ${explainSystemError(cause, dirname(lock.lockPath))}`,
    {
      ...names(lock),
      cause,
    },
  );
}

/** The error of an update of a hold's data that the system refused. */
export function updateFailed(lock: LockNames, cause: unknown): unknown {
  if (cause instanceof LockFileError) return cause;
  const reason = explainSystemError(cause, dirname(lock.lockPath));
  return new LockFailed(`The data of ${lock.lockPath} can't be written: ${reason}. The lock is still held.`, {
    ...names(lock),
    cause,
  });
}

/** The error of a release that the system refused. */
export function unlockFailed(lock: LockNames, cause: unknown): unknown {
  if (cause instanceof LockFileError) return cause;
  return new UnlockError(
    `${lock.lockPath} can't be released: ${explainSystemError(cause, dirname(lock.lockPath))}. ` +
      `The lock is still held; release it again when the cause is gone.`,
    {
      ...names(lock),
      cause,
    },
  );
}

/** Another process has been releasing, recovering or breaking the lock for too long. */
export function removalInProgress(lock: LockNames, blocker: Blocker): UnlockError {
  const holder = toHolder(blocker);
  const reason =
    blocker.path === lock.lockPath && holder.kind === 'link'
      ? `its holder, ${nameHolder(holder)}, seems to be releasing it, because the holder's private file ` +
        `${lock.lockPath}.${holder.token ?? ''} is gone. Removing the lock now could remove the lock of the next holder. ` +
        `Try again later; if the lock is still there, remove it by hand.`
      : `another process is removing it, and has not finished in time: ${describe(blocker)}`;
  return new UnlockError(`${lock.lockPath} can't be removed: ${reason}`, { ...names(lock), holder });
}

/** The error of a release by an object that doesn't hold the lock. */
export function notHeld(lock: LockNames, seen: Blocker | undefined): NotLocked | NotMyLock {
  return seen === undefined
    ? new NotLocked(`${lock.lockPath} is not locked, so there is nothing to release.`, names(lock))
    : new NotMyLock(`This object doesn't hold the lock, so it can't release it: ${describe(seen)}`, {
        ...names(lock),
        holder: toHolder(seen),
      });
}

/** The error of a hold's second release. */
export function holdEnded(lock: LockNames, seen: Blocker | undefined): NotLocked | NotMyLock {
  const ended = `This hold of ${lock.lockPath} has ended already, so it has nothing to release.`;
  return seen === undefined
    ? new NotLocked(ended, names(lock))
    : new NotMyLock(`${ended} Now ${describe(seen)}`, { ...names(lock), holder: toHolder(seen) });
}

/** This process has broken a lock that it held itself. */
export function brokenByThisProcess(lock: LockNames): NotMyLock {
  const when = new Date().toISOString();
  return new NotMyLock(
    `${lock.lockPath} was broken by breakLock() of this process, pid ${String(process.pid)}, at ${when}, while it was held.`,
    names(lock),
  );
}

/** The error of a release by an object that held the lock until somebody removed it. */
export function lockLost(lock: LockNames, seen: Blocker | undefined): NotMyLock {
  const now = seen === undefined ? 'Nobody holds it now.' : `Now ${describe(seen)}`;
  const when = `This was noticed at ${new Date().toISOString()}.`;
  return new NotMyLock(
    `${lock.lockPath} was removed, by breakLock() or by hand, while this object held it. ${when} ${now}`,
    {
      ...names(lock),
      holder: seen === undefined ? undefined : toHolder(seen),
    },
  );
}
