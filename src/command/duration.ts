/** A duration as people type it: `30s`, `500ms`, `2m`, `1.5h`; a bare number is seconds, as for sleep(1) and flock(1). */

const FACTORS: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

/** In milliseconds; `undefined` if it is no duration. */
export function parseDuration(text: string): number | undefined {
  const [, number, unit = 's'] = /^(\d+(?:\.\d+)?)([a-z]+)?$/.exec(text) ?? [];
  const factor = FACTORS.get(unit);
  return number === undefined || factor === undefined ? undefined : Number(number) * factor;
}
