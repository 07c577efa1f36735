/**
 * File system events that report that a name may be free, or that its holder may be dead.
 *
 * Rule WATCH-1: After a watch is set up, the name is checked once more. Otherwise:
 *
 *     P.1 checks: Q holds the lock
 *     Q.1 releases it
 *     P.2 sets up the watch; nothing will ever happen to the file that P.1 saw
 *
 * If another claim stands there by then, the watch reports the end of that one.
 * Rule WATCH-2: An event is only a reason to check. So a false event costs one check, and a missed one costs one poll.
 * Rule WATCH-3: Nothing is thrown from a watcher, and no watcher outlives its wait.
 *
 * The file itself is watched, not its directory, so that a waiter is woken only by the end of the one claim that it
 * waits for. The event comes when the last name is removed, so a release of four calls wakes nobody twice.
 */
import { lstatSync, watch, type FSWatcher } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { HolderRecord } from '../model/record.js';
import { hasProc } from '../system/proc.js';
import type { Found } from '../model/steps.js';

/** A watch calls back once, asynchronously, and is closed by then. It never calls back after `close`. */
export interface Watch {
  close(): void;
}

/** `gone`: nothing is left to watch. `deaf`: no watch is possible: none left, no permission, or not supported. */
export type WatchState = Watch | 'gone' | 'deaf';

/** Calls back when the file at `path` may be gone. */
export function watchName(path: string, kind: Found['kind'], onChange: () => void): WatchState {
  // There is no file that could be watched, so WATCH-1 would find it missing at every pause.
  if (kind === 'row' || kind === 'other') return 'deaf';
  const watching =
    kind === 'symlink' || kind === 'foreign' ? watchParent(path, onChange) : watchPath(path, onChange);
  if (typeof watching !== 'object' || exists(path)) return watching; // WATCH-1
  watching.close();
  return 'gone';
}

/** Calls back when anything happens to the lock at `path`, for its holder: also when only the lock's own name is removed. */
export function watchChange(path: string, kind: Found['kind'], onChange: () => void): WatchState {
  if (kind === 'row' || kind === 'other') return 'deaf';
  const any = () => true;
  if (kind !== 'symlink') return watchPath(path, onChange, any, any);
  const name = basename(path);
  return watchPath(dirname(path), onChange, (changed) => changed === name, any);
}

/** Watches the directory instead: a watch follows symbolic links, and a lock's symbolic link leads nowhere. */
function watchParent(path: string, onEvent: () => void): WatchState {
  const name = basename(path);
  return watchPath(dirname(path), onEvent, (changed) => changed === name);
}

function exists(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return true; // Nothing proves that it is gone.
  }
}

/** Calls back when the holder's process or thread ends. */
export function watchLife(record: HolderRecord, onEnd: () => void): WatchState {
  const { pid, lifeline } = record;
  return lifeline === undefined || !hasProc
    ? 'deaf'
    : watchPath(`/proc/${String(pid)}/fd/${String(lifeline)}`, onEnd);
}

function watchPath(
  path: string,
  onEvent: () => void,
  concerns: (name: string | null) => boolean = () => true,
  matters: (event: string) => boolean = (event) => event === 'rename',
): WatchState {
  let watcher: FSWatcher;
  try {
    watcher = watch(path, { persistent: false });
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'gone' : 'deaf';
  }
  let isOver = false;
  const close = () => {
    isOver = true;
    watcher.close();
  };
  const fire = () => {
    if (isOver) return; // Deno reports errors, such as a missing name, even after the watch was closed.
    close();
    onEvent();
  };
  watcher.on('error', fire); // On Windows, when a directory is removed.
  watcher.on('change', (event, name) => {
    // Removal is reported as `rename`. Another link that is made or removed is a `change`.
    if (matters(event) && concerns(name as string | null)) fire();
  });
  return { close };
}
