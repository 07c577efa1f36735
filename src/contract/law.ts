/** A law: one thing that callers may rely on, and the test that checks it. */
import type { Peer } from './peers.js';
import type { Form } from './form.js';
import type { LockBase } from '../lock/lock-base.js';
import type { LockOptions } from '../lock/options.js';

/** What the check of a law works with. */
export interface World {
  readonly form: Form;
  /** The path to lock; `make` uses it by default. */
  readonly path: string;
  readonly make: (options?: LockOptions, path?: string) => LockBase;
  readonly startPeer: (where?: 'process' | 'worker') => Promise<Peer>;
}

export interface Law {
  /** The call or the topic that the law is about. */
  readonly row: string;
  readonly name: string;
  /** The only form in which the law applies. */
  readonly form?: Form['name'];
  /** The law starts processes, so it runs in the main thread only. */
  readonly needsProcesses?: true;
  /** The law kills processes at any moment, also while they create a private file. */
  readonly kills?: true;
  readonly check: (world: World) => Promise<void>;
}

/** How long a law waits for something that must not happen. */
export const SHORT_MS = 40;
/** How long a law waits at most for something that must happen, also on a busy machine. */
export const LONG_MS = 20_000;
/** How often each contender takes the lock. */
export const TURNS = 12;
