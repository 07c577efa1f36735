/**
 * `holdfast wait`: until the lock is free, without taking it.
 *
 * Rule: it only looks. Taking the lock for a moment would be surer, and would turn away those who ask for it at that
 * moment and don't wait.
 *
 * Promised is that the lock was free at some moment since; another holder is a proof of that as good as none.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { LockTimeout } from '../model/errors.js';
import type { Holder } from '../model/holder.js';
import type { Wait } from './arguments.js';
import { inspectPath } from './status.js';

const FIRST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 250;

export async function wait({ path, timeout }: Wait): Promise<void> {
  const until = performance.now() + timeout;
  let first: Holder | undefined;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    const { state, holder, lockPath } = await inspectPath(path);
    if (state !== 'held' || holder === null) return;
    first ??= holder;
    if (first.token !== holder.token) return;
    const left = until - performance.now();
    if (left <= 0) throw new LockTimeout('The time is up.', { path: lockPath, holder });
    await sleep(Math.min(pause, left));
  }
}
