/** The part of proper-lockfile that the tests use. The package has no types. */
declare module 'proper-lockfile' {
  interface Options {
    realpath?: boolean;
    stale?: number;
    update?: number;
    retries?: { retries: number; factor: number; minTimeout: number; maxTimeout: number; randomize: boolean };
  }
  const properLockfile: {
    lock(path: string, options: Options): Promise<() => Promise<void>>;
    unlock(path: string, options: Options): Promise<void>;
    check(path: string, options: Options): Promise<boolean>;
  };
  export default properLockfile;
}
