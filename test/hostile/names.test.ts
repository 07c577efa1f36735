/** With anything at a lock's name, every call ends in bounded time, with an answer or one of our errors. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import fc from 'fast-check';
import { LinkLockFile, LockFailed, LockFileError, MkdirLockFile, SymlinkLockFile } from '../../src/index.js';
import { memoryFilesystem, temporaryDirectory, type TemporaryDirectory } from '../support/temporary.js';
import { anyShape, clear, make, portrait } from './shapes.js';

const kinds = { LinkLockFile, MkdirLockFile, SymlinkLockFile };
type Lock = InstanceType<(typeof kinds)[keyof typeof kinds]>;

/** Longer than any call may take here, except a release that waits for another process's recovery. */
const LONGEST_MS = 5_000;

/** Calls that, in this order, change nothing unless they take the lock. */
const calls: { readonly [form in 'async' | 'sync']: readonly ((lock: Lock) => unknown)[] } = {
  async: [
    (lock) => lock.isLocked(),
    (lock) => lock.iAmLocking(),
    (lock) => lock.holder(),
    (lock) => lock.acquire(0),
    (lock) => lock.acquire(2),
    (lock) => lock.release(),
  ],
  sync: [
    (lock) => lock.isLockedSync(),
    (lock) => lock.iAmLockingSync(),
    (lock) => lock.holderSync(),
    (lock) => lock.acquireSync(0),
    (lock) => lock.acquireSync(2),
    (lock) => {
      lock.releaseSync();
    },
  ],
};

/** The error that a call ended with, if any. Fails on a raw error, and on a call that doesn't end. */
async function outcome(call: () => unknown): Promise<LockFileError | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error('it hangs')), LONGEST_MS);
  });
  try {
    await Promise.race([Promise.resolve().then(call), tooLong]);
    return undefined;
  } catch (error) {
    if (!(error instanceof LockFileError)) throw error;
    return error;
  } finally {
    clearTimeout(timer);
  }
}

/** Makes the targets that a hostile link may have. */
function furnish(directory: TemporaryDirectory): void {
  directory.expect('secret', 'pipe', 'huge', 'elsewhere/', 'elsewhere');
  writeFileSync(directory.join('secret'), 'a secret', { mode: 0o600 });
  make(directory.join('pipe'), { is: 'fifo' });
  make(directory.join('huge'), { is: 'huge', gigabytes: 8 });
  mkdirSync(directory.join('elsewhere'));
  for (const name of ['a'.repeat(24), 'empty']) writeFileSync(directory.join('elsewhere', name), '');
}

describe('a lock’s name with anything at it', function () {
  this.timeout(300_000);

  it('hangs no call, lets no raw error through, and stays unless a dead process left it', async () => {
    const directory = temporaryDirectory();
    furnish(directory);
    const path = directory.join('README');
    const surroundings = JSON.stringify(portrait(directory.path));
    let shapes = 0;
    const property = fc.asyncProperty(
      anyShape,
      fc.constantFrom('LinkLockFile', 'MkdirLockFile', 'SymlinkLockFile'),
      fc.constantFrom('async', 'sync'),
      async (shape, kind, form) => {
        make(`${path}.lock`, shape);
        shapes++;
        const lock = new kinds[kind](path, { note: 'mine' });
        const before = JSON.stringify(portrait(directory.path));
        const held = (await lock.holder())?.verdict !== 'dead';
        for (const call of calls[form]) await outcome(() => call(lock));
        if (held) expect(JSON.stringify(portrait(directory.path))).to.equal(before);
        await outcome(() => (form === 'sync' ? lock.breakLockSync() : lock.breakLock()));
        clear(`${path}.lock`);
        expect(JSON.stringify(portrait(directory.path))).to.equal(surroundings);
      },
    );
    await fc.assert(property, { numRuns: 300, endOnFailure: true });
    expect(shapes).to.be.at.least(300);
  });

  it('is described as what it is', async () => {
    const directory = temporaryDirectory();
    furnish(directory);
    const path = directory.join('README');
    const cases = [
      [{ is: 'fifo' }, 'a FIFO'],
      [{ is: 'huge', gigabytes: 8 }, 'a file of 8589934592 bytes'],
      [{ is: 'link', target: 'secret' }, 'a symbolic link that is not ours'],
      [{ is: 'link', target: 'README.lock' }, 'a symbolic link that is not ours'],
      [{ is: 'file', bytes: Buffer.from([0xff, 0xfe]) }, 'a file whose content is not text'],
    ] as const;
    for (const [shape, what] of cases) {
      make(`${path}.lock`, shape);
      const error = await outcome(() => new LinkLockFile(path).acquire(0));
      expect(error).to.include({ code: 'ALREADY_LOCKED' });
      expect(error?.message).to.include(what).and.to.include('never removes it automatically');
      clear(`${path}.lock`);
    }
  });

  it('is read only up to a few names if it is a directory of 100,000', async () => {
    const directory = temporaryDirectory(memoryFilesystem);
    const path = directory.join('README');
    mkdirSync(`${path}.lock`);
    for (let i = 0; i < 100_000; i++) writeFileSync(`${path}.lock/${i}`, '');
    const lock = new LinkLockFile(path);
    const start = performance.now();
    for (const call of [...calls.async, ...calls.sync]) await outcome(() => call(lock));
    expect(await outcome(() => lock.breakLock())).to.be.instanceOf(LockFileError);
    expect(performance.now() - start).to.be.below(LONGEST_MS);
    expect(await lock.holder()).to.include({ description: 'a directory of many files' });
    clear(`${path}.lock`);
  });

  it('is refused if its directory is a file, a loop or a name that is too long', async () => {
    const directory = temporaryDirectory().expect('file', 'loop');
    writeFileSync(directory.join('file'), '');
    make(directory.join('loop'), { is: 'link', target: 'loop' });
    for (const name of ['file/README', 'loop/README', 'x'.repeat(255), `${'d/'.repeat(2100)}README`]) {
      for (const form of ['async', 'sync'] as const) {
        const lock = new LinkLockFile(directory.join(name));
        for (const call of calls[form]) await outcome(() => call(lock));
        expect(await outcome(() => lock.acquire(0))).to.be.instanceOf(LockFailed);
        await outcome(() => lock.breakLock());
      }
    }
  });
});

describe('an eviction lock’s name with anything at it', function () {
  this.timeout(60_000);

  it('hangs no release, and the error names what is in the way', async () => {
    const directory = temporaryDirectory();
    furnish(directory);
    const shapes = fc.sample(anyShape, 12);
    await Promise.all(
      shapes.map(async (shape, index) => {
        const path = directory.join(`README-${index}`);
        const lock = new LinkLockFile(path);
        await lock.acquire(0);
        make(`${path}.lock.evict`, shape);
        const start = performance.now();
        let error: unknown;
        await lock.release().catch((refusal: unknown) => (error = refusal));
        expect(performance.now() - start).to.be.below(20_000);
        if (error === undefined) return; // A dead process had left it.
        expect(error).to.be.instanceOf(LockFileError);
        expect((error as LockFileError).message).to.include(`${path}.lock`);
        clear(`${path}.lock.evict`);
        await lock.release();
      }),
    );
    for (const index of shapes.keys()) clear(directory.join(`README-${index}.lock.evict`));
  });
});
