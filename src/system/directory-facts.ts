/** What this thread knows about the directories that it locks in: determined once, used for every lock in them. */
import { thisMachine } from './machine.js';
import type { HolderRecord } from '../model/record.js';

interface DirectoryFacts {
  /** Is it on a disk that only this machine writes? `undefined`: not determined yet. */
  isLocal?: boolean;
  /** The time of that answer, by `performance.now()`. */
  isLocalAt?: number;
  /** Its filesystem refuses hard links. */
  refusesLinks?: boolean;
  /** This thread has removed here what dead processes had left. */
  isSwept?: boolean;
}

/** A bound: a program that locks in more and more directories must not use more and more memory. */
const MAX_PATHS = 1_000;

/** A network share may be mounted over a directory at any time, so an answer about its disk is good only so long. */
const IS_LOCAL_TTL_MS = 100;

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
 * Must the caller now remove what dead processes left in `directory`? True once per thread, since the files may be
 * older than the thread, and after each takeover. Calling this records the sweep as done.
 */
export function isSweepDue(directory: string, previous: HolderRecord | undefined): boolean {
  const facts = directoryFacts(directory);
  if (previous === undefined && facts.isSwept === true) return false;
  facts.isSwept = true;
  return true;
}

/** Is the directory on a disk that only this machine writes? An answer that can't be determined is not remembered. */
export function isLocal(path: string): boolean {
  const facts = directoryFacts(path);
  const now = performance.now();
  if (facts.isLocal === undefined || now - (facts.isLocalAt ?? 0) >= IS_LOCAL_TTL_MS) {
    const answer = thisMachine.isLocal(path);
    if (answer === undefined) delete facts.isLocal;
    else Object.assign(facts, { isLocal: answer, isLocalAt: now });
  }
  return facts.isLocal === true;
}
