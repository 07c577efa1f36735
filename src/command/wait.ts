/**
 * `holdfast wait`: until the lock is free, without taking it.
 *
 * Rule: it only inspects the lock. Taking it for a moment would be more certain, but would refuse a contender that
 * asks at that moment and doesn't wait.
 *
 * Promised: the lock was free at some moment since the call. A change of holder proves that too.
 */
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LockTimeout } from '../model/errors.js';
import type { Holder } from '../model/holder.js';
import type { Wait } from './arguments.js';
import { inspectPath } from './status.js';

const FIRST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 250;

export async function wait({ path, timeout }: Wait): Promise<void> {
  const deadline = performance.now() + timeout;
  let first: Holder | undefined;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    const { state, holder, lockPath } = await inspectPath(path);
    if (state !== 'held' || holder === null) return;
    first ??= holder;
    if (first.token !== holder.token) return;
    const left = deadline - performance.now();
    if (left <= 0)
      throw new LockTimeout(`Timed out after ${String(timeout)} ms.`, {
        path: resolve(path),
        lockPath,
        holder,
      });
    await sleep(Math.min(pause, left));
  }
}
