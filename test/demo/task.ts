/** The tasks of the demo's contenders, and the file that they change. */

/** The file's content: how often 1 was added, in all and by each slot. */
export interface Counter {
  count: number;
  bySlot: number[];
}

/** Always of one length, so that a shorter text covers a longer one. */
export function textOf(counter: Counter): string {
  return `${JSON.stringify(counter).padEnd(TEXT_LENGTH)}\n`;
}

const TEXT_LENGTH = 127;

export type Form = 'async' | 'sync';

interface Common {
  readonly path: string;
  readonly locked: boolean;
}

/** What one thread does. A slot is a thread's place, which its replacement takes over. */
interface Place {
  readonly slot: number;
  readonly form: Form;
}

export interface ThreadTask extends Common, Place {
  readonly descriptor: number;
}

/** What one process does. */
export interface Task extends Common {
  readonly threads: readonly Place[];
  readonly inWorkers: boolean;
}
