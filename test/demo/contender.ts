/**
 * One contender of the demo: adds 1 to its own count and to the common one in a JSON file, again and again.
 *
 * This is what a program with a shared JSON file does: read, change, write. Whether that happens under the lock is
 * the only difference between the two runs.
 *
 * The text is written in place by a single call and is far shorter than a page, so no kill cuts it in two. (A program
 * that also fears power cuts writes a new file and renames it; here that would measure the disk, not the lock.)
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { Worker, isMainThread, workerData } from 'node:worker_threads';
import { withLock, withLockSync } from '../../src/index.js';
import { FIRST_DESCRIPTOR, RefereeClient } from '../support/referee-client.js';
import { textOf, type Counter, type Task, type ThreadTask } from './task.js';

const IN_PLACE = { flag: 'r+' } as const;

class Counting {
  readonly #task: ThreadTask;
  readonly #referee: RefereeClient;
  #left: number | undefined;
  #told = '';

  constructor(task: ThreadTask) {
    this.#task = task;
    this.#referee = new RefereeClient(task.descriptor);
  }

  async run(): Promise<void> {
    const { path, form, locked } = this.#task;
    const work = () => this.#increment();
    const workSync = () => this.#incrementSync();
    const turn = {
      async: () => (locked ? withLock(path, work) : work()),
      sync: () => (locked ? withLockSync(path, workSync) : workSync()),
    }[form];
    do await turn();
    while ((this.#left = (this.#left ?? 0) - 1) > 0);
  }

  async #increment(): Promise<void> {
    this.#referee.enter();
    const counter = this.#read();
    if (this.#goesOn(counter)) await writeFile(this.#task.path, this.#incremented(counter), IN_PLACE);
    this.#referee.leave(this.#told);
  }

  #incrementSync(): void {
    this.#referee.enter();
    const counter = this.#read();
    if (this.#goesOn(counter)) writeFileSync(this.#task.path, this.#incremented(counter), IN_PLACE);
    this.#referee.leave(this.#told);
  }

  #read(): Counter {
    return JSON.parse(readFileSync(this.#task.path, 'utf8')) as Counter;
  }

  /** A new process asks what is left for it to do: its predecessor's last increment may have been written, or not. */
  #goesOn(counter: Counter): boolean {
    this.#left ??= Number(this.#referee.ask(`found ${this.#mine(counter)}`));
    return this.#left > 0;
  }

  #incremented(counter: Counter): string {
    const mine = this.#mine(counter) + 1;
    counter.count++;
    counter.bySlot[this.#task.slot] = mine;
    this.#told = String(mine);
    return textOf(counter);
  }

  #mine({ bySlot }: Counter): number {
    return bySlot[this.#task.slot] ?? 0;
  }
}

if (isMainThread) {
  const { threads, inWorkers, ...common } = JSON.parse(process.argv[2] ?? '') as Task;
  threads.forEach((thread, index) => {
    const workerData: ThreadTask = { ...common, ...thread, descriptor: FIRST_DESCRIPTOR + index };
    if (inWorkers) new Worker(new URL(import.meta.url), { workerData });
    else void new Counting(workerData).run();
  });
} else {
  await new Counting(workerData as ThreadTask).run();
}
