/** What `holder()` and the errors report: the record, the verdict, and the library that a foreign lock looks like. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { linkSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { expect } from 'chai';
import {
  AlreadyLocked,
  LinkLockFile,
  LockFile,
  LockTimeout,
  MkdirLockFile,
  SymlinkLockFile,
} from '../../src/index.js';
import { type Holder } from '../../src/model/holder.js';
import { describeHolder } from '../../src/model/holder-text.js';
import { temporaryDirectory } from '../support/temporary.js';

const refusal = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('holder()', () => {
  it('is null when nobody holds the lock', async () => {
    const lock = new LockFile(temporaryDirectory().join('README'));
    expect(await lock.holder()).to.equal(null);
    expect(lock.holderSync()).to.equal(null);
  });

  for (const [kind, LockClass] of Object.entries({
    link: LinkLockFile,
    mkdir: MkdirLockFile,
    symlink: SymlinkLockFile,
  })) {
    it(`reports pid, thread, host, note, since, verdict, reason and kind (${kind})`, async () => {
      const path = temporaryDirectory().join('README');
      const start = Date.now();
      const lock = new LockClass(path, { note: 'nightly import' });
      await lock.acquire(0);
      const expected = {
        kind,
        pid: process.pid,
        thread: 0,
        host: hostname(),
        note: 'nightly import',
        verdict: 'alive',
        reason: 'the process is alive, and it is this very process',
      };
      const holder = await new LockFile(path).holder();
      expect(holder).to.include(expected);
      expect(lock.holderSync()).to.include(expected);
      expect(holder?.since).to.be.within(start, Date.now());
      await lock.release();
    });
  }
});

describe('the error of a lock that is held', () => {
  it('names the holder, its age, its verdict and the next thing to do', async () => {
    const path = temporaryDirectory().join('README');
    const lock = await new LockFile(path, { note: 'nightly import' }).acquire(0);
    const words = `${path}.lock is held by pid ${process.pid}, thread 0, on host ${hostname()} ("nightly import"), for `;
    const advice = new RegExp(
      String.raw`for \d+ m?s; the process is alive, and it is this very process\. ` +
        String.raw`Wait until it releases the lock\. If you know that it is stuck, call breakLock\(\)\.$`,
    );
    for (const timeout of [0, 20]) {
      const error = await refusal(new LockFile(path).acquire(timeout));
      expect(error).to.be.instanceOf(timeout === 0 ? AlreadyLocked : LockTimeout);
      expect((error as Error).message)
        .to.include(words)
        .and.to.match(advice);
      expect((error as AlreadyLocked).holder).to.include({ pid: process.pid, note: 'nightly import' });
    }
    await lock.release();
  });

  it('gives the age in a unit that fits', () => {
    const holder: Holder = { kind: 'link', verdict: 'alive', reason: 'it is', pid: 1, host: 'h', since: 0 };
    const ages = [0, 999, 12_000, 119_000, 7_200_000, 3 * 86_400_000, -5].map(
      (now) => /for (.*);/.exec(describeHolder('L', holder, now))?.[1],
    );
    expect(ages).to.deep.equal(['0 ms', '999 ms', '12 s', '1 min', '2 h', '3 d', '0 ms']);
  });

  it('says why an unknown holder may be alive, and what to do', () => {
    const holder: Holder = { kind: 'link', verdict: 'unknown', reason: 'R', pid: 1, host: 'h', since: 0 };
    expect(describeHolder('L', holder, 0)).to.equal(
      'L is held by pid 1, on host h, for 0 ms; it may be alive: R. If you know that it is dead, call breakLock().',
    );
  });

  it('says that the next acquire replaces a dead holder', () => {
    const holder: Holder = { kind: 'link', verdict: 'dead', reason: 'the process is gone', since: 0 };
    expect(describeHolder('L', holder, 0)).to.match(
      /by an unknown process.*the process is gone\. The next acquire/,
    );
  });
});

describe('a foreign lock', () => {
  const cases: Record<string, [make: (lock: string) => void, expected: Partial<Holder>]> = {
    'proper-lockfile’s': [(lock) => mkdirSync(lock), { kind: 'empty' }],
    'npm’s lockfile’s': [(lock) => writeFileSync(lock, ''), { kind: 'foreign' }],
    'filelock’s, with its text': [
      (lock) => writeFileSync(lock, '4242\nbuild-7\n'),
      { kind: 'foreign', library: 'filelock (SoftFileLock)', pid: 4242, host: 'build-7' },
    ],
    'Mercurial’s': [
      (lock) => symlinkSync('build-7/f0000001:4242', lock),
      { kind: 'foreign', library: 'Mercurial', pid: 4242, host: 'build-7' },
    ],
    'a pid file': [(lock) => writeFileSync(lock, ' 4242\n'), { library: 'a pid file', pid: 4242 }],
    'pylockfile’s link': [
      (lock) => {
        writeFileSync(lock, '');
        linkSync(lock, lock.replace('README.lock', 'build-7-980192c0.16023-4545302140714320250'));
        writeFileSync(lock.replace('README.lock', 'build-8-980192c0.16024-4545302140714320250'), '');
      },
      { library: 'pylockfile (LinkLockFile)', pid: 16023, host: 'build-7' },
    ],
    'pylockfile’s symlink': [
      (lock) => symlinkSync('build-7-980192c0.160234545302140714320250', lock),
      { library: 'pylockfile (SymlinkLockFile)', host: 'build-7' },
    ],
    'pylockfile’s directory': [
      (lock) => {
        mkdirSync(lock);
        writeFileSync(`${lock}/build-7.-980192c016023`, '');
      },
      { library: 'pylockfile (MkdirLockFile)', host: 'build-7' },
    ],
    'nobody’s that is known': [(lock) => writeFileSync(lock, 'some words'), { kind: 'foreign' }],
  };
  for (const [whose, [make, expected]] of Object.entries(cases)) {
    it(`is recognized as ${whose}, counts as held, and stays`, async () => {
      const directory = temporaryDirectory();
      const lock = new LockFile(directory.join('README'));
      make(lock.lockPath);
      const holder = await lock.holder();
      expect(holder).to.include({ verdict: 'unknown', ...expected });
      if (expected.library === undefined && expected.kind !== 'empty') {
        expect(holder?.pid).to.equal(undefined);
      }
      expect(lock.holderSync()).to.deep.equal(holder);
      const error = await refusal(lock.acquire(0));
      expect(error).to.be.instanceOf(AlreadyLocked);
      if (expected.library !== undefined && !expected.library.includes('Link')) {
        expect((error as Error).message).to.include(expected.library);
      }
      expect(await lock.isLocked()).to.equal(true);
      for (const name of directory.leftovers())
        rmSync(directory.join(name), { recursive: true, force: true });
    });
  }

  describe('of a pylockfile process', () => {
    const has = spawnSync('/usr/bin/python3', ['-c', 'import lockfile'], { stdio: 'ignore' }).status === 0;
    let child: ChildProcess | undefined;
    afterEach(() => child?.kill('SIGKILL'));

    for (const kind of ['Link', 'Mkdir', 'Symlink'] as const) {
      (has ? it : it.skip)(`is told for ${kind}LockFile’s, with its host`, async () => {
        const directory = temporaryDirectory();
        const path = directory.join('README');
        const script = `
import lockfile.${kind.toLowerCase()}lockfile as m, sys
lock = m.${kind}LockFile(sys.argv[1]); lock.acquire(); print('held', flush=True); sys.stdin.read(); lock.release()`;
        const python = spawn('/usr/bin/python3', ['-c', script, path], {
          stdio: ['pipe', 'pipe', 'inherit'],
        });
        child = python;
        await new Promise((resolve) => python.stdout.once('data', resolve));
        const holder = await new LockFile(path).holder();
        expect(holder).to.include({ kind: 'foreign', host: hostname() });
        expect(holder?.library).to.equal(`pylockfile (${kind}LockFile)`);
        if (holder?.pid !== undefined) expect(holder.pid).to.equal(python.pid);
        const ended = new Promise((resolve) => python.once('close', resolve));
        python.stdin.end();
        await ended;
      });
    }
  });
});
