/**
 * What this thread has on disk, and who queues for it: one registry a thread, shared by all copies of this package in
 * it.
 */
import type { AnyClaim } from '../model/claim.js';
import { threadGlobal } from '../system/thread-global.js';
import { ThreadQueues } from './thread-queue.js';

/** A claim that this thread has on disk, or is about to. */
export interface TrackedClaim {
  readonly claim: AnyClaim;
  /** Takes it off the disk, at whatever point it is; may throw. */
  readonly giveBack: () => void;
  /** Called when it is given back, or broken by force, by whichever object: nobody need queue behind it any more. */
  readonly letGo: (how: 'broken' | 'released') => void;
}

export interface Registry {
  readonly queues: ThreadQueues;
  /** By token. */
  readonly owned: Map<string, TrackedClaim>;
  /** Tokens of claims that pause, with nothing on disk. */
  readonly resting: Set<string>;
  /** Undoes the hook into the thread's exit, where there is one. */
  unhook?: (() => void) | undefined;
}

export const registry: Registry = threadGlobal('registry.1', () => ({
  queues: new ThreadQueues(),
  owned: new Map(),
  resting: new Set(),
}));
