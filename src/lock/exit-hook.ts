/**
 * Gives back at exit what this thread holds or is acquiring: on a normal end, `process.exit`, an uncaught error and
 * the signals that can be caught.
 *
 * Rule EXIT-1: hooked only while something is on disk. Otherwise signals and exit codes are as without this package.
 * Left open: it is unhooked a moment after the last release, some ten milliseconds. Code that keeps a thread busy
 * right after it keeps Ctrl-C waiting as well.
 * Rule EXIT-2: nothing is thrown at exit. What can't be given back there is the dead's a moment later, and recovered.
 */
import { onExit } from 'signal-exit';
import { putOutBeacon } from '../system/beacon.js';
import type { AnyClaim } from '../model/claim.js';
import { closeLifeline } from '../system/lifeline.js';
import { registry, type TrackedClaim } from './registry.js';

/**
 * Has a claim given back at exit from now on.
 *
 * @param isHooking Not for a thread that looks up from its sleep for an instant: a signal of that instant would be left
 *   to a listener, and the thread sleeps on.
 */
export function trackClaim(owned: TrackedClaim, isHooking = true): void {
  const { token } = owned.claim.record;
  registry.owned.set(token, owned);
  registry.resting.delete(token);
  if (isHooking) registry.unhook ??= hook();
}

/** The end of `own`. */
export function untrackClaim(claim: AnyClaim): void {
  registry.resting.delete(claim.record.token);
  stopTracking(claim);
  if (registry.owned.size > 0) registry.unhook ??= hook(); // After a wait that went without.
}

/** Has a claim that pauses, with nothing on disk, not given back; it keeps the lifeline that is written in it. */
export function suspendClaim(claim: AnyClaim): void {
  registry.resting.add(claim.record.token);
  stopTracking(claim);
}

/** Hooking takes some hundred system calls, a few for each signal: not for every lock of one who takes many in a row. */
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
  // By way of an immediate: a signal that came while this thread was busy is told to its listeners after the timers and
  // before that. Unhooked by the timer itself, it would be lost.
  setTimeout(() => setImmediate(unhookIfIdle).unref(), UNHOOK_MS).unref();
}

/**
 * Where Bun ends by itself it emits `exit` past the patched `process.emit` by which signal-exit hears of it. Elsewhere
 * no listener of our own: signal-exit's turn comes after the listeners of callers, who may give their locks back there.
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
 * Unhooks, whatever is held, until the next `own`: for a thread that stops. A signal's listener can't run there, and
 * would only keep the signal from doing what it does by itself; what a process holds that is ended so is the dead's.
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
