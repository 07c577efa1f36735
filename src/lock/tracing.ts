/**
 * What a lock does, told to whoever listens by `node:diagnostics_channel`.
 *
 * Rule: unheard it costs a comparison, and makes nothing.
 *
 * Not promised: to tell of locks that are given back because their process or thread ends.
 */
import { channel, tracingChannel, type TracingChannel } from 'node:diagnostics_channel';
import type { HolderRecord } from '../model/record.js';

/**
 * What the tracing channels `holdfast:acquire` and `holdfast:release` hand to their subscribers: one object for one
 * call, from its `start` to its end.
 *
 * @example
 * tracingChannel('holdfast:acquire').subscribe({ error: (message) => log((message as LockMessage).error) });
 */
export interface LockMessage {
  /** What is locked, absolute. */
  readonly path: string;
  /** The lock's name on disk, absolute. */
  readonly lockPath: string;
  /** At the end, if the call failed: why. */
  readonly error?: unknown;
}

/**
 * What the channel `holdfast:recovered` hands to its subscribers, when a lock was taken over from a dead holder.
 *
 * @example
 * subscribe('holdfast:recovered', (message) => log((message as RecoveredMessage).previousHolder.pid));
 */
export interface RecoveredMessage {
  /** What is locked, absolute. */
  readonly path: string;
  /** The lock's name on disk, absolute. */
  readonly lockPath: string;
  /** The record of the dead holder. */
  readonly previousHolder: HolderRecord;
}

/** The lock of which is told. */
interface TracedLock {
  readonly path: string;
  readonly lockPath: string;
}

interface AcquiredLock extends TracedLock {
  readonly previousHolder: HolderRecord | undefined;
}

type Calls = TracingChannel<unknown, LockMessage>;

export const acquiring: Calls = tracingChannel<unknown, LockMessage>('holdfast:acquire');
export const releasing: Calls = tracingChannel<unknown, LockMessage>('holdfast:release');
const recovered = channel('holdfast:recovered');

/** Tells of a call that is asynchronous. */
export function traced<T>(calls: Calls, lock: TracedLock, call: () => Promise<T>): Promise<T> {
  return hasSubscribers(calls) ? calls.tracePromise(call, toMessage(lock)) : call();
}

/** Tells of a call that is synchronous. */
export function tracedSync<T>(calls: Calls, lock: TracedLock, call: () => T): T {
  return hasSubscribers(calls) ? calls.traceSync(call, toMessage(lock)) : call();
}

/** Tells of a lock that has just been acquired, if it was taken over from a dead holder. */
export function traceRecovery(lock: AcquiredLock): void {
  if (!recovered.hasSubscribers || lock.previousHolder === undefined) return;
  const message: RecoveredMessage = { ...toMessage(lock), previousHolder: lock.previousHolder };
  recovered.publish(message);
}

/** Not by `hasSubscribers` of the tracing channel itself, which not every runtime has. */
function hasSubscribers({ start, end, asyncStart, asyncEnd, error }: Calls): boolean {
  return (
    start.hasSubscribers ||
    end.hasSubscribers ||
    asyncStart.hasSubscribers ||
    asyncEnd.hasSubscribers ||
    error.hasSubscribers
  );
}

function toMessage({ path, lockPath }: TracedLock): LockMessage {
  return { path, lockPath };
}
