/**
 * A program that uses the exported types. It is compiled and never run: with the project, and by `types.test.ts` as a
 * user would compile it, for each way in which TypeScript resolves modules.
 *
 * Rule: code that must not compile stands under `@ts-expect-error`, so that the compiler reports it when it does.
 */
import { expectTypeOf } from 'expect-type';
import {
  UNCHANGED,
  AlreadyLocked,
  Hold,
  LinkLockFile,
  LockBase,
  LockError,
  LockFailed,
  LockFile,
  LockFileError,
  LockTimeout,
  MkdirLockFile,
  NotLocked,
  NotMyLock,
  PidLockFile,
  SymlinkLockFile,
  UnlockError,
  locked,
  lockedSync,
  updateFile,
  updateFileSync,
  updateJson,
  updateJsonSync,
  withLock,
  withLockSync,
  type AcquireOptions,
  type AnyLockError,
  type LockErrorCode,
  type Holder,
  type HolderRecord,
  type LockOptions,
  type NewContent,
} from 'holdfast';
import { contract } from 'holdfast/contract';
import { parseRecord } from 'holdfast/protocol';
import * as zc from 'holdfast/zc';

export async function acquires(signal: AbortSignal): Promise<void> {
  const lock = new LockFile('config.json', { timeout: 5_000, threaded: true, note: 'nightly import' });
  expectTypeOf(lock.path).toEqualTypeOf<string>();
  expectTypeOf(lock.lockPath).toEqualTypeOf<string>();
  expectTypeOf(lock.clean).toEqualTypeOf<boolean>();
  expectTypeOf(lock.previousHolder).toEqualTypeOf<HolderRecord | undefined>();
  expectTypeOf(await lock.acquire()).toEqualTypeOf<Hold>();
  expectTypeOf(await new MkdirLockFile('a').acquire({ timeout: 5, signal })).toEqualTypeOf<Hold>();
  expectTypeOf(new SymlinkLockFile('a').acquireSync(5)).toEqualTypeOf<Hold>();
  expectTypeOf(await lock.isLocked()).toEqualTypeOf<boolean>();
  expectTypeOf(lock.iAmLockingSync()).toEqualTypeOf<boolean>();
  expectTypeOf(await lock.holder()).toEqualTypeOf<Holder | null>();
  expectTypeOf<LockFile['release']>().returns.resolves.toBeVoid();
  expectTypeOf<LockFile['breakLockSync']>().returns.toBeVoid();
  await using asynchronous = await new LinkLockFile('b').acquire();
  using synchronous = new LinkLockFile('c').acquireSync();
  expectTypeOf(asynchronous).toEqualTypeOf(synchronous);
  expectTypeOf(asynchronous.clean).toEqualTypeOf<boolean>();
  expectTypeOf(asynchronous.previousHolder).toEqualTypeOf<HolderRecord | undefined>();
  expectTypeOf(asynchronous.record).toEqualTypeOf<HolderRecord>();
  expectTypeOf<Hold['isHeld']>().returns.resolves.toEqualTypeOf<boolean>();
  expectTypeOf<Hold['releaseSync']>().returns.toBeVoid();

  // @ts-expect-error A lock object that was never acquired holds nothing to release.
  await using unheld = new LockFile('config.json'); // eslint-disable-line @typescript-eslint/await-thenable
  // @ts-expect-error The same, synchronously.
  using unheldSync = new LockFile('config.json');

  // @ts-expect-error The synchronous form can't be aborted, because it blocks the thread.
  lock.acquireSync({ signal });
  // @ts-expect-error A timeout is a number of milliseconds.
  await lock.acquire('5s');
  new LockFile(new URL('file:///config.json'));
  // @ts-expect-error A path is text or a URL, and no bytes.
  new LockFile(Buffer.from('config.json'));
  // @ts-expect-error The path of a lock can't change.
  lock.path = 'other.json';
  // @ts-expect-error `LockBase` is abstract.
  new LockBase('config.json');
}

export async function wraps(): Promise<void> {
  const save = locked('config.json', { timeout: 5_000 })((name: string, count: number) => name.repeat(count));
  expectTypeOf(save).parameters.toEqualTypeOf<[string, number]>();
  expectTypeOf(await save('a', 2)).toEqualTypeOf<string>();
  const load = lockedSync('config.json')((name: string) => name.length);
  expectTypeOf(load('a')).toEqualTypeOf<number>();
  const visit = locked((user: string) => `data/${user}.json`)(async (user) => Promise.resolve(user.length));
  expectTypeOf(await visit('ann')).toEqualTypeOf<number>();
  expectTypeOf(await withLock('config.json', async (hold) => Promise.resolve(hold))).toEqualTypeOf<Hold>();
  expectTypeOf(withLockSync('config.json', (hold) => hold.path)).toEqualTypeOf<string>();

  // @ts-expect-error The wrapper has the parameters of the function.
  await save(2, 'a');
}

export async function updates(): Promise<void> {
  const text = await updateFile('visits.log', (old) => {
    expectTypeOf(old).toEqualTypeOf<string | undefined>();
    return `${old ?? ''}x`;
  });
  expectTypeOf(text).toEqualTypeOf<string>();
  const kept = await updateFile('visits.log', (old) => (old === '' ? 'x' : UNCHANGED));
  expectTypeOf(kept).toEqualTypeOf<string | undefined>();
  const keep = (old: Buffer | undefined) => old ?? UNCHANGED;
  expectTypeOf(updateFileSync('image.png', keep, { encoding: null })).toEqualTypeOf<Buffer | undefined>();
  const visits = await updateJson<{ visits: number }>('state.json', (old = { visits: 0 }) => old);
  expectTypeOf(visits).toEqualTypeOf<{ visits: number }>();
  const maybe = await updateJson<{ visits: number }>('state.json', (old) => old ?? UNCHANGED);
  expectTypeOf(maybe).toEqualTypeOf<{ visits: number } | undefined>();
  const inferred = await updateJson('state.json', async () => Promise.resolve({ visits: 1 }));
  expectTypeOf(inferred).toEqualTypeOf<{ visits: number }>();
  const content: NewContent = 'x';
  expectTypeOf(content).toExtend<NewContent>();

  // @ts-expect-error A forgotten `return` is an error.
  await updateJson<{ visits: number }>('state.json', (old = { visits: 0 }) => {
    old.visits++;
  });
  // @ts-expect-error The same, for a file of text.
  await updateFile('visits.log', () => undefined);

  // @ts-expect-error Without `encoding: null` the content is text.
  updateFileSync('image.png', keep);
  // @ts-expect-error The synchronous form can't await.
  updateJsonSync<number>('state.json', async () => Promise.resolve(1));
}

export class Store {
  readonly name: string = 'store';

  @locked('store.json')
  async save(text: string): Promise<number> {
    return Promise.resolve(text.length);
  }

  @lockedSync('store.json')
  load(): string {
    return this.name;
  }
}

export function tells(error: unknown): string {
  if (!(error instanceof LockFileError)) throw error;
  expectTypeOf(error.path).toEqualTypeOf<string>();
  expectTypeOf(error.lockPath).toEqualTypeOf<string>();
  expectTypeOf(error.code).toEqualTypeOf<LockErrorCode>();
  const any = error as AnyLockError;
  if (any.code === 'LOCK_TIMEOUT') expectTypeOf(any).toEqualTypeOf<LockTimeout>();
  // @ts-expect-error No error has this code.
  if (any.code === 'LOCK_TIMEOT') return '';
  expectTypeOf(error.holder).toEqualTypeOf<Holder | undefined>();
  expectTypeOf(error.holder?.verdict).toEqualTypeOf<'alive' | 'dead' | 'unknown' | undefined>();
  expectTypeOf<LockTimeout['code']>().toEqualTypeOf<'LOCK_TIMEOUT'>();
  expectTypeOf<AlreadyLocked['code']>().toEqualTypeOf<'ALREADY_LOCKED'>();
  expectTypeOf<LockFailed>().toExtend<LockError>();
  expectTypeOf<NotLocked>().toExtend<UnlockError>();
  expectTypeOf<NotMyLock>().toExtend<UnlockError>();
  return error.message;
}

export function others(): void {
  expectTypeOf(new PidLockFile('daemon.pid').acquireSync()).toEqualTypeOf<Hold>();
  expectTypeOf<PidLockFile['readPid']>().returns.resolves.toEqualTypeOf<number | null>();
  using lock = new zc.LockFile('server.lock', { contentTemplate: '{pid};{hostname}' });
  expectTypeOf(lock).toExtend<zc.SimpleLockFile<zc.LockFileOptions>>();
  expectTypeOf(parseRecord).returns.toEqualTypeOf<HolderRecord | undefined>();
  expectTypeOf(contract).returns.toBeVoid();
}

export const options: LockOptions & AcquireOptions = {
  timeout: undefined,
  threaded: false,
  orphanGraceMs: 60_000,
  io: 'async',
  lockPath: '/tmp/config.lock',
};
