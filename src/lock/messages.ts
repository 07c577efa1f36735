/** The errors that a lock's calls end with, worded for their readers. */
import { dirname } from 'node:path';
import {
  AlreadyLocked,
  LockFailed,
  LockFileError,
  LockTimeout,
  NotLocked,
  NotMyLock,
  UnlockError,
} from '../model/errors.js';
import { holderFrom } from '../model/holder.js';
import { describeHolder, nameHolder } from '../model/holder-text.js';
import { explainSystemError } from './system-errors.js';
import type { Blocker } from '../model/steps.js';

const toHolder = (blocker: Blocker) => holderFrom(blocker.found, blocker.judgement);
const say = (blocker: Blocker) => describeHolder(blocker.path, toHolder(blocker), Date.now());

/** The time of an acquire is up. */
export function timedOut(timeout: number, path: string, blocker: Blocker): LockTimeout | AlreadyLocked {
  const details = { path, holder: toHolder(blocker) };
  return timeout > 0
    ? new LockTimeout(`Gave up after ${String(timeout)} ms: ${say(blocker)}`, details)
    : new AlreadyLocked(say(blocker), details);
}

/** A synchronous acquire without a limit would wait for a lock that only its own thread can give back. */
export function wouldWaitForItself(path: string, blocker: Blocker): AlreadyLocked {
  return new AlreadyLocked(
    `${path} is held by this very thread, which can't give it back while it waits for it synchronously. ` +
      `Release it first, await acquire(), or give a timeout.`,
    { path, holder: toHolder(blocker) },
  );
}

/** Another task of this thread is the first in its queue, and doesn't hold the lock itself yet. */
export function timedOutInQueue(timeout: number, path: string): LockTimeout | AlreadyLocked {
  const reason = `${path} is being acquired by another task of this thread.`;
  return timeout > 0
    ? new LockTimeout(`Gave up after ${String(timeout)} ms: ${reason}`, { path })
    : new AlreadyLocked(reason, { path });
}

/** What a refusal becomes that ended an acquire; an error of ours stays what it is. */
export function lockFailed(path: string, cause: unknown): unknown {
  if (cause instanceof LockFileError) return cause;
  return new LockFailed(`${path} can't be locked: ${explainSystemError(cause, dirname(path))}`, {
    path,
    cause,
  });
}

/** What a refusal becomes that hid who holds the lock. */
export function inspectFailed(path: string, cause: unknown): unknown {
  if (cause instanceof LockFileError) return cause;
  return new LockFailed(`${path} can't be looked at: ${explainSystemError(cause, dirname(path))}`, {
    path,
    cause,
  });
}

/** What a refusal becomes that ended a break. */
export function breakFailed(path: string, cause: unknown): unknown {
  if (cause instanceof LockFileError) return cause;
  return new UnlockError(`${path} can't be removed: ${explainSystemError(cause, dirname(path))}`, {
    path,
    cause,
  });
}

/** What a refusal becomes that ended a release. */
export function unlockFailed(path: string, cause: unknown): unknown {
  if (cause instanceof LockFileError) return cause;
  return new UnlockError(
    `${path} can't be given back: ${explainSystemError(cause, dirname(path))}. It is still held.`,
    {
      path,
      cause,
    },
  );
}

/** Somebody has been giving back, recovering or breaking the very lock that is to be removed, for too long. */
export function removalInProgress(path: string, blocker: Blocker): UnlockError {
  const holder = toHolder(blocker);
  const reason =
    blocker.path === path && holder.kind === 'link'
      ? `its holder, ${nameHolder(holder)}, seems to be giving it back, since the private file beside it, ` +
        `${path}.${holder.token ?? ''}, is gone. To remove the lock meanwhile might remove somebody else's. ` +
        `Look again in a while; if it stays, remove it by hand.`
      : `somebody else is removing it, and that takes too long: ${say(blocker)}`;
  return new UnlockError(`${path} can't be removed: ${reason}`, { path, holder });
}

/** A release by somebody who doesn't hold the lock. */
export function notHeld(path: string, seen: Blocker | undefined): NotLocked | NotMyLock {
  return seen === undefined
    ? new NotLocked(`${path} is not locked, so there is nothing to release.`, { path })
    : new NotMyLock(`It is not this object's lock to release: ${say(seen)}`, {
        path,
        holder: toHolder(seen),
      });
}

/** A release by somebody who held the lock, until it was broken by force. */
export function lockLost(path: string, seen: Blocker | undefined): NotMyLock {
  const now = seen === undefined ? 'Nobody holds it now.' : say(seen);
  return new NotMyLock(`${path} was broken by force while it was held, so it was not ours any more. ${now}`, {
    path,
    holder: seen === undefined ? undefined : toHolder(seen),
  });
}
