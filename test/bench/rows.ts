/** The rows of the benchmark. Each measures one subject in one place once; `main.ts` repeats and interleaves them. */
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { projectDirectory } from '../support/paths.js';
import { quantile } from '../support/referee.js';
import { can, now, start, type CallName, type Contender, type Orders } from './contender.js';
import { contenders, modules, subjects, type SubjectName } from './subjects.js';

export type Figures = Readonly<Record<string, number>>;

/** `node alone`: a program that does nothing. */
export type Subject = SubjectName | 'node alone' | 'holdfast, updateJson';

export interface Row<Measured extends Subject = Subject> {
  readonly title: string;
  /** How often it is measured. The median of each figure is reported. */
  readonly rounds: number;
  readonly subjects: readonly Measured[];
  /** Does it depend on the file system of the lock? */
  readonly hasPlace: boolean;
  /** `undefined`: the subject doesn't support it. */
  measure(subject: Measured, path: string): Promise<Figures | undefined>;
}

const everybody = Object.keys(subjects) as SubjectName[];
const BATCH_MS = 300;

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

async function withContenders<T>(
  count: number,
  orders: Orders,
  work: (all: Contender[]) => Promise<T>,
): Promise<T> {
  const all = await Promise.all(Array.from({ length: count }, () => start(orders)));
  try {
    return await work(all);
  } finally {
    await Promise.all(all.map((each) => each.kill()));
    const directory = join(orders.path, '..');
    for (const name of readdirSync(directory)) rmSync(join(directory, name), { recursive: true });
  }
}

/** In a separate process: few programs use two lock libraries, and code that is optimized for several is slower. */
async function perCall(call: CallName, orders: Orders): Promise<Figures | undefined> {
  if (!can(orders, call)) return undefined;
  return await withContenders(call === 'attempt' ? 2 : 1, orders, async ([caller, holder]) => {
    if (call === 'attempt') await holder?.order('hold');
    return { µs: (await caller?.order(call, 0, BATCH_MS))?.each ?? NaN };
  });
}

const lockRows: readonly Row<SubjectName>[] = [
  {
    title: 'uncontended cycle, async',
    rounds: 7,
    subjects: everybody,
    hasPlace: true,
    measure: (subject, path) => perCall('cycle', { subject, path }),
  },
  {
    title: 'uncontended cycle, sync',
    rounds: 7,
    subjects: everybody,
    hasPlace: true,
    measure: (subject, path) => perCall('cycleSync', { subject, path }),
  },
  {
    title: 'a try on a lock that another process holds',
    rounds: 5,
    subjects: everybody,
    hasPlace: true,
    measure: (subject, path) => perCall('attempt', { subject, path }),
  },
  {
    title: 'recovery after SIGKILL of the holder',
    rounds: 7,
    subjects: contenders,
    hasPlace: false,
    measure: (subject, path) =>
      withContenders(2, { subject, path }, async ([holder, waiter]) => {
        await holder?.order('hold');
        const entry = waiter?.order('wait');
        await sleep(500);
        const killed = now();
        await holder?.kill();
        const report = await entry;
        return { 'p50 ms': (report?.entered[0] ?? NaN) - killed };
      }),
  },
  {
    title: 'hand-over between two processes',
    rounds: 3,
    subjects: contenders,
    hasPlace: false,
    measure: (subject, path) =>
      withContenders(2, { subject, path }, async (all) => {
        const reports = await Promise.all(all.map((each) => each.order('loop', 10, 2_000)));
        const left = reports.flatMap((report) => report.left).sort((one, other) => one - other);
        // Only entries that waited: in the others a process took the lock again that it had just released.
        const entered = reports.flatMap((report) =>
          report.entered.filter((_, index) => (report.waits[index] ?? 0) > 5),
        );
        const handOvers = entered.map((entry) => entry - (left.findLast((each) => each <= entry) ?? NaN));
        const known = handOvers.filter((ms) => ms >= 0);
        return { 'p50 ms': quantile(known, 0.5) ?? NaN, 'p99 ms': quantile(known, 0.99) ?? NaN };
      }),
  },
  {
    title: '8 processes, holding for 1 ms',
    rounds: 3,
    subjects: contenders,
    hasPlace: false,
    measure: (subject, path) =>
      withContenders(8, { subject, path }, async (all) => {
        const seconds = 10;
        const reports = await Promise.all(all.map((each) => each.order('loop', 1, seconds * 1_000)));
        const counts = reports.map(({ waits }) => waits.length);
        const waits = reports.flatMap((report) => report.waits);
        return {
          'entries/s': waits.length / seconds,
          'least/mean': Math.min(...counts) / mean(counts),
          'longest wait/mean': Math.max(...waits) / mean(waits),
        };
      }),
  },
  {
    title: '8 processes that wait for 5 s',
    rounds: 3,
    subjects: contenders,
    hasPlace: false,
    measure: (subject, path) =>
      withContenders(9, { subject, path }, async ([holder, ...waiters]) => {
        await holder?.order('hold');
        for (const waiter of waiters) void waiter.order('wait').catch(() => undefined);
        await sleep(1_500); // Starting to wait costs more than waiting.
        const before = cpuOf(waiters);
        await sleep(5_000);
        // npm's lockfile breaks locks that are older than `stale`, and crashes if several waiters do so at once.
        if (waiters.some(({ child }) => child.exitCode !== null)) return undefined;
        return { '% of a core': ((cpuOf(waiters) - before) / 5_000) * 100 };
      }),
  },
  {
    title: '1,000 tasks on one lock in one process',
    rounds: 3,
    subjects: contenders,
    hasPlace: false,
    measure: (subject, path) =>
      withContenders(1, { subject, path }, async ([all]) => {
        const report = all?.order('tasks', 0, 10_000);
        // Some subjects would take minutes, so the rate within ten seconds is reported.
        const entered = (await report)?.entered ?? [];
        const began = entered[0] ?? NaN;
        return { 'tasks/s': ((entered.length - 1) * 1_000) / ((entered.at(-1) ?? NaN) - began) };
      }),
  },
];

const packageRows: readonly Row[] = [
  {
    title: 'bundle, minified and gzipped',
    rounds: 1,
    subjects: [...contenders, 'holdfast, updateJson'],
    hasPlace: false,
    measure: async (subject) => ({ bytes: await bundleSize(subject) }),
  },
  {
    title: 'start of a program that imports it',
    rounds: 25,
    subjects: ['node alone', ...contenders],
    hasPlace: false,
    measure: (subject, path) => Promise.resolve({ ms: startOf(subject, path, '') }),
  },
  {
    title: 'start of a program that takes a lock and gives it back',
    rounds: 25,
    subjects: ['node alone', ...contenders],
    hasPlace: false,
    measure: (subject, path) => Promise.resolve({ ms: startOf(subject, path, locking(subject, path)) }),
  },
];

export const rows: readonly Row[] = [...lockRows, ...packageRows];

/** Milliseconds from start to end of a process that imports a library and runs `program`. */
function startOf(subject: Subject, path: string, program: string): number {
  // A file, because `--eval` loads modules of Node that a library would then get for free.
  const file = `${path}.mjs`;
  const head =
    subject === 'node alone' ? '' : `import * as library from ${JSON.stringify(urlOf(subject))};\n`;
  writeFileSync(file, head + program);
  const began = performance.now();
  execFileSync(process.execPath, [file]);
  return performance.now() - began;
}

/** Synchronous calls, the fastest that proper-lockfile and lockfile have. */
function locking(subject: Subject, path: string): string {
  const name = JSON.stringify(path);
  if (subject === 'node alone') return '';
  if (subject === 'holdfast')
    return `const lock = new library.LockFile(${name}); lock.acquireSync(); lock.releaseSync();`;
  if (subject === 'lockfile')
    return `library.default.lockSync(${name} + '.lock'); library.default.unlockSync(${name} + '.lock');`;
  return `library.default.lockSync(${name}, { realpath: false })();`;
}

const moduleOf = (subject: Subject): string => modules[subject as keyof typeof modules];

function urlOf(subject: Subject): string {
  return pathToFileURL(createRequire(import.meta.url).resolve(moduleOf(subject))).href;
}

/** Milliseconds of processor time that all threads of these processes have used: proc_pid_schedstat(5). */
function cpuOf(all: readonly Contender[]): number {
  const tasks = all.flatMap(({ child }) => {
    const directory = `/proc/${String(child.pid)}/task`;
    return readdirSync(directory).map((task) => join(directory, task, 'schedstat'));
  });
  const ns = tasks.map((path) => Number(readFileSync(path, 'utf8').split(' ')[0]));
  return ns.reduce((sum, each) => sum + each, 0) / 1e6;
}

/** The size in bytes of a bundle of a module's main export, minified and gzipped. */
export async function bundleSize(subject: Subject): Promise<number> {
  const [library, name] =
    subject === 'holdfast, updateJson' ? ['holdfast', 'updateJson'] : [subject, undefined];
  const exported = name ?? (library === 'holdfast' ? 'LockFile' : 'lock');
  const { outputFiles } = await build({
    stdin: {
      contents: `export { ${exported} } from ${JSON.stringify(moduleOf(library as Subject))};`,
      resolveDir: projectDirectory,
    },
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    write: false,
    logLevel: 'error',
  });
  return gzipSync(outputFiles[0]?.contents ?? '', { level: 9 }).length;
}
