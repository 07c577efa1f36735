/**
 * When a release also removes what killed waiters left. Not at each one: a read of the directory would take as long as
 * a third of the whole cycle.
 *
 * Rule: at most every `SHORTEST_MS`, and for at most a hundredth of the time.
 */

const SHORTEST_MS = 20;
const LONGEST_MS = 2_000;
const SHARE = 100;

/** A program that locks in ever new directories must not grow for it. */
const MAX_DIRECTORIES = 1_000;

/** When each directory is due. */
const due = new Map<string, number>();

export function isTidyDue(directory: string): boolean {
  return performance.now() >= (due.get(directory) ?? 0);
}

/** The directory has been swept since `began`. */
export function noteTidied(directory: string, began: number): void {
  const now = performance.now();
  if (due.size === MAX_DIRECTORIES) due.clear();
  due.set(directory, now + Math.min(Math.max(SHORTEST_MS, SHARE * (now - began)), LONGEST_MS));
}
