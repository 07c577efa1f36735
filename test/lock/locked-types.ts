/**
 * The types of `locked` and its variants, checked by the compiler: this file only has to compile. `Equal` is an error
 * if two types differ, and `@ts-expect-error` if there is no error.
 */
import { locked, lockedSync, withLock, withLockSync } from '../../src/index.js';

/* eslint-disable @typescript-eslint/no-unused-vars, @typescript-eslint/no-unnecessary-type-parameters --
   what stands here is looked at by the compiler alone */

type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : { differ: [A, B] };
function same<A, B>(_: Equal<A, B>): void {
  // The compiler has checked everything.
}

/** Never called. */
export async function types(): Promise<void> {
  const save = locked('a')(
    async (name: string, times?: number) => name.length * (await Promise.resolve(times ?? 1)),
  );
  same<Parameters<typeof save>, [name: string, times?: number | undefined]>(true);
  same<ReturnType<typeof save>, Promise<number>>(true);

  const load = lockedSync('a')((name: string) => ({ name }));
  same<Parameters<typeof load>, [name: string]>(true);
  same<ReturnType<typeof load>, { name: string }>(true);

  // A synchronous function becomes asynchronous, and a promise is not wrapped twice.
  const size = locked('a')((name: string) => name.length);
  same<ReturnType<typeof size>, Promise<number>>(true);

  // Type parameters, optional and rest parameters stay.
  const echo = locked('a')(<T>(value: T) => value);
  same<Awaited<ReturnType<typeof echo<'x'>>>, 'x'>(true);
  const sum = lockedSync('a')((...all: number[]) => all.length);
  same<Parameters<typeof sum>, number[]>(true);

  // The path from the first arguments: they are typed by it, and the rest is the function's own.
  const visit = locked((user: string) => user)(async (user, times: number) => {
    same<typeof user, string>(true);
    return await Promise.resolve(times);
  });
  same<Parameters<typeof visit>, [user: string, times: number]>(true);
  const visitSync = lockedSync((user: string, _: number) => user)((user, age) => ({ user, age }));
  same<ReturnType<typeof visitSync>, { user: string; age: number }>(true);
  // @ts-expect-error -- the path needs a string
  locked((user: string) => user)((user: number) => user);
  // @ts-expect-error -- no argument
  await visit();

  // `this`
  const method = lockedSync('a')(function (this: { size: number }) {
    return this.size;
  });
  same<ThisParameterType<typeof method>, { size: number }>(true);
  // @ts-expect-error -- called on nothing
  method();
  const ownPath = locked(function (this: { file: string }) {
    return this.file;
  })(function () {
    return this.file.length;
  });
  same<ThisParameterType<typeof ownPath>, { file: string }>(true);

  const within = await withLock('a', async (hold) => await hold.isHeld());
  same<typeof within, boolean>(true);
  const withinSync = withLockSync('a', (hold) => hold.lockPath);
  same<typeof withinSync, string>(true);

  class Store {
    file = 'a';
    @locked('a') async save(name: string): Promise<number> {
      return await Promise.resolve(name.length);
    }
    @lockedSync('a') load(name: string): number {
      return name.length;
    }
    @locked((user: string) => user) async visit(user: string, times: number): Promise<string> {
      return await Promise.resolve(user.repeat(times));
    }
    @locked(function (this: Store) {
      return this.file;
    })
    async own(): Promise<string> {
      return await Promise.resolve(this.file);
    }
    @locked('a') static async all(): Promise<number> {
      return await Promise.resolve(1);
    }
    // @ts-expect-error -- its result would not be a number any more
    @locked('a') size(): number {
      return 1;
    }
    // @ts-expect-error -- a field is no method
    @locked('a') field = 1;
    // @ts-expect-error -- the path needs a string
    @locked((user: string) => user) async wrong(user: number): Promise<number> {
      return await Promise.resolve(user);
    }
  }
  same<Store['visit'], (user: string, times: number) => Promise<string>>(true);

  // @ts-expect-error -- no path
  locked();
  // @ts-expect-error -- no such option
  locked('a', { retries: 5 });
}
