/** What an update returns to leave its file as it is. */

/**
 * The type of `UNCHANGED`. Nothing else has it. Not a `unique symbol`: TypeScript would widen that to `symbol` in the
 * result of an asynchronous function.
 *
 * @example
 * const add = (users: string[] = []): string[] | Unchanged => (users.includes('ann') ? UNCHANGED : [...users, 'ann']);
 */
export interface Unchanged {
  /** Never present: it only distinguishes the type. */
  readonly 'leaves the file as it is': never;
}

/**
 * Returned by the function of `updateFile` or `updateJson`: the file stays as it is. Not `undefined`, since that is what a
 * forgotten `return` returns.
 *
 * @example
 * await updateJson<string[]>('users.json', (old = []) => (old.includes('ann') ? UNCHANGED : [...old, 'ann']));
 */
export const UNCHANGED = Symbol.for('holdfast.unchanged') as unknown as Unchanged;
