/**
 * Hears that a name may be free, or its holder dead, from the system instead of asking again and again.
 *
 * Rule WATCH-1: when a watch stands, the name is looked for once more. Otherwise:
 *
 *     P.1 look: Q holds
 *     Q.1 releases
 *     P.2 watches; nothing will ever happen to what P.1 saw
 *
 * Is another's claim there by then, its end is heard as well.
 * Rule WATCH-2: what is heard is only ever a reason to look, so a false alarm costs a look, and a missed one a poll.
 * Rule WATCH-3: nothing is thrown from a watcher, and none outlives its wait.
 *
 * The file itself is watched, not its directory: of all that happens there, a waiter is woken by the end of the one
 * claim that it waits for. That end is the last name's, so a release of four calls wakes nobody twice.
 */
import { lstatSync, watch, type FSWatcher } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { HolderRecord } from '../model/record.js';
import type { Found } from '../model/steps.js';

/** A watch that calls back once, on a turn of its own, and has ended by then; never once it is closed. */
export interface Watch {
  close(): void;
}

/** `gone`: there is nothing to watch any more. `deaf`: it can't be watched: no watches left, no right, no such means. */
export type WatchState = Watch | 'gone' | 'deaf';

/** Calls back when what stands at `path` may be gone. */
export function watchName(path: string, kind: Found['kind'], onChange: () => void): WatchState {
  // No file, or none that is known: to find none there would be taken for news, at every pause.
  if (kind === 'row' || kind === 'other') return 'deaf';
  const watching =
    kind === 'symlink' || kind === 'foreign' ? watchParent(path, onChange) : watchPath(path, onChange);
  if (typeof watching !== 'object' || exists(path)) return watching; // WATCH-1
  watching.close();
  return 'gone';
}

/** By way of its directory: a watch follows symbolic links, and those that are locks lead nowhere. */
function watchParent(path: string, onEvent: () => void): WatchState {
  const name = basename(path);
  return watchPath(dirname(path), onEvent, (changed) => changed === name);
}

function exists(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return true; // As far as we can tell.
  }
}

/** Calls back when the holder ends. */
export function watchLife(record: HolderRecord, onEnd: () => void): WatchState {
  const { pid, lifeline } = record;
  return lifeline === undefined ? 'deaf' : watchPath(`/proc/${String(pid)}/fd/${String(lifeline)}`, onEnd);
}

function watchPath(
  path: string,
  onEvent: () => void,
  concerns: (name: string | null) => boolean = () => true,
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
    if (isOver) return; // Deno tells of an error, as that a name is missing, though the watch is closed by then.
    close();
    onEvent();
  };
  watcher.on('error', fire); // Windows, when a directory goes.
  watcher.on('change', (event, name) => {
    // `rename` is what an end is called; a second name made or removed is a `change`.
    if (event === 'rename' && concerns(name as string | null)) fire();
  });
  return { close };
}
