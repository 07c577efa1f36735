/**
 * A contender's end of its connection to the referee: an inherited descriptor, one for each thread.
 *
 * Rule: a report is written before the contender goes on, also in asynchronous contenders. So a kill can't undo it, and
 * a contender never reports anything that it might have to take back.
 */
import { readSync, writeSync } from 'node:fs';
import { clock } from './referee.js';

/** The first descriptor after the standard ones; a process's next threads have the next ones. */
export const FIRST_DESCRIPTOR = 3;

const LINE_END = 10;

export class RefereeClient {
  readonly #descriptor: number;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  /** Call this as soon as the lock is acquired. */
  enter(): void {
    this.tell(`enter ${clock()}`);
  }

  /** Call this before the lock is released. */
  leave(words = ''): void {
    this.tell(`leave ${clock()} ${words}`);
  }

  /** Sends a line. If the referee is gone, this thread ends. */
  tell(line: string): void {
    try {
      writeSync(this.#descriptor, `${line}\n`);
    } catch {
      process.exit();
    }
  }

  /** Sends a line and blocks this thread until the answer comes. */
  ask(line: string): string {
    this.tell(line);
    const answer = Buffer.alloc(256);
    for (let length = 0; ;) {
      const count = readSync(this.#descriptor, answer, length, answer.length - length, null);
      if (count === 0) process.exit();
      length += count;
      // Only one question is open at a time, so everything up to a newline is one answer.
      if (answer[length - 1] === LINE_END) return answer.toString('utf8', 0, length - 1);
    }
  }
}
