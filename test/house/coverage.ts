/**
 * Fails unless the tests covered enough: every branch of `model/` and `protocol/`, because there an untested branch is
 * a race that nobody thought through, and 90 % overall.
 *
 * This runs after c8 and reads its summary. The gates of c8 itself can't differ by folder.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { projectDirectory, sourceDirectory, sourceFiles } from '../support/paths.js';
import { folderOf, pureFolders } from './floors.js';

const overallPercent = 90;

const measures = ['lines', 'branches', 'functions'] as const;

type Coverage = Readonly<Record<(typeof measures)[number], { readonly pct: number }>>;
/** Maps a file name, relative to `src/`, or `total`, to its coverage. */
export type Summary = Readonly<Record<string, Coverage>>;

/** @param files The sources, relative to `src/`. */
export function complaints(summary: Summary, files: readonly string[]): string[] {
  const strict = files.filter((name) => pureFolders.includes(folderOf(name)));
  return [
    ...strict.flatMap((name) => {
      const percent = summary[name]?.branches.pct;
      if (percent === undefined) return [`src/${name}: not measured`];
      return percent < 100
        ? [`src/${name}: ${percent} % of branches, 100 % are required in model/ and protocol/`]
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
  for (const complaint of complaints(readSummary(), sourceFiles())) {
    console.error(`coverage: ${complaint}`);
    process.exitCode = 1;
  }
}
