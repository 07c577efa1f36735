/**
 * The torture test: contenders of all kinds and forms on one path are killed, stopped and delayed, and a referee
 * records who was inside.
 *
 * Rule: A killed contender is replaced, so their number stays the same. Nobody uses `breakLock`, so no exception
 * applies.
 * Rule: When all have ended, one more contender takes and releases the lock, which sweeps. Then nothing may be left.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { LockFile } from '../../src/index.js';
import { Crew, type Contender, type ContenderProcess } from '../support/referee-crew.js';
import { Referee, type Judged } from '../support/referee.js';
import { Random } from './random.js';
import type { KindName, Task } from './task.js';

export interface TortureOptions {
  readonly directory: string;
  readonly seconds: number;
  readonly processes: number;
  readonly kinds: readonly KindName[];
  /** Stop random ones for up to some seconds, and let them go on. */
  readonly stops: boolean;
  /** Delay file system calls. */
  readonly delays: boolean;
  readonly seed: number;
}

export interface Figures extends Judged {
  readonly entries: number;
  readonly killedElsewhere: number;
  readonly stops: number;
  readonly timeouts: number;
  readonly aborts: number;
  /** What went wrong that nobody expected, in words. */
  readonly errors: readonly string[];
  /** What was still in the directory after the last release. */
  readonly left: readonly string[];
}

/**
 * A kill after a `mkdir` and before the claim is in the directory leaves an empty directory, which counts as held for
 * its grace period. With the default of 30 s, the test would mostly wait; with a short one, it also expires for living
 * contenders that are stopped.
 */
const ORPHAN_GRACE_MS = 100;
const HOLD_MS = 4;
const LONGEST_STOP_MS = 4_000;
const DELAYS = { HOLDFAST_TEST_DELAYS: '0.1:15' };
/** Chaos strikes so often, on average; starting a process takes a good part of that. */
const STRIKE_MS = 300;
/** How long those who are left may take to end, when their time is over. */
const END_MS = 60_000;

const FORMS: readonly Pick<Task, 'forms' | 'inWorkers'>[] = [
  { forms: ['async'], inWorkers: false },
  { forms: ['sync'], inWorkers: false },
  { forms: ['async', 'sync'], inWorkers: true },
];

const script = fileURLToPath(new URL('./contender.js', import.meta.url));

export class Torture {
  readonly #options: TortureOptions;
  readonly #referee = new Referee<Contender>();
  readonly #crew: Crew;
  readonly #random: Random;
  readonly #directory: string;
  readonly #path: string;
  readonly #ready = new Set<Contender>();
  readonly #stopped = new Set<ContenderProcess>();
  readonly #counts = { killedElsewhere: 0, stops: 0, timeout: 0, aborted: 0 };
  readonly #errors: string[] = [];
  #until = Infinity;
  #starts = 0;
  /** Somebody who enters is to be killed. */
  #isKillDue = false;
  #isOver = false;

  constructor(options: TortureOptions) {
    this.#options = options;
    this.#crew = new Crew(this.#referee, options.delays ? DELAYS : {});
    this.#random = new Random(options.seed);
    this.#directory = mkdtempSync(join(options.directory, 'holdfast-torture-'));
    this.#path = join(this.#directory, 'file');
  }

  /** What has been seen so far. */
  get figures(): Figures {
    return {
      ...this.#referee.judge(),
      entries: this.#referee.entries,
      killedElsewhere: this.#counts.killedElsewhere,
      stops: this.#counts.stops,
      timeouts: this.#counts.timeout,
      aborts: this.#counts.aborted,
      errors: [...this.#errors, ...this.#crew.failures],
      left: this.#isOver ? readdirSync(this.#directory) : [],
    };
  }

  /** Runs it to its end. */
  async play(): Promise<Figures> {
    const places = Array.from({ length: this.#options.processes }, (_, place) => this.#fill(place));
    const ended = Promise.all(places);
    await this.#strike();
    for (const process of this.#stopped) process.resume();
    await this.#end(ended);
    await this.#takeOnceMore();
    this.#isOver = true;
    return this.figures;
  }

  /** Ends it at whatever point it is, and leaves nothing. */
  async cancel(): Promise<void> {
    this.#until = 0;
    await this.#crew.dismiss();
    rmSync(this.#directory, { recursive: true, force: true, maxRetries: 3 });
  }

  get #isTime(): boolean {
    return Date.now() < this.#until;
  }

  /** Has a process at one place as long as there is time. */
  async #fill(place: number): Promise<void> {
    const { kinds, seed } = this.#options;
    const { forms, inWorkers } = FORMS[place % FORMS.length] as (typeof FORMS)[number];
    while (this.#isTime) {
      const task: Task = {
        path: this.#path,
        kinds,
        forms,
        inWorkers,
        holdMs: HOLD_MS,
        orphanGraceMs: ORPHAN_GRACE_MS,
        seed: seed + 10 * ++this.#starts,
      };
      const process = this.#crew.start(script, task, forms.length, (words, contender) =>
        this.#hear(words, contender),
      );
      await process.ended;
      this.#stopped.delete(process);
      if (!process.isKilled) return; // Its time was over, or the crew tells why not.
      if (!forms.some((_, thread) => process.diedInside(thread))) this.#counts.killedElsewhere++;
    }
  }

  #hear([verb = '', ...words]: readonly string[], contender: Contender): void {
    if (verb === 'ready') this.#admit(contender);
    if (verb === 'timeout' || verb === 'aborted') this.#counts[verb]++;
    if (verb === 'error') this.#errors.push(JSON.parse(words.join(' ')) as string);
    // When all has been heard that came with this line: it may have left again.
    if (verb === 'enter') process.nextTick(() => this.#killIfDue(contender));
  }

  /** Kills one who has just entered, mostly; or some time later, when it may be giving the lock back. */
  #killIfDue(contender: Contender): void {
    if (!this.#isKillDue || contender.process.isKilled || !this.#referee.isInside(contender)) return;
    this.#isKillDue = false;
    if (this.#random.isChance(0.7)) contender.process.kill();
    else setTimeout(() => contender.process.kill(), this.#random.below(2 * HOLD_MS));
  }

  /** Time begins when the first ones are all there: how long they take to start is not what is tried. */
  #admit(contender: Contender): void {
    this.#ready.add(contender);
    const all = this.#crew.processes.flatMap(({ contenders }) => contenders);
    if (this.#until === Infinity && all.every((each) => this.#ready.has(each))) {
      this.#until = Date.now() + this.#options.seconds * 1_000;
      for (const each of all) each.answer(String(this.#until));
    } else if (this.#until !== Infinity) contender.answer(String(this.#until));
  }

  /** Kills and stops while there is time. */
  async #strike(): Promise<void> {
    while (this.#isTime) {
      await sleep(this.#random.below(2 * STRIKE_MS));
      // Where starting a process takes long, killing them faster would leave nobody to contend.
      if (this.#starting > 1) continue;
      if (this.#options.stops && this.#random.isChance(0.3)) this.#stop();
      else if (this.#random.isChance(0.7)) this.#isKillDue = true;
      else this.#victim()?.kill();
    }
    this.#isKillDue = false;
  }

  /** How many processes are not there yet, or dying. */
  get #starting(): number {
    return this.#crew.processes.filter(
      ({ isKilled, contenders }) => isKilled || !contenders.every((each) => this.#ready.has(each)),
    ).length;
  }

  #victim(): ContenderProcess | undefined {
    const { processes } = this.#crew;
    return this.#random.pick(processes.filter((process) => !process.isKilled && !this.#stopped.has(process)));
  }

  #stop(): void {
    const process = this.#victim();
    // One of them at least goes on, to be kept out.
    if (process === undefined || this.#stopped.size >= this.#options.processes - 1) return;
    this.#counts.stops++;
    this.#stopped.add(process);
    process.stop();
    // Cubed: mostly short ones.
    setTimeout(
      () => {
        process.resume();
        this.#stopped.delete(process);
      },
      LONGEST_STOP_MS * this.#random.next() ** 3,
    ).unref();
  }

  /** Waits for those who are left; each ends when it has had the lock once more, or given up. */
  async #end(ended: Promise<unknown>): Promise<void> {
    const giveUp = new AbortController();
    const late = sleep(END_MS, 'late', { signal: giveUp.signal }).catch(() => 'on time');
    if ((await Promise.race([ended, late])) === 'late') {
      this.#errors.push(`${this.#crew.processes.length} contenders did not end by themselves`);
      await this.#crew.dismiss();
    }
    giveUp.abort();
    await late;
  }

  /** What the dead left is swept by the next; but what names nobody, only after its grace. */
  async #takeOnceMore(): Promise<void> {
    await sleep(2 * ORPHAN_GRACE_MS);
    try {
      const lock = new LockFile(this.#path, { orphanGraceMs: ORPHAN_GRACE_MS, timeout: END_MS });
      await lock.acquire();
      await lock.release();
    } catch (error) {
      this.#errors.push(`the last one: ${String(error)}`);
    }
  }
}
