/**
 * Releases at exit what this thread holds or is acquiring: on a normal end, `process.exit()`, an uncaught error and the
 * signals that ask a process to end.
 *
 * Rule EXIT-1: The hooks exist only while something is on disk. Otherwise signals and exit codes are as without this
 * package. Left open: the hooks stay some ten milliseconds after the last release. Code that keeps a thread busy right
 * after the release delays Ctrl-C as well.
 * Rule EXIT-2: Nothing is thrown at exit. If a lock can't be released there, the next contender recovers it.
 * Rule EXIT-3: A lock is never free while its holder can still write. The thread pool completes the calls that it has
 * got, also after the last JavaScript has run:
 *
 *     P.1 fs.writeFile('data', …), not awaited; process.exit(): the exit hooks release the lock
 *     Q.1 acquires the lock, writes data
 *     P.2 the thread pool writes data
 *
 * So while file system calls are under way, what is held stays locked. The process is dead a moment later, and the next
 * contender recovers its locks.
 * Rule EXIT-4: All of it takes 100 ms at most, in whatever number, as far as the file system answers at once.
 *
 * Not promised: that the writes of native add-ons, of worker threads and of child processes have ended.
 */
import { setImmediate, setTimeout } from 'node:timers'; // Not the global ones, which tests replace.
import { putOutBeacon } from '../system/beacon.js';
import type { AnyClaim } from '../model/claim.js';
import { closeLifeline } from '../system/lifeline.js';
import { hasFileCallsUnderWay } from './file-calls.js';
import { onProcessEnd } from './process-end.js';
import { registry, type TrackedClaim } from './registry.js';

/**
 * Has a claim released at exit from now on.
 *
 * @param isHooking False for a thread that interrupts a synchronous wait for an instant: a signal in that instant would
 *   go to a listener, and the thread would go on waiting.
 */
export function trackClaim(owned: TrackedClaim, isHooking = true): void {
  const { token } = owned.claim.record;
  registry.owned.set(token, owned);
  registry.resting.delete(token);
  if (isHooking) hookExit();
}

/** The end of `trackClaim`. */
export function untrackClaim(claim: AnyClaim): void {
  registry.resting.delete(claim.record.token);
  stopTracking(claim);
  if (registry.owned.size > 0) hookExit(); // A synchronous wait removed the hooks.
}

/** Stops tracking a claim that pauses with nothing on disk. The lifeline that its record names stays open. */
export function suspendClaim(claim: AnyClaim): void {
  registry.resting.add(claim.record.token);
  stopTracking(claim);
}

/**
 * Has `cleanUp` called at exit, before anything is released: for files that must not stay when the lock is free. Returns
 * what ends that.
 */
export function beforeExitRelease(cleanUp: () => void): () => void {
  registry.cleanUps.add(cleanUp);
  return () => {
    registry.cleanUps.delete(cleanUp);
  };
}

/** Hooking takes a few system calls for each signal, so it isn't repeated for each of many locks in a row. */
const UNHOOK_MS = 10;

let isUnhooking = false;

function stopTracking(claim: AnyClaim): void {
  registry.owned.delete(claim.record.token);
  putOutBeacon(claim.record.token);
  if (registry.owned.size > 0 || isUnhooking) return;
  isUnhooking = true;
  const unhookIfIdle = () => {
    isUnhooking = false;
    if (registry.owned.size > 0) return;
    unhookExit();
    if (registry.resting.size === 0) closeLifeline();
  };
  // In an immediate: a signal that arrived while this thread was busy reaches its listeners after the timers and before
  // the immediates. If the timer itself removed the hooks, that signal would be lost.
  setTimeout(() => setImmediate(unhookIfIdle).unref(), UNHOOK_MS).unref();
}

function hookExit(): void {
  registry.unhook ??= onProcessEnd(releaseAll);
}

/**
 * Removes the hooks until the next `trackClaim`, whatever is held: for a thread that blocks. A signal's listener can't run
 * there, and would only suppress the signal's default action. The next contender recovers what such a process held.
 */
export function unhookExit(): void {
  registry.unhook?.();
  registry.unhook = undefined;
}

/** EXIT-4, in milliseconds. */
const EXIT_LIMIT_MS = 100;

/**
 * The pauses after which what was being acquired is removed again, in milliseconds: a call in the thread pool can't be
 * awaited any more, and may create its file after ours was removed. What it creates even later is swept.
 */
const EXIT_PAUSES_MS = [4, 16];

const now = performance.now.bind(performance); // Before a test replaces it.
const never = new Int32Array(new SharedArrayBuffer(4));

function releaseAll(): void {
  const deadline = now() + EXIT_LIMIT_MS;
  const hasTime = () => now() < deadline;
  for (const cleanUp of registry.cleanUps) attempt(cleanUp);
  const claims = [...registry.owned.values()];
  const held = claims.filter((each) => each.isHeld());
  const unfinished = claims.filter((each) => !held.includes(each));
  const isUnderWay = hasFileCallsUnderWay();
  const giveBack = (each: TrackedClaim) => {
    if (hasTime()) attempt(() => each.giveBack(hasTime));
  };
  unfinished.forEach(giveBack);
  if (isUnderWay && unfinished.length > 0) {
    for (const pause of EXIT_PAUSES_MS) {
      Atomics.wait(never, 0, 0, pause);
      unfinished.forEach(giveBack);
    }
  }
  if (!isUnderWay) held.forEach(giveBack); // EXIT-3
  // The beacon of a lock that stays proves when its holder is dead, so it stays too.
  for (const { claim } of isUnderWay ? unfinished : claims) {
    registry.owned.delete(claim.record.token);
    putOutBeacon(claim.record.token);
  }
}

function attempt(work: () => void): void {
  try {
    work();
  } catch {
    // EXIT-2
  }
}
