/**
 * `npm run demo`: eight processes, one JSON file, and kills, with the lock and without.
 *
 * The exit code is 1 if, with the lock, an update was lost or two contenders were inside at once. Ctrl-C ends it early,
 * and it leaves no process and no file.
 */
import { Progress } from './progress.js';
import { Run, type Result } from './run.js';
import { count, table } from './table.js';

/** How often 1 is added, and how many are to die inside. Without the lock the first seconds tell enough. */
const LOCKED = { increments: 20_000, kills: 24 };
const UNLOCKED = { increments: 2_000, kills: 4 };
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

let running: Run | undefined;

async function play(name: string, locked: boolean): Promise<Result> {
  const { increments, kills } = locked ? LOCKED : UNLOCKED;
  running = new Run(locked, increments, kills);
  const progress = new Progress(name, running);
  try {
    return await running.play();
  } finally {
    progress.end();
    await running.cancel();
    running = undefined;
  }
}

let isStopping = false;

/** Ctrl-C reaches the contenders as well; a second one must not keep us from cleaning up after the first. */
function stop(signal: NodeJS.Signals): void {
  if (isStopping) return;
  isStopping = true;
  const ended = running?.cancel() ?? Promise.resolve();
  void ended.finally(() => {
    for (const each of SIGNALS) process.removeListener(each, stop);
    process.kill(process.pid, signal); // With the signal itself, so that the shell learns of it.
  });
}

for (const signal of SIGNALS) process.on(signal, stop);

console.log(`\
Eight processes share one JSON file. Each reads it, adds 1 to the count in it and writes it back; ${count(LOCKED.increments)}
times in all, under a lock. Meanwhile some are killed (SIGKILL) while they hold it, and replaced.
Then the same without the lock, ${count(UNLOCKED.increments)} times.
`);
const withLock = await play('with the lock', true);
const withoutLock = await play('without it', false);
console.log(`\n${table(withLock, withoutLock)}\n`);

const { asked, found, setBacks, overlaps, failures } = withLock;
if (found === asked && setBacks === 0 && overlaps === 0 && failures.length === 0) {
  console.log('With the lock, no update was lost, and there were never two inside at once.');
} else {
  console.log('THE LOCK HAS FAILED: see the first column.');
  process.exitCode = 1;
}
for (const failure of [...failures, ...withoutLock.failures]) console.log(failure);
for (const signal of SIGNALS) process.removeListener(signal, stop);
