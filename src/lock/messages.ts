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

/** The timeout of an acquire has expired. */
export function timedOut(timeout: number, path: string, blocker: Blocker): LockTimeout | AlreadyLocked {
  const details = { path, holder: toHolder(blocker) };
  return timeout > 0
    ? new LockTimeout(`Timed out after ${String(timeout)} ms: ${describe(blocker)}`, details)
    : new AlreadyLocked(describe(blocker), details);
}

/** A synchronous acquire without a timeout would wait for a lock that only its own thread can release. */
export function threadWouldDeadlock(path: string, blocker: Blocker): WouldDeadlock {
  return new WouldDeadlock(
    `${path} is already held by this thread. acquireSync() without a timeout would wait forever, because a blocked ` +
      `thread can't release the lock. Release it first, await acquire() instead, or pass a timeout.`,
    { path, holder: toHolder(blocker) },
  );
}

/** A call is made in a block that holds the same lock, and ends only after the call. */
export function blockWouldDeadlock({ hold: { lockPath }, began }: Block): WouldDeadlock {
  const place = /^\s*at (.+)$/m.exec(began.stack ?? '')?.[1];
  return new WouldDeadlock(
    `${lockPath} is already held by the block that this call is made in` +
      `${place === undefined ? '' : `, which began at ${place}`}. The call would wait for itself forever. Pass the ` +
      `hold of that block, { within: hold }, or make the call after the block.`,
    { path: lockPath },
  );
}

/** `within` is a hold that has ended. */
export function withinEndedHold(path: string): LockFailed {
  return new LockFailed(`${path} can't be used within this hold, because the hold has ended.`, { path });
}

/** A call within a hold found that the hold had lost the lock. */
export function lostWithin(path: string): NotMyLock {
  return new NotMyLock(
    `${path} was removed, by breakLock() or by hand, so nothing was written within this hold.`,
    {
      path,
    },
  );
}

/** Another task in this thread is the first in the queue, and doesn't hold the lock yet. */
export function timedOutInQueue(timeout: number, path: string): LockTimeout | AlreadyLocked {
  const advice = 'Wait for that task, or pass a longer timeout.';
  const reason = `${path} is being acquired by another task in this thread. ${advice}`;
  return timeout > 0
    ? new LockTimeout(`Timed out after ${String(timeout)} ms: ${reason}`, { path })
    : new AlreadyLocked(reason, { path });
}

/** The error of an acquire that the system refused. An error of this package stays as it is. */
export function lockFailed(path: string, cause: unknown): unknown {
  if (cause instanceof LockFileError) return cause;
  return new LockFailed(`${path} can't be locked: ${explainSystemError(cause, dirname(path))}`, {
    path,
    cause,
  });
}

/** The error of a call that could not read who holds the lock. */
export function inspectFailed(path: string, cause: unknown): unknown {
  if (cause instanceof LockFileError) return cause;
  return new LockFailed(`${path} can't be read: ${explainSystemError(cause, dirname(path))}`, {
    path,
    cause,
  });
}

/** The error of a `breakLock()` that the system refused. */
export function breakFailed(path: string, cause: unknown): unknown {
  if (cause instanceof LockFileError) return cause;
  return new UnlockError(`${path} can't be removed: ${explainSystemError(cause, dirname(path))}`, {
    path,
    cause,
  });
}

/** The error of an update of a hold's data that the system refused. */
export function updateFailed(path: string, cause: unknown): unknown {
  if (cause instanceof LockFileError) return cause;
  const reason = explainSystemError(cause, dirname(path));
  return new LockFailed(`The data of ${path} can't be written: ${reason}. The lock is still held.`, {
    path,
    cause,
  });
}

/** The error of a release that the system refused. */
export function unlockFailed(path: string, cause: unknown): unknown {
  if (cause instanceof LockFileError) return cause;
  return new UnlockError(
    `${path} can't be released: ${explainSystemError(cause, dirname(path))}. ` +
      `The lock is still held; release it again when the cause is gone.`,
    {
      path,
      cause,
    },
  );
}

/** Another process has been releasing, recovering or breaking the lock for too long. */
export function removalInProgress(path: string, blocker: Blocker): UnlockError {
  const holder = toHolder(blocker);
  const reason =
    blocker.path === path && holder.kind === 'link'
      ? `its holder, ${nameHolder(holder)}, seems to be releasing it, because the holder's private file ` +
        `${path}.${holder.token ?? ''} is gone. Removing the lock now could remove the lock of the next holder. ` +
        `Try again later; if the lock is still there, remove it by hand.`
      : `another process is removing it, and has not finished in time: ${describe(blocker)}`;
  return new UnlockError(`${path} can't be removed: ${reason}`, { path, holder });
}

/** The error of a release by an object that doesn't hold the lock. */
export function notHeld(path: string, seen: Blocker | undefined): NotLocked | NotMyLock {
  return seen === undefined
    ? new NotLocked(`${path} is not locked, so there is nothing to release.`, { path })
    : new NotMyLock(`This object doesn't hold the lock, so it can't release it: ${describe(seen)}`, {
        path,
        holder: toHolder(seen),
      });
}

/** The error of a hold's second release. */
export function holdEnded(path: string, seen: Blocker | undefined): NotLocked | NotMyLock {
  const ended = `This hold of ${path} has ended already, so it has nothing to release.`;
  return seen === undefined
    ? new NotLocked(ended, { path })
    : new NotMyLock(`${ended} Now ${describe(seen)}`, { path, holder: toHolder(seen) });
}

/** This process has broken a lock that it held itself. */
export function brokenByThisProcess(path: string): NotMyLock {
  const when = new Date().toISOString();
  return new NotMyLock(
    `${path} was broken by breakLock() of this process, pid ${String(process.pid)}, at ${when}, while it was held.`,
    { path },
  );
}

/** The error of a release by an object that held the lock until somebody removed it. */
export function lockLost(path: string, seen: Blocker | undefined): NotMyLock {
  const now = seen === undefined ? 'Nobody holds it now.' : `Now ${describe(seen)}`;
  const when = `This was noticed at ${new Date().toISOString()}.`;
  return new NotMyLock(
    `${path} was removed, by breakLock() or by hand, while this object held it. ${when} ${now}`,
    {
      path,
      holder: seen === undefined ? undefined : toHolder(seen),
    },
  );
}
