/** A process that contends for one lock, on command: `loop`, `hold`, `wait`, or a thousand `tasks`. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { subjects, type SubjectName } from './subjects.js';

export interface Orders {
  readonly subject: SubjectName;
  readonly path: string;
}

/** Times are absolute, in milliseconds, and compare between processes. */
export interface Report {
  readonly entered: readonly number[];
  readonly left: readonly number[];
  readonly waits: readonly number[];
  readonly cpuMs: number;
}

export const now = (): number => performance.timeOrigin + performance.now();

export class Contender {
  readonly child: ChildProcess;

  constructor(child: ChildProcess) {
    this.child = child;
  }

  /** Gives an order; resolves to what it reports. */
  async order(order: 'loop' | 'hold' | 'wait' | 'tasks', holdMs = 0, forMs = 0): Promise<Report> {
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
  if (enter === undefined || leave === undefined) throw new Error(`${subject} can't wait`);
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
    const cpu = process.cpuUsage();
    if (order === 'tasks') {
      const task = async () => {
        const own = subjects[subject]()(path);
        await own.enter?.();
        report.entered.push(now());
        await own.leave?.();
      };
      await Promise.race([Promise.all(Array.from({ length: 1_000 }, task)), sleep(forMs)]);
      process.send?.({ ...report, cpuMs: 0 });
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
    const { user, system } = process.cpuUsage(cpu);
    process.send?.({ ...report, cpuMs: (user + system) / 1_000 });
  }
  await Promise.resolve();
}

if (process.argv[2] === 'contend') void contend(JSON.parse(process.argv[3] ?? '') as Orders);
