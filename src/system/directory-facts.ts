/** What this thread has learnt of the directories that it locks in: asked once, and used for every lock in them. */
import { thisMachine } from './machine.js';
import type { HolderRecord } from '../model/record.js';

interface DirectoryFacts {
  /** Is it on a disk that only this machine writes? `undefined`: not asked yet. */
  isLocal?: boolean;
  /** Its filesystem refuses hard links. */
  refusesLinks?: boolean;
  /** What the dead left here before our time has been swept. */
  isSwept?: boolean;
}

/** A program that locks in ever new directories must not grow for it. */
const MAX_PATHS = 1_000;

const known = new Map<string, DirectoryFacts>();

export function directoryFacts(path: string): DirectoryFacts {
  let found = known.get(path);
  if (found === undefined) {
    if (known.size === MAX_PATHS) known.clear();
    known.set(path, (found = {}));
  }
  return found;
}

/**
 * Is what the dead left to be swept at `place`, which is asked by who is about to? Once by a thread, since it may be of
 * an earlier time, and after each takeover.
 */
export function isSweepDue(place: string, previous: HolderRecord | undefined): boolean {
  const here = directoryFacts(place);
  if (previous === undefined && here.isSwept === true) return false;
  here.isSwept = true;
  return true;
}

/** Is the directory on a disk that only this machine writes? Of one that can't be asked it is not remembered. */
export function isLocal(path: string): boolean {
  const here = directoryFacts(path);
  const answer = here.isLocal ?? thisMachine.isLocal(path);
  if (answer !== undefined) here.isLocal = answer;
  return answer === true;
}
