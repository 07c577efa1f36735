/**
 * A contender's end of the line to the referee: an inherited descriptor, one for each thread.
 *
 * Rule: what was told is on its way before the contender goes on, in asynchronous contenders too: a kill can't undo
 * it, and it says nothing that it may still have to take back.
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

  /** To be called as soon as the lock is there. */
  enter(): void {
    this.tell(`enter ${clock()}`);
  }

  /** To be called before the lock is given back. */
  leave(words = ''): void {
    this.tell(`leave ${clock()} ${words}`);
  }

  /** Says a line. If nobody is there any more to hear it, this thread ends. */
  tell(line: string): void {
    try {
      writeSync(this.#descriptor, `${line}\n`);
    } catch {
      process.exit();
    }
  }

  /** Says a line and stops this thread until it is answered. */
  ask(line: string): string {
    this.tell(line);
    const answer = Buffer.alloc(256);
    for (let length = 0; ;) {
      const count = readSync(this.#descriptor, answer, length, answer.length - length, null);
      if (count === 0) process.exit();
      length += count;
      // One question is answered at a time, so what ends with a line's end is one answer.
      if (answer[length - 1] === LINE_END) return answer.toString('utf8', 0, length - 1);
    }
  }
}
