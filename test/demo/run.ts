/**
 * One run of the demo: eight processes, one file, kills, and the results.
 *
 * Rule: A killed process is replaced once its death was reported, and its replacement does the rest of its work.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Crew, type Contender, type ContenderProcess } from '../support/referee-crew.js';
import { Referee } from '../support/referee.js';
import { Tally } from './tally.js';
import { textOf, type Counter, type Form, type Task } from './task.js';

export interface Result {
  readonly asked: number;
  readonly found: number;
  readonly setBacks: number;
  readonly overlaps: number;
  readonly killedInside: number;
  readonly killedElsewhere: number;
  readonly recoveries: readonly number[];
  readonly failures: readonly string[];
  readonly ms: number;
}

/** Six processes of one thread, and two whose work is done by two worker threads each. */
const PROCESSES: readonly { readonly forms: readonly Form[]; readonly inWorkers: boolean }[] = [
  ...Array.from({ length: 3 }, () => ({ forms: ['async'] as const, inWorkers: false })),
  ...Array.from({ length: 3 }, () => ({ forms: ['sync'] as const, inWorkers: false })),
  ...Array.from({ length: 2 }, () => ({ forms: ['async', 'sync'] as const, inWorkers: true })),
];

/** What share of the work each thread of a form does: an asynchronous write takes several times as long. */
const SHARES: Readonly<Record<Form, number>> = { async: 0.02, sync: 0.18 };

const quotas = (increments: number): number[] =>
  PROCESSES.flatMap(({ forms }) => forms.map((form) => Math.round(SHARES[form] * increments)));

const script = fileURLToPath(new URL('./contender.js', import.meta.url));

/** After how many increments a kill is tried again. */
const RETRY = 30;

export class Run {
  readonly tally: Tally;
  killedInside = 0;
  killedElsewhere = 0;
  readonly #referee = new Referee<Contender>();
  readonly #crew = new Crew(this.#referee);
  readonly #locked: boolean;
  readonly #directory = mkdtempSync(join(tmpdir(), 'holdfast-demo-'));
  readonly #file = join(this.#directory, 'counter.json');
  readonly #killEvery: number;
  #nextKillAt: number;
  #isOver = false;

  constructor(locked: boolean, increments: number, kills: number) {
    this.#locked = locked;
    const all = quotas(increments);
    this.tally = new Tally(all);
    // The last kills come with something left to do, so that somebody is there to recover.
    this.#killEvery = this.tally.asked / (kills + 1);
    this.#nextKillAt = this.#killEvery;
    const start: Counter = { count: 0, bySlot: all.map(() => 0) };
    writeFileSync(this.#file, textOf(start));
  }

  async play(): Promise<Result> {
    const startedAt = performance.now();
    let slot = 0;
    const places = PROCESSES.map(({ forms, inWorkers }) => {
      const threads = forms.map((form) => ({ slot: slot++, form }));
      return this.#fill({ path: this.#file, locked: this.#locked, threads, inWorkers });
    });
    await Promise.all(places);
    if (this.#isOver) return await new Promise(() => undefined); // It was cancelled: nobody wants to know.
    return this.#result(performance.now() - startedAt);
  }

  /** Ends it at whatever point it is, and leaves nothing. */
  async cancel(): Promise<void> {
    this.#isOver = true;
    await this.#crew.dismiss();
    rmSync(this.#directory, { recursive: true, force: true, maxRetries: 3 });
  }

  /** Has a process do a task, and another one when it is killed, until the task is done. */
  async #fill(task: Task): Promise<void> {
    const slots = task.threads.map(({ slot }) => slot);
    let process: ContenderProcess;
    do {
      process = this.#crew.start(script, task, slots.length, (words, contender) =>
        this.#hear(words, contender, slots[contender.thread] ?? -1),
      );
      await process.ended;
      for (const [thread, slot] of slots.entries()) if (process.diedInside(thread)) this.tally.died(slot);
    } while (process.isKilled && !this.#isOver);
  }

  #hear([verb, count]: readonly string[], contender: Contender, slot: number): void {
    if (verb === 'found') contender.answer(String(this.tally.found(slot, Number(count))));
    // Without a count it found that there was nothing left to do.
    if (verb === 'leave' && count !== '') this.tally.wrote(slot, Number(count));
    if (verb === 'enter') process.nextTick(() => this.#killIfDue(contender));
  }

  /**
   * Kills one who has just entered, at whatever point of its work it is by now. It may have left, though that has
   * not been heard; then it is tried again with another soon, so that as many die inside as planned.
   */
  #killIfDue(contender: Contender): void {
    const victim = contender.process;
    const isDue = this.tally.done >= this.#nextKillAt && !victim.isKilled;
    if (!isDue || !this.#referee.isInside(contender)) return;
    this.#nextKillAt += RETRY;
    victim.kill();
    void victim.ended.then(() => {
      if (victim.contenders.every((_, thread) => !victim.diedInside(thread))) this.killedElsewhere++;
      else this.#nextKillAt = (++this.killedInside + 1) * this.#killEvery;
    });
  }

  #result(ms: number): Result {
    const { overlaps, killedInside, recoveries } = this.#referee.judge();
    const { count } = JSON.parse(readFileSync(this.#file, 'utf8')) as Counter;
    return {
      asked: this.tally.asked,
      found: count,
      setBacks: this.tally.setBacks,
      overlaps,
      killedInside,
      killedElsewhere: this.killedElsewhere,
      recoveries: this.#locked ? recoveries : [], // Without a lock nobody waits for anybody.
      failures: this.#crew.failures,
      ms,
    };
  }
}
