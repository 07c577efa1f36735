/** The record of a claim that this thread is about to create. */
import { dirname } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { lightBeacon } from '../system/beacon.js';
import { isLocal } from '../system/directory-facts.js';
import { openLifeline } from '../system/lifeline.js';
import { thisMachine, type Identity } from '../system/machine.js';
import { lockFailed, type LockNames } from './messages.js';
import type { Options } from './options.js';
import { randomBytes } from '../system/random-bytes.js';
import { INITIAL_PID_NAMESPACE } from '../system/proc.js';
import type { HolderRecord, Token } from '../model/record.js';

type HolderIdentity = Omit<Identity, 'thread'> & { readonly thread?: number };

/** The fields that distinguish a thread from its process. */
const THREAD_FIELDS: readonly string[] = ['thread', 'task', 'taskStarted'] satisfies (keyof Identity)[];

let wholeProcess: HolderIdentity | undefined;

/** The identity of the holder. It is computed once, because it doesn't change while this thread lives. */
function identityOf(threaded: boolean): HolderIdentity {
  const self = thisMachine.self();
  if (threaded) return self;
  const fields = () => Object.entries(self).filter(([field]) => !THREAD_FIELDS.includes(field));
  return (wholeProcess ??= Object.fromEntries(fields()) as unknown as HolderIdentity);
}

/** @throws {LockFailed} if the system lacks the means for the moment: a claim without an identity can't be recovered. */
function identityFor(lock: LockNames, threaded: boolean): HolderIdentity {
  try {
    return identityOf(threaded);
  } catch (cause) {
    throw lockFailed(lock, cause);
  }
}

export function newRecord(lock: LockNames, options: Options): HolderRecord {
  const { lockPath } = lock;
  const { note, threaded } = options;
  const since = Date.now();
  const token = newToken(since);
  const identity = identityFor(lock, threaded);
  const lifeline = openLifeline();
  const local = isLocal(dirname(lockPath));
  const beacon = local && keepsBeacon(options) ? lightBeacon(lockPath, token) : undefined;
  return {
    token,
    ...identity,
    ...(local ? { local } : undefined),
    ...(beacon === undefined ? undefined : { beacon, ...deviceField(dirname(lockPath)) }),
    ...(lifeline === undefined ? undefined : { lifeline }),
    since,
    ...(note === undefined ? undefined : { note }),
  };
}

/** The device that a beacon is on, which tells a judge whether it sees the same socket. */
function deviceField(directory: string): { device?: number } {
  const device = thisMachine.device(directory);
  return device === undefined ? {} : { device };
}

/** Does this claim need a beacon, for processes that can't interpret our pids? */
function keepsBeacon({ beacon, threaded }: Options): boolean {
  // The claim of a whole process must not lose its beacon when one of its workers ends.
  if (!threaded && !isMainThread) return false;
  const { pidNamespace } = thisMachine.self();
  return beacon ?? (pidNamespace !== undefined && pidNamespace !== INITIAL_PID_NAMESPACE);
}

/** Random bytes are drawn for so many claims at once, because each draw costs more than the rest of a claim. */
const BATCH = 256;
const RANDOM_BYTES = 6;
let randomBatch: Buffer = Buffer.alloc(0);
let used = BATCH;

/** A token begins with the time, so that the order of tokens is the order of the wait queue. */
function newToken(since: number): Token {
  if (used === BATCH) {
    randomBatch = randomBytes(BATCH * RANDOM_BYTES);
    used = 0;
  }
  const start = used++ * RANDOM_BYTES;
  return since.toString(16).padStart(12, '0') + randomBatch.toString('hex', start, start + RANDOM_BYTES);
}
