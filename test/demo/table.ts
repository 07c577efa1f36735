/** The demo's results, for people. */
import { quantile } from '../support/referee.js';
import type { Result } from './run.js';

export const count = (value: number): string => value.toLocaleString('en');

const ROWS: Readonly<Record<string, (result: Result) => string>> = {
  'increments asked': ({ asked }) => count(asked),
  'increments found in the file': ({ found }) => count(found),
  'updates lost': ({ asked, found }) => count(asked - found),
  'overlaps seen by the referee': ({ overlaps }) => count(overlaps),
  'killed while inside': ({ killedInside }) => count(killedInside),
  'killed at other moments': ({ killedElsewhere }) => count(killedElsewhere),
  'recovery, median': ({ recoveries }) => milliseconds(recoveries, 0.5),
  'recovery, longest': ({ recoveries }) => milliseconds(recoveries, 1),
  time: ({ ms }) => `${(ms / 1_000).toFixed(1)} s`,
};

function milliseconds(values: readonly number[], share: number): string {
  const value = quantile(values, share);
  return value === undefined ? '-' : `${value.toFixed(1)} ms`;
}

export function table(withLock: Result, withoutLock: Result): string {
  const rows = Object.entries(ROWS).map(([name, cell]) => [name, cell(withLock), cell(withoutLock)] as const);
  return [['', 'with the lock', 'without it'] as const, ...rows]
    .map(([name, one, other]) => `${name.padEnd(28)}  ${one.padStart(13)}  ${other.padStart(13)}`)
    .join('\n');
}
