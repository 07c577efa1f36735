/**
 * A process that uses one lock, on command: it contends in a `loop`, to `hold` the lock, to `wait` for it, or with a
 * thousand `tasks`. Or it makes one call as often as it can, and reports how long that takes.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { subjects, type Lock, type SubjectName } from './subjects.js';

export interface Orders {
  readonly subject: SubjectName;
  readonly path: string;
}

/** Times are absolute, in milliseconds, and can be compared between processes. */
export interface Report {
  readonly entered: readonly number[];
  readonly left: readonly number[];
  readonly waits: readonly number[];
  /** Microseconds per call. */
  readonly each?: number;
}

/** Calls that can be repeated without end. Absent: the subject doesn't support it. */
const calls = {
  cycle: ({ enter, leave }: Lock) => enter && leave && (async () => (await enter(), await leave())),
  cycleSync: ({ enterSync, leaveSync }: Lock) => enterSync && leaveSync && (() => (enterSync(), leaveSync())),
  attempt: ({ attempt }: Lock) => attempt,
} satisfies Record<string, (lock: Lock) => (() => unknown) | undefined>;

export type CallName = keyof typeof calls;

export const can = ({ subject, path }: Orders, call: CallName): boolean =>
  calls[call](subjects[subject]()(path)) !== undefined;

/** Microseconds per call, over a batch after a warm-up of the same length. */
async function perCall(call: () => unknown, ms: number): Promise<number> {
  let each = NaN;
  for (let batch = 0; batch < 2; batch++) {
    const began = performance.now();
    let made = 0;
    for (; performance.now() - began < ms; made++) {
      const outcome = call();
      if (outcome instanceof Promise) await outcome; // A synchronous call must not pay for an `await`.
    }
    each = ((performance.now() - began) * 1_000) / made;
  }
  return each;
}

export const now = (): number => performance.timeOrigin + performance.now();

export class Contender {
  readonly child: ChildProcess;

  constructor(child: ChildProcess) {
    this.child = child;
  }

  /** Sends an order; resolves to its report. */
  async order(order: 'loop' | 'hold' | 'wait' | 'tasks' | CallName, holdMs = 0, forMs = 0): Promise<Report> {
    this.child.send({ order, holdMs, forMs });
    const [report] = (await once(this.child, 'message')) as [Report];
    return report;
  }

  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exit = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exit;
  }
}

export async function start(orders: Orders): Promise<Contender> {
  const child = fork(fileURLToPath(import.meta.url), ['contend', JSON.stringify(orders)]);
  await once(child, 'message');
  return new Contender(child);
}

async function contend({ subject, path }: Orders): Promise<void> {
  const lock = subjects[subject]()(path);
  const { enter, leave } = lock;
  process.on('message', (message: { order: string; holdMs: number; forMs: number }) => {
    void obey(message);
  });
  process.send?.('ready');

  async function obey({
    order,
    holdMs,
    forMs,
  }: {
    order: string;
    holdMs: number;
    forMs: number;
  }): Promise<void> {
    const report: { entered: number[]; left: number[]; waits: number[] } = {
      entered: [],
      left: [],
      waits: [],
    };
    if (order in calls) {
      const call = calls[order as CallName](lock);
      process.send?.({ ...report, each: call && (await perCall(call, forMs)) });
      return;
    }
    if (order === 'tasks') {
      const task = async () => {
        const own = subjects[subject]()(path);
        await own.enter?.();
        report.entered.push(now());
        await own.leave?.();
      };
      await Promise.race([Promise.all(Array.from({ length: 1_000 }, task)), sleep(forMs)]);
      process.send?.(report);
      return;
    }
    const end = now() + forMs;
    do {
      const began = now();
      await enter?.();
      const entered = now();
      report.entered.push(entered);
      report.waits.push(entered - began);
      if (order !== 'hold') {
        await sleep(holdMs);
        report.left.push(now());
        await leave?.();
      }
    } while (order === 'loop' && now() < end);
    process.send?.(report);
  }
  await Promise.resolve();
}

if (process.argv[2] === 'contend') void contend(JSON.parse(process.argv[3] ?? '') as Orders);
