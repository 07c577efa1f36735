/**
 * Releases at exit what this thread holds or is acquiring: on a normal end, `process.exit()`, an uncaught error and the
 * signals that can be caught.
 *
 * Rule EXIT-1: The hooks exist only while something is on disk. Otherwise signals and exit codes are as without this
 * package. Left open: the hooks stay some ten milliseconds after the last release. Code that keeps a thread busy right
 * after the release delays Ctrl-C as well.
 * Rule EXIT-2: Nothing is thrown at exit. If a lock can't be released there, the next contender recovers it.
 */
import { onExit } from 'signal-exit';
import { putOutBeacon } from '../system/beacon.js';
import type { AnyClaim } from '../model/claim.js';
import { closeLifeline } from '../system/lifeline.js';
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
  if (isHooking) registry.unhook ??= hook();
}

/** The end of `trackClaim`. */
export function untrackClaim(claim: AnyClaim): void {
  registry.resting.delete(claim.record.token);
  stopTracking(claim);
  if (registry.owned.size > 0) registry.unhook ??= hook(); // A synchronous wait removed the hooks.
}

/** Stops tracking a claim that pauses with nothing on disk. The lifeline that its record names stays open. */
export function suspendClaim(claim: AnyClaim): void {
  registry.resting.add(claim.record.token);
  stopTracking(claim);
}

/** Hooking takes a few system calls for each signal, so it isn't repeated for each of many locks in a row. */
const UNHOOK_MS = 10;

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

/**
 * On a normal end, Bun emits `exit` without the patched `process.emit` that signal-exit relies on. Elsewhere
 * signal-exit runs after the program's own listeners, which may release their locks themselves.
 */
function hook(): () => void {
  const unhook = onExit(releaseAll);
  if (process.versions['bun'] === undefined) return unhook;
  process.on('exit', releaseAll);
  return () => {
    process.off('exit', releaseAll);
    unhook();
  };
}

let isUnhooking = false;

/**
 * Removes the hooks until the next `trackClaim`, whatever is held: for a thread that blocks. A signal's listener
 * can't run there, and would only suppress the signal's default action. The next contender recovers what such a
 * process held.
 */
export function unhookExit(): void {
  registry.unhook?.();
  registry.unhook = undefined;
}

function releaseAll(): void {
  for (const [token, { giveBack }] of registry.owned) {
    try {
      giveBack();
    } catch {
      // EXIT-2
    }
    registry.owned.delete(token);
    putOutBeacon(token);
  }
}
