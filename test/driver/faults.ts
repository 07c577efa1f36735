/** Makes calls of Node's `fs` fail, both forms alike, as a file system does that a test can't mount. */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

type Call = (...args: unknown[]) => unknown;
type Calls = Record<string, Call>;

/** What Node throws for an errno that it has no name for. */
export function unnamedError(errno: number): Error {
  const code = `Unknown system error ${-errno}`;
  return Object.assign(new Error(`${code}: ${code}, lstat '/file'`), {
    errno: -errno,
    code,
    syscall: 'lstat',
  });
}

export function namedError(code: string): Error {
  return Object.assign(new Error(`${code}: it went wrong`), { code });
}

/**
 * Runs `work` while calls fail.
 *
 * @param names Names of asynchronous forms: `unlink` stands for `unlinkSync` as well. `close` closes, and then fails.
 * @param fault Called at each call with its number, from 1. Returns the error that the call fails with.
 */
export async function withFaults<T>(
  names: readonly string[],
  fault: (count: number) => Error | undefined,
  work: () => T | Promise<T>,
): Promise<T> {
  let count = 0;
  const restores: (() => void)[] = [];
  const patch = (target: object, name: string, change: (original: Call) => Call) => {
    const calls = target as Calls;
    const original = calls[name];
    if (original === undefined) throw new TypeError(`there is no ${name}`);
    calls[name] = change(original);
    restores.push(() => {
      calls[name] = original;
    });
  };
  const failing =
    (original: Call, reject: (error: Error) => unknown) =>
    (...args: unknown[]) => {
      const error = fault(++count);
      return error === undefined ? original(...args) : reject(error);
    };
  const closing =
    (close: Call) =>
    (...args: unknown[]) => {
      const closed = close(...args);
      const error = fault(++count);
      if (error === undefined) return closed;
      if (closed instanceof Promise) return closed.then(() => Promise.reject(error));
      throw error;
    };
  for (const name of names) {
    if (name === 'close') {
      patch(fs, 'closeSync', closing);
      patch(fs.promises, 'open', (open) => async (...args) => {
        const handle = (await open(...args)) as { close: Call };
        handle.close = closing(handle.close);
        return handle;
      });
    } else {
      patch(fs, `${name}Sync`, (original) =>
        failing(original, (error) => {
          throw error;
        }),
      );
      patch(fs.promises, name, (original) => failing(original, (error) => Promise.reject(error)));
    }
  }
  syncBuiltinESMExports();
  try {
    return await work();
  } finally {
    for (const restore of restores) restore();
    syncBuiltinESMExports();
  }
}
