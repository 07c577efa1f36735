/**
 * Publishes what a lock does on `node:diagnostics_channel`.
 *
 * Rule: without a subscriber, tracing costs a comparison and allocates nothing.
 *
 * Not promised: messages about locks that are released because their process or thread ends.
 */
import { channel, tracingChannel, type TracingChannel } from 'node:diagnostics_channel';
import type { HolderRecord } from '../model/record.js';

/**
 * The message of the tracing channels `holdfast:acquire` and `holdfast:release`. One call publishes one object, from
 * `start` to its last event.
 *
 * @example
 * tracingChannel('holdfast:acquire').subscribe({ error: (message) => log((message as LockMessage).error) });
 */
export interface LockMessage {
  /** The path that is locked, absolute. */
  readonly path: string;
  /** The lock's name on disk, absolute. */
  readonly lockPath: string;
  /** The error, if the call failed. Absent at `start`. */
  readonly error?: unknown;
}

/**
 * The message of the channel `holdfast:recovered`: a lock was taken over from a dead holder.
 *
 * @example
 * subscribe('holdfast:recovered', (message) => log((message as RecoveredMessage).previousHolder.pid));
 */
export interface RecoveredMessage {
  /** The path that is locked, absolute. */
  readonly path: string;
  /** The lock's name on disk, absolute. */
  readonly lockPath: string;
  /** The record of the dead holder. */
  readonly previousHolder: HolderRecord;
}

/**
 * The message of the channel `holdfast:lost`: a lock was removed while it was held, by force or by hand.
 *
 * @example
 * subscribe('holdfast:lost', (message) => log((message as LostMessage).error.message));
 */
export interface LostMessage {
  /** The path that is locked, absolute. */
  readonly path: string;
  /** The lock's name on disk, absolute. */
  readonly lockPath: string;
  /** Says who has the lock now, if anybody. The reason of the hold's signal. */
  readonly error: Error;
}

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
const lost = channel('holdfast:lost');

/** Traces an asynchronous call. */
export function traced<T>(calls: Calls, lock: TracedLock, call: () => Promise<T>): Promise<T> {
  return hasSubscribers(calls) ? calls.tracePromise(call, toMessage(lock)) : call();
}

/** Traces a synchronous call. */
export function tracedSync<T>(calls: Calls, lock: TracedLock, call: () => T): T {
  return hasSubscribers(calls) ? calls.traceSync(call, toMessage(lock)) : call();
}

/** Publishes that the lock, which was just acquired, was taken over from a dead holder, if it was. */
export function traceRecovery(lock: AcquiredLock): void {
  if (!recovered.hasSubscribers || lock.previousHolder === undefined) return;
  const message: RecoveredMessage = { ...toMessage(lock), previousHolder: lock.previousHolder };
  recovered.publish(message);
}

/** Publishes that a lock was removed while it was held. */
export function traceLoss(lock: TracedLock, error: Error): void {
  if (!lost.hasSubscribers) return;
  const message: LostMessage = { ...toMessage(lock), error };
  lost.publish(message);
}

/** Not `hasSubscribers` of the tracing channel itself: not every runtime has it. */
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
