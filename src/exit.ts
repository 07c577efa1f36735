/**
 * Gives back at exit what this thread holds or is acquiring: on a normal end, `process.exit`, an uncaught error and
 * the signals that can be caught.
 *
 * Rule X1: hooked only while something is on disk. Otherwise signals and exit codes are as without this package.
 * Rule X2: nothing is thrown at exit. What can't be given back there is the dead's a moment later, and recovered.
 */
import { onExit } from 'signal-exit';
import type { Claim } from './claim.js';
import { registry, type Owned } from './registry.js';

/** Has a claim given back at exit from now on. */
export function own(owned: Owned): void {
  registry.owned.set(owned.claim.record.token, owned);
  registry.unhook ??= onExit(giveAllBack);
}

/**
 * The end of `own`. Unhooks when nothing is left: `now`, or `soon`, when this thread gets to it, since hooking again
 * for the next lock is dear.
 */
export function disown(claim: Claim, when: 'now' | 'soon'): void {
  registry.owned.delete(claim.record.token);
  if (registry.owned.size > 0 || registry.unhook === undefined) return;
  if (when === 'now') unhookIfIdle();
  else unhookSoon();
}

let isUnhooking = false;

function unhookSoon(): void {
  if (isUnhooking) return;
  isUnhooking = true;
  setImmediate(() => {
    isUnhooking = false;
    unhookIfIdle();
  });
}

function unhookIfIdle(): void {
  if (registry.owned.size > 0) return;
  registry.unhook?.();
  registry.unhook = undefined;
}

function giveAllBack(): void {
  for (const [token, { giveBack }] of registry.owned) {
    try {
      giveBack();
    } catch {
      // X2
    }
    registry.owned.delete(token);
  }
}
