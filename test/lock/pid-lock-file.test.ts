/** The pid file: its two names at every point at which its holder can die, and other programs' pid files. */
import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  readFileSync,
  readdirSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { expect } from 'chai';
import { AlreadyLocked, NotMyLock, PidLockFile } from '../../src/index.js';
import type { Machine } from '../../src/system/machine.js';
import { thisMachine } from '../../src/system/machine.js';
import { parsePid } from '../../src/protocol/pid-file.js';
import { isPidInUse, judgePidAlone } from '../../src/system/pid-verdict.js';
import { afterTheirGrace, withoutBeacons } from '../support/beacons.js';
import { temporaryDirectory } from '../support/temporary.js';

const holdfast = new URL('../../src/index.js', import.meta.url).href;

/** A pid that a process had a moment ago, and that is free now. */
function deadPid(): number {
  return spawnSync('true').pid;
}

/** A process that takes the pid file, and is killed at its `step`th file system call, or while it holds it. */
function dieAt(path: string, step: number): { reached: boolean; pid: number } {
  const script = `
    import fs from 'node:fs';
    import { syncBuiltinESMExports } from 'node:module';
    let steps = 0;
    for (const name of ['openSync', 'linkSync', 'unlinkSync', 'closeSync']) {
      const call = fs[name];
      fs[name] = (...args) => {
        if (String(args[0]).startsWith('/proc')) return call(...args);
        if (++steps === ${step}) process.kill(process.pid, 'SIGKILL');
        return call(...args);
      };
    }
    syncBuiltinESMExports();
    const { PidLockFile } = await import(${JSON.stringify(holdfast)});
    steps = 0;
    const lock = new PidLockFile(${JSON.stringify(path)}).acquireSync(0);
    lock.releaseSync();`;
  const { signal, pid, status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
  });
  if (signal === null && status !== 0) throw new Error(stderr);
  return { reached: signal === 'SIGKILL', pid };
}

describe('a pid file', () => {
  it('holds its pid and a newline from the moment it exists, readable by all, and is gone afterwards', async () => {
    const path = temporaryDirectory().join('daemon.pid');
    const lock = new PidLockFile(path);
    expect(lock.lockPath).to.equal(path);
    expect(await lock.readPid()).to.equal(null);
    await lock.acquire();
    expect(readFileSync(path, 'utf8')).to.equal(`${process.pid}\n`);
    expect(statSync(path).mode & 0o755).to.be.oneOf([0o644, 0o640, 0o600]); // As the umask lets.
    expect([await lock.readPid(), lock.readPidSync()]).to.deep.equal([process.pid, process.pid]);
    expect((await lock.holder())?.kind).to.equal('pid');
    await lock.release();
    expect(lock.readPidSync()).to.equal(null);
  });

  it('is at the option lockPath, and the locked path is not touched', async () => {
    const directory = temporaryDirectory().expect('data', 'data/');
    mkdirSync(directory.join('data/run'), { recursive: true });
    const path = directory.join('data');
    const lockPath = directory.join('data/run/daemon.pid');
    const before = statSync(path).mtimeMs;
    const lock = new PidLockFile(path, { lockPath });
    expect(lock).to.include({ path, lockPath });
    await lock.acquire();
    expect(readdirSync(directory.join('data/run'))).to.include.members(['daemon.pid', 'daemon.pid.holder']);
    expect([await lock.readPid(), lock.readPidSync()]).to.deep.equal([process.pid, process.pid]);
    expect(() => new PidLockFile(lockPath).acquireSync(0)).to.throw(AlreadyLocked, lockPath);
    new PidLockFile(path, { lockPath }).breakLockSync();
    expect(() => lock.releaseSync()).to.throw(NotMyLock);
    lock.acquireSync(0);
    lock.releaseSync();
    expect(readdirSync(directory.join('data/run'))).to.deep.equal([]);
    expect(readdirSync(directory.path)).to.deep.equal(['data']);
    expect(statSync(path).mtimeMs).to.equal(before);
  });

  it('of a holder that died at any call is taken at once, and nothing is left', function () {
    this.timeout(120_000);
    const directory = temporaryDirectory();
    const path = directory.join('daemon.pid');
    let step = 1;
    for (; ; step++) {
      const { reached, pid } = dieAt(path, step);
      if (!reached) break;
      const lock = new PidLockFile(path);
      lock.acquireSync(2_000);
      expect(lock.readPidSync(), `killed at call ${step}`).to.equal(process.pid);
      if (!lock.clean) expect(lock.previousHolder?.pid).to.equal(pid);
      lock.releaseSync();
      // The next process sweeps the private files of processes that died before they took the lock.
      const left = readdirSync(directory.path).filter((name) => !/^daemon\.pid\.[0-9a-f]{24}$/.test(name));
      expect(withoutBeacons(left), `killed at call ${step}`).to.deep.equal([]);
    }
    expect(step).to.be.greaterThan(15);
    const sweeper = spawnSync(process.execPath, [
      '-e',
      `import(${JSON.stringify(holdfast)}).then(({ PidLockFile }) => new PidLockFile(${JSON.stringify(path)}, ${JSON.stringify(afterTheirGrace)}).acquireSync(0))`,
    ]);
    expect(sweeper.status).to.equal(0);
    expect(readdirSync(directory.path)).to.deep.equal([]);
  });

  it('of another program is held while a process has its pid', () => {
    const path = temporaryDirectory().expect('daemon.pid').join('daemon.pid');
    for (const text of [`${process.pid}\n`, ` ${process.pid} \n`, String(process.pid)]) {
      writeFileSync(path, text);
      const lock = new PidLockFile(path);
      expect(lock.readPidSync()).to.equal(process.pid);
      expect(lock.isLockedSync()).to.equal(true);
      expect(() => lock.acquireSync(0)).to.throw(AlreadyLocked, `pid ${process.pid}`);
      expect(() => lock.acquireSync(5)).to.throw('foreign');
      expect(() => lock.releaseSync()).to.throw(NotMyLock);
      expect(readFileSync(path, 'utf8')).to.equal(text);
    }
  });

  it('of another program that is no pid is left alone', () => {
    const path = temporaryDirectory().expect('daemon.pid').join('daemon.pid');
    for (const text of ['', 'words', '0', '-1', '1e9', '4294967296', '12 13', '{}']) {
      writeFileSync(path, text);
      const lock = new PidLockFile(path);
      expect(lock.readPidSync(), text).to.equal(null);
      expect(() => lock.acquireSync(0), text).to.throw(AlreadyLocked);
      expect(readFileSync(path, 'utf8')).to.equal(text);
    }
  });

  it('of another program is replaced where its pid proves the writer dead', function () {
    const path = temporaryDirectory().expect('daemon.pid').join('daemon.pid');
    const pid = deadPid();
    writeFileSync(path, `${pid}\n`);
    const lock = new PidLockFile(path);
    const holder = lock.holderSync();
    if (holder?.verdict !== 'dead') {
      // Not on a local disk, or not in the initial PID namespace: then nothing is proved, and it is left alone.
      expect(() => lock.acquireSync(0)).to.throw(AlreadyLocked);
      this.skip();
    }
    lock.acquireSync(0);
    expect(lock.readPidSync()).to.equal(process.pid);
    lock.releaseSync();
  });

  it('of another program is removed by force, and by nothing else', async () => {
    const path = temporaryDirectory().join('daemon.pid');
    writeFileSync(path, 'words');
    const lock = new PidLockFile(path);
    await lock.breakLock();
    await lock.acquire(0);
    await lock.release();
  });

  it('does not belong to the record of another claim', () => {
    const directory = temporaryDirectory().expect('daemon.pid');
    const path = directory.join('daemon.pid');
    const killed = dieAt(path, Number.MAX_SAFE_INTEGER);
    expect(killed.reached).to.equal(false);
    const lock = new PidLockFile(path);
    lock.acquireSync(0);
    // Somebody removed our pid file by hand, and wrote another one with the same text.
    unlinkSync(path);
    writeFileSync(path, `${process.pid}\n`);
    expect(lock.holderSync()?.kind).to.equal('foreign');
    expect(lock.iAmLockingSync()).to.equal(false);
    expect(() => lock.releaseSync()).to.throw(NotMyLock);
    expect(readFileSync(path, 'utf8')).to.equal(`${process.pid}\n`);
    expect(readdirSync(directory.path)).to.deep.equal(['daemon.pid']);
  });

  it('into which another program writes its own pid is that program’s', () => {
    const path = temporaryDirectory().expect('daemon.pid').join('daemon.pid');
    const lock = new PidLockFile(path);
    lock.acquireSync(0);
    writeFileSync(path, '1\n');
    expect(lock.holderSync()?.kind).to.equal('foreign');
    expect(() => lock.releaseSync()).to.throw(NotMyLock);
    expect(readFileSync(path, 'utf8')).to.equal('1\n');
  });

  it('still excludes after somebody removed it by hand, because its holder is alive', () => {
    const path = temporaryDirectory().join('daemon.pid');
    const lock = new PidLockFile(path).acquireSync(0);
    unlinkSync(path);
    expect(() => new PidLockFile(path).acquireSync(0)).to.throw(AlreadyLocked);
    lock.releaseSync();
  });

  it('is never followed, if it is a link, nor waited for, if it is a FIFO', () => {
    const directory = temporaryDirectory().expect('daemon.pid', 'target', 'fifo');
    writeFileSync(directory.join('target'), `${deadPid()}\n`);
    symlinkSync('target', directory.join('daemon.pid'));
    expect(() => new PidLockFile(directory.join('daemon.pid')).acquireSync(0)).to.throw(AlreadyLocked);
    spawnSync('mkfifo', [directory.join('fifo')]);
    expect(new PidLockFile(directory.join('fifo')).readPidSync()).to.equal(null);
    expect(() => new PidLockFile(directory.join('fifo')).acquireSync(0)).to.throw(AlreadyLocked, 'a FIFO');
  });

  it('whose record’s name is taken by something else is LockFailed or held, never taken', () => {
    const directory = temporaryDirectory().expect('daemon.pid.holder');
    const path = directory.join('daemon.pid');
    writeFileSync(directory.join('daemon.pid.holder'), 'words');
    expect(() => new PidLockFile(path).acquireSync(0)).to.throw(AlreadyLocked, 'foreign');
  });
});

describe('a pid alone', () => {
  const seen = (answers: Partial<Machine>): Machine => ({
    ...thisMachine,
    self: () => ({ ...thisMachine.self(), pidNamespace: '4026531836' }),
    process: () => ({ is: 'gone' }),
    isLocal: () => true,
    ...answers,
  });
  const nobody = () => false;

  it('proves the writer dead only where every process can be seen, on a disk of this machine', () => {
    expect(judgePidAlone(7, seen({}), '/', nobody).verdict).to.equal('dead');
    expect(
      judgePidAlone(7, seen({ process: () => ({ is: 'there', zombie: true }) }), '/', nobody).verdict,
    ).to.equal('dead');
    expect(judgePidAlone(7, seen({ isLocal: () => false }), '/', nobody).verdict).to.equal('unknown');
    const inside = { self: () => ({ ...thisMachine.self(), pidNamespace: '4026532000' }) };
    expect(judgePidAlone(7, seen(inside), '/', nobody).verdict).to.equal('unknown');
    expect(judgePidAlone(7, seen({}), '/', () => true).verdict).to.equal('unknown');
    expect(judgePidAlone(7, seen({}), '/', () => undefined).verdict).to.equal('unknown');
    expect(judgePidAlone(7, seen({ process: () => ({ is: 'unknown' }) }), '/', nobody).verdict).to.equal(
      'unknown',
    );
  });

  it('proves no life: a pid may be another’s by now', () => {
    expect(judgePidAlone(7, seen({ process: () => ({ is: 'there', zombie: false }) }), '/').verdict).to.equal(
      'unknown',
    );
  });

  it('is searched in every namespace below, and in none if a process can’t be seen', () => {
    if (process.platform === 'linux') {
      expect(isPidInUse(process.pid)).to.equal(true);
      expect(isPidInUse(deadPid())).to.equal(false);
    }
    const proc = temporaryDirectory().expect('1/', '50/', '51/', '52/', 'version');
    const write = (pid: string, status: string) => {
      mkdirSync(proc.join(pid), { recursive: true });
      writeFileSync(proc.join(pid, 'status'), status);
    };
    expect(isPidInUse(7, proc.path)).to.equal(undefined); // No process 1 to be seen: hidepid.
    write('1', 'State:\tS (sleeping)\nNSpid:\t1\nThreads:\t1\n');
    write('50', 'State:\tS (sleeping)\nNSpid:\t50\t7\nThreads:\t1\n');
    write('51', 'State:\tZ (zombie)\nNSpid:\t51\t8\nThreads:\t1\n');
    mkdirSync(proc.join('52'));
    writeFileSync(proc.join('version'), '');
    expect([7, 50, 8, 51, 9].map((pid) => isPidInUse(pid, proc.path))).to.deep.equal([
      true,
      true,
      false,
      false,
      false,
    ]);
    write('52', 'State:\tS (sleeping)\n');
    expect(isPidInUse(9, proc.path)).to.equal(undefined);
  });

  it('is digits between blanks', () => {
    expect([' 12\n', '12', '12\n\n'].map(parsePid)).to.deep.equal([12, 12, 12]);
    expect(['', '-1', '0', '1.5', '0x10', '2147483648'].map(parsePid)).to.deep.equal(
      Array(6).fill(undefined),
    );
  });
});
