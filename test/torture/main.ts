/**
 * `npm run torture -- [--seconds N] [--processes N] [--kinds link,mkdir,…] [--directory DIR] [--stops] [--delays] [--seed S]`
 *
 * Without a directory it goes half of the time to the system's temporary directory, and half to memory. Exit code 1
 * if two were inside at once, an error came that nobody expected, or a file was left.
 */
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { parseArgs } from 'node:util';
import { quantile } from '../support/referee.js';
import { memoryFilesystem } from '../support/temporary.js';
import { KIND_NAMES, type KindName } from './task.js';
import { Torture, type Figures } from './torture.js';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const PROGRESS_MS = 5_000;
const COMPLAINTS_SHOWN = 20;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    processes: { type: 'string', default: '8' },
    kinds: { type: 'string', default: 'default,link,mkdir,symlink' },
    directory: { type: 'string' },
    stops: { type: 'boolean', default: false },
    delays: { type: 'boolean', default: false },
    seed: { type: 'string' },
  },
});

function numberOf(name: 'seconds' | 'processes' | 'seed', text: string): number {
  const number = Number(text);
  if (!(number > 0)) throw new RangeError(`--${name} must be a number above 0, not ${text}`);
  return number;
}

function kindsOf(text: string): KindName[] {
  return text.split(',').map((name) => {
    const kind = KIND_NAMES.find((each) => each === name);
    if (kind === undefined) throw new RangeError(`--kinds are ${KIND_NAMES.join(', ')}; not ${name}`);
    return kind;
  });
}

function say({ recoveries, errors, left, ...figures }: Figures): string {
  const shown = {
    ...figures,
    longestGapMs: Math.round(figures.longestGapMs),
    recoveryMedianMs: quantile(recoveries, 0.5)?.toFixed(1),
    recoveryLongestMs: quantile(recoveries, 1)?.toFixed(1),
    errors: errors.length,
    left: left.length,
  };
  return Object.entries(shown)
    .map(([name, value]) => `${name} ${value ?? '-'}`)
    .join(', ');
}

let running: Torture | undefined;
let isStopping = false;

/** A second Ctrl-C must not keep us from cleaning up after the first. */
function stop(signal: NodeJS.Signals): void {
  if (isStopping) return;
  isStopping = true;
  void (running?.cancel() ?? Promise.resolve()).finally(() => {
    for (const each of SIGNALS) process.removeListener(each, stop);
    process.kill(process.pid, signal);
  });
}

async function play(directory: string, seconds: number): Promise<void> {
  const seed = values.seed === undefined ? Date.now() % 2 ** 32 : numberOf('seed', values.seed);
  const processes = numberOf('processes', values.processes);
  const { stops, delays } = values;
  console.log(`${directory}: ${seconds} s, ${processes} processes, seed ${seed}`);
  const torture = new Torture({
    directory,
    seconds,
    processes,
    kinds: kindsOf(values.kinds),
    stops,
    delays,
    seed,
  });
  running = torture;
  const progress = setInterval(() => console.log(`  ${say(torture.figures)}`), PROGRESS_MS);
  try {
    const figures = await torture.play();
    console.log(`  in all: ${say(figures)}`);
    const complaints = [...figures.errors, ...figures.left.map((name) => `left: ${name}`)];
    for (const each of complaints.slice(0, COMPLAINTS_SHOWN)) console.log(each);
    if (figures.overlaps + figures.errors.length + figures.left.length > 0) process.exitCode = 1;
  } finally {
    clearInterval(progress);
    await torture.cancel();
    running = undefined;
  }
}

for (const signal of SIGNALS) process.on(signal, stop);
const seconds = numberOf('seconds', values.seconds);
const directories =
  values.directory === undefined ? [tmpdir(), memoryFilesystem].filter(existsSync) : [values.directory];
for (const directory of directories) await play(directory, seconds / directories.length);
for (const signal of SIGNALS) process.removeListener(signal, stop);
