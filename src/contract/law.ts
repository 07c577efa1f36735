/** A law: a row of the table of what callers may rely on, and how it is kept. */
import type { Peer } from './peers.js';
import type { Form } from './form.js';
import type { LockBase } from '../lock/lock-base.js';
import type { LockOptions } from '../lock/options.js';

/** What a law is kept with. */
export interface World {
  readonly form: Form;
  /** What is locked; the same for all, unless they say otherwise. */
  readonly path: string;
  readonly make: (options?: LockOptions, path?: string) => LockBase;
  readonly startPeer: (where?: 'process' | 'worker') => Promise<Peer>;
}

export interface Law {
  readonly row: string;
  readonly name: string;
  /** Only in one form. */
  readonly form?: Form['name'];
  /** Starts processes of its own, which it needs do from the main thread only. */
  readonly needsProcesses?: true;
  /** Kills at any moment, also while a private file is made. */
  readonly kills?: true;
  readonly keep: (world: World) => Promise<void>;
}

/** Long enough that a busy machine doesn't end it, short enough to wait for. */
export const SHORT_MS = 40;
export const LONG_MS = 20_000;
export const TURNS = 12;
