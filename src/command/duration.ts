/**
 * Parses durations on the command line: `30s`, `500ms`, `2m`, `1.5h`. A number without a unit is in seconds, as for
 * sleep(1) and flock(1).
 */

const FACTORS: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

/** Returns milliseconds, or `undefined` if the text is not a duration. */
export function parseDuration(text: string): number | undefined {
  const [, number, unit = 's'] = /^(\d+(?:\.\d+)?)([a-z]+)?$/.exec(text) ?? [];
  const factor = FACTORS.get(unit);
  return number === undefined || factor === undefined ? undefined : Number(number) * factor;
}
