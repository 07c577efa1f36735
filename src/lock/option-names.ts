/**
 * Refuses options that don't exist. JavaScript would ignore a misspelled one: `{ timout: 5 }` would wait without a limit.
 *
 * Rule OPTIONS-1: Every constructor and call that takes options refuses unknown names, before anything is touched.
 */

/** Throws a `TypeError` if `options` is not an object, or has a name that is not `known`. */
export function checkNames(options: unknown, known: readonly string[], what = 'option'): void {
  if (typeof options !== 'object' || options === null) throw new TypeError('options must be an object');
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    const near = nearest(name, known);
    const advice = near === undefined ? `known are ${known.join(', ')}` : `did you mean ${near}?`;
    throw new TypeError(`unknown ${what} ${JSON.stringify(name)}: ${advice}`);
  }
}

/** The known name that `name` was probably meant to be. */
function nearest(name: string, known: readonly string[]): string | undefined {
  const written = name.toLowerCase();
  const limit = Math.max(2, Math.floor(name.length / 3));
  const [best] = known
    .map((each) => ({ each, edits: editDistance(written, each.toLowerCase()) }))
    .filter(({ edits, each }) => edits <= limit && edits < each.length)
    .sort((one, other) => one.edits - other.edits);
  return best?.each;
}

/** How many insertions, deletions and replacements make one word of the other (Levenshtein's distance). */
function editDistance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let at = 1; at <= one.length; at++) {
    const next = [at];
    for (let to = 1; to <= other.length; to++) {
      const replaced = (row[to - 1] ?? 0) + (one[at - 1] === other[to - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[to] ?? 0) + 1, (next[to - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[other.length] ?? 0;
}
