/**
 * The benchmark: `npm run bench`, with `-- --json FILE` to keep the figures, `-- --render FILE` to print them as a
 * table again, `-- --only WORD` for the rows whose title contains that word.
 *
 * Rule: subjects that are compared are measured in one run, in turns, so that a disturbance hits all of them. Figures
 * are medians.
 */
import { mkdtempSync, readFileSync, realpathSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { cpus, release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { quantile } from '../support/referee.js';
import { rows, type Figures, type Row, type Subject } from './rows.js';

interface Result {
  readonly row: string;
  readonly place: string;
  readonly subject: string;
  /** Absent: the subject doesn't support it. */
  readonly figures?: Figures;
}

interface Run {
  readonly machine: string;
  readonly places: Readonly<Record<string, string>>;
  readonly results: readonly Result[];
}

const FILESYSTEMS: Readonly<Record<number, string>> = {
  0xef53: 'ext4',
  0x01021994: 'tmpfs',
  0x58465342: 'xfs',
  0x9123683e: 'btrfs',
  0x794c7630: 'overlay',
};

function describePlace(path: string): string {
  const { type } = statfsSync(path);
  return FILESYSTEMS[type] ?? `file system type 0x${type.toString(16)}`;
}

async function measure(row: Row, place: string, base: string): Promise<Result[]> {
  const samples = new Map<Subject, Figures[]>();
  for (let round = 1; round <= row.rounds; round++) {
    // In random order, because each subject leaves the next one something to cope with, such as a busy journal.
    for (const subject of shuffled(row.subjects)) {
      process.stderr.write(`\r\x1b[K${row.title} (${place}), ${round} of ${row.rounds}: ${subject}`);
      const directory = mkdtempSync(join(base, 'holdfast-bench-'));
      try {
        const figures = await row.measure(subject, join(directory, 'data'));
        if (figures !== undefined) samples.set(subject, [...(samples.get(subject) ?? []), figures]);
      } finally {
        rmSync(directory, { recursive: true });
      }
    }
  }
  return row.subjects.map((subject) => {
    const all = samples.get(subject);
    const named = { row: row.title, place, subject };
    return all === undefined ? named : { ...named, figures: medians(all) };
  });
}

function shuffled<T>(all: readonly T[]): T[] {
  const drawn = all.map((each) => ({ each, lot: Math.random() }));
  return drawn.sort((one, other) => one.lot - other.lot).map(({ each }) => each);
}

function medians(all: readonly Figures[]): Figures {
  const names = Object.keys(all[0] ?? {});
  return Object.fromEntries(
    names.map((name) => [
      name,
      quantile(
        all.map((figures) => figures[name] ?? NaN),
        0.5,
      ) ?? NaN,
    ]),
  );
}

export function render({ machine, places, results }: Run): string {
  const named = Object.entries(places).map(([place, filesystem]) => `${place}: ${filesystem}`);
  const lines = [
    `${machine}; ${named.join(', ')}.`,
    '',
    '| row | who | figures | holdfast is |',
    '| --- | --- | --- | --- |',
  ];
  for (const { row, place, subject, figures } of results) {
    const ours = results.find(
      (each) => each.row === row && each.place === place && each.subject === 'holdfast',
    );
    lines.push(`| ${row}, ${place} | ${subject} | ${say(figures)} | ${compare(ours?.figures, figures)} |`);
  }
  return `${lines.join('\n')}\n`;
}

function say(figures: Figures | undefined): string {
  if (figures === undefined) return 'can’t';
  return Object.entries(figures)
    .map(([name, value]) => `${round(value)} ${name}`)
    .join(', ');
}

/** By the first figure: more is better for rates, less for everything else. */
function compare(ours: Figures | undefined, theirs: Figures | undefined): string {
  if (ours === undefined || theirs === undefined || ours === theirs) return '';
  const [name = '', value = NaN] = Object.entries(theirs)[0] ?? [];
  const ratio = name.endsWith('/s') ? (ours[name] ?? NaN) / value : value / (ours[name] ?? NaN);
  return `${round(ratio)} x as good`;
}

const round = (value: number): string => String(Number(value.toPrecision(value < 100 ? 2 : 3)));

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { json: { type: 'string' }, render: { type: 'string' }, only: { type: 'string' } },
  });
  if (values.render !== undefined) {
    process.stdout.write(render(JSON.parse(readFileSync(values.render, 'utf8')) as Run));
    return;
  }
  const bases = { disk: realpathSync(tmpdir()), memory: '/dev/shm' };
  const results: Result[] = [];
  for (const row of rows) {
    if (!row.title.includes(values.only ?? '')) continue;
    const places = row.hasPlace ? (['disk', 'memory'] as const) : (['disk'] as const);
    for (const place of places) results.push(...(await measure(row, place, bases[place])));
  }
  process.stderr.write('\r\x1b[K');
  const [cpu] = cpus();
  const run: Run = {
    machine: `${cpu?.model ?? 'unknown processor'}, ${cpus().length} cores, ${process.platform} ${release()}, Node ${process.version}`,
    places: { disk: describePlace(bases.disk), memory: describePlace(bases.memory) },
    results,
  };
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(run, undefined, 2)}\n`);
  process.stdout.write(render(run));
}

await main();
