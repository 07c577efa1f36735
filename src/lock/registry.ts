/**
 * The claims that this thread has on disk, and its queues: one registry a thread, shared by all copies of this
 * package.
 */
import type { AnyClaim } from '../model/claim.js';
import { threadGlobal } from '../system/thread-global.js';
import { ThreadQueues } from './thread-queue.js';

/** A claim that this thread has on disk, or is about to create. */
export interface TrackedClaim {
  readonly claim: AnyClaim;
  /** Is the lock held? Otherwise it is being acquired or released, or another one is broken under the claim. */
  readonly isHeld: () => boolean;
  /** Removes the claim from the disk, however far it has got, and waits only while there is time. May throw. */
  readonly giveBack: (hasTime: () => boolean) => void;
  /** Called when any object releases the claim or breaks it by force: the tasks that queue behind it can go on. */
  readonly letGo: (how: 'broken' | 'released') => void;
}

export interface Registry {
  readonly queues: ThreadQueues;
  /** By token. */
  readonly owned: Map<string, TrackedClaim>;
  /** Tokens of claims that pause, and have nothing on disk. */
  readonly resting: Set<string>;
  /** Called at exit before anything is released. */
  readonly cleanUps: Set<() => void>;
  /** Removes the exit hooks, if they are set. */
  unhook?: (() => void) | undefined;
}

export const registry: Registry = threadGlobal('registry.2', () => ({
  queues: new ThreadQueues(),
  owned: new Map(),
  resting: new Set(),
  cleanUps: new Set(),
}));
