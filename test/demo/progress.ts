/** How far a run is: one line that is written over where a person watches, a few lines where a file does. */
import type { Run } from './run.js';

const TERMINAL_MS = 100;
const LOG_MS = 5_000;

export class Progress {
  readonly #name: string;
  readonly #run: Run;
  readonly #startedAt = performance.now();
  readonly #timer: NodeJS.Timeout;

  constructor(name: string, run: Run) {
    this.#name = name;
    this.#run = run;
    this.#timer = setInterval(() => this.#print(false), process.stdout.isTTY ? TERMINAL_MS : LOG_MS);
  }

  end(): void {
    clearInterval(this.#timer);
    this.#print(true);
  }

  #print(last: boolean): void {
    const { tally, killedInside } = this.#run;
    const seconds = ((performance.now() - this.#startedAt) / 1_000).toFixed(1);
    const done = `${tally.done.toLocaleString('en').padStart(6)} of ${tally.asked.toLocaleString('en')}`;
    const line = `${this.#name.padEnd(13)}  ${done} times, ${killedInside} killed inside, ${seconds} s`;
    if (process.stdout.isTTY) process.stdout.write(`\r${line}${last ? '\n' : ''}`);
    else console.log(line);
  }
}
