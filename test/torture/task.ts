/** The tasks of the torture test's contenders. */

/** `default` is `LockFile`; `none` is no lock at all, which the test must detect. */
export const KIND_NAMES = ['default', 'link', 'mkdir', 'symlink', 'none'] as const;
export type KindName = (typeof KIND_NAMES)[number];

export type Form = 'async' | 'sync';

interface Common {
  readonly path: string;
  /** Which kinds to choose from, each time anew. */
  readonly kinds: readonly KindName[];
  /** The longest time to stay inside. */
  readonly holdMs: number;
  readonly orphanGraceMs: number;
  readonly seed: number;
}

/** What one thread does. */
export interface ThreadTask extends Common {
  readonly form: Form;
  readonly descriptor: number;
}

/** What one process does: one thread for each form. */
export interface Task extends Common {
  readonly forms: readonly Form[];
  readonly inWorkers: boolean;
}
