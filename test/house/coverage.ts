/**
 * Fails unless the tests covered enough: every branch on floors 0 and 1, where a branch that no test takes is a
 * race that nobody thought through; 90 % of everything overall.
 *
 * Runs after c8, on its summary. c8 has gates of its own, but takes its list of files from a pattern, and ours
 * stands in the table of floors.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { projectDirectory, sourceDirectory } from '../support/paths.js';
import { floors } from './floors.js';

const overallPercent = 90;

const measures = ['lines', 'branches', 'functions'] as const;

type Coverage = Readonly<Record<(typeof measures)[number], { readonly pct: number }>>;
/** File name, relative to `src/`, or `total`, to what was covered of it. */
export type Summary = Readonly<Record<string, Coverage>>;

export function complaints(summary: Summary, table: Readonly<Record<string, number>>): string[] {
  const strict = Object.keys(table).filter((name) => (table[name] ?? 0) <= 1);
  return [
    ...strict.flatMap((name) => {
      const percent = summary[name]?.branches.pct;
      if (percent === undefined) return [`src/${name}: not measured`];
      return percent < 100
        ? [`src/${name}: ${percent} % of branches, 100 % are required on floors 0 and 1`]
        : [];
    }),
    ...measures.flatMap((measure) => {
      const percent = summary['total']?.[measure].pct;
      if (percent === undefined) return [`overall: ${measure} not measured`];
      return percent < overallPercent
        ? [`overall: ${percent} % of ${measure}, ${overallPercent} % are required`]
        : [];
    }),
  ];
}

function readSummary(): Summary {
  const text = readFileSync(join(projectDirectory, 'coverage/coverage-summary.json'), 'utf8');
  const summary = JSON.parse(text) as Summary;
  const start = join(sourceDirectory, '/').length;
  return Object.fromEntries(
    Object.entries(summary).map(([path, coverage]) => [
      path === 'total' ? path : path.slice(start),
      coverage,
    ]),
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const complaint of complaints(readSummary(), floors)) {
    console.error(`coverage: ${complaint}`);
    process.exitCode = 1;
  }
}
