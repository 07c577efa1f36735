/**
 * When this machine was started.
 *
 * Not promised: precision, or a clock that nobody sets. So it only shortens a grace period, and proves nothing.
 */
import { uptime } from 'node:os';

/** `uptime()` counts whole seconds, and nothing of ours runs in a kernel's first ones. */
const MARGIN_MS = 2_000;

/** Did a file change before this machine was started, and `witness` since, by the times that the file system gave them? */
export function isBeforeBoot(changedMs: number, witnessMs: number): boolean {
  const startedMs = Date.now() - uptime() * 1_000 - MARGIN_MS;
  return changedMs < startedMs && startedMs < witnessMs;
}
