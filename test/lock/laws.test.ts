/** The laws of every kind of lock, in every form: one suite, many subjects. */
import { mkdirSync, readFileSync, readdirSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { LinkLockFile, LockFile } from '../../src/index.js';
import { withoutBeacons } from '../support/beacons.js';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary.js';
import { foreign } from './foreign.js';
import { failure, forms, kindNames, kinds, onDisk, type Form, type KindName } from './subjects.js';

for (const kind of kindNames) {
  for (const [name, makeForm] of Object.entries(forms)) {
    describe(`a ${kind}, ${name}`, () => laws(kind, makeForm));
  }
}

function laws(kind: KindName, makeForm: () => Form): void {
  let form: Form;
  let directory: TemporaryDirectory;
  let path: string;

  before(() => {
    form = makeForm();
  });
  after(() => form.close?.());
  beforeEach(() => {
    directory = temporaryDirectory();
    path = directory.join('config.json');
  });

  const open = (...[options]: [Parameters<Form['open']>[2]?]) => form.open(kind, path, options);

  describe('acquire and release', () => {
    it('a lock is held from its acquire to its release, and leaves nothing', async () => {
      const lock = open();
      expect(await lock.isLocked()).to.equal(false);
      expect(await lock.iAmLocking()).to.equal(false);
      await lock.acquire();
      expect(await lock.isLocked()).to.equal(true);
      expect(await lock.iAmLocking()).to.equal(true);
      expect(readdirSync(directory.path)).to.include('config.json.lock');
      await lock.release();
      expect(await lock.isLocked()).to.equal(false);
      expect(readdirSync(directory.path)).to.deep.equal([]);
    });

    it('the locked path need not exist, and is never touched', async () => {
      writeFileSync(path, 'precious');
      directory.expect('config.json');
      const lock = open();
      await lock.acquire();
      await lock.release();
      expect(readFileSync(path, 'utf8')).to.equal('precious');
    });

    it('a lock can be taken again after its release', async () => {
      const lock = open();
      for (let times = 0; times < 3; times++) {
        await lock.acquire(0);
        await lock.release();
      }
    });

    it('another object sees that it is held, and by whom', async () => {
      const before = Date.now();
      const lock = open({ note: 'nightly “import”' });
      await lock.acquire();
      const other = new LockFile(path);
      expect(await other.isLocked()).to.equal(true);
      expect(await other.iAmLocking()).to.equal(false);
      const holder = await other.holder();
      expect(holder).to.deep.include({
        kind: onDisk[kind],
        pid: process.pid,
        thread: form.thread(),
        note: 'nightly “import”',
        verdict: 'alive',
      });
      expect(holder?.since).to.be.within(before, Date.now());
      expect(await lock.holder()).to.deep.equal(holder);
      await lock.release();
      expect(await other.holder()).to.equal(null);
    });

    it('a timeout of 0 or less does not wait: AlreadyLocked names the holder', async () => {
      const holder = open({ note: 'busy' });
      await holder.acquire();
      for (const how of [0, -1, -Infinity, { timeout: 0 }]) {
        const error = await failure(() => open().acquire(how));
        expect(error).to.include({
          name: 'AlreadyLocked',
          code: 'ALREADY_LOCKED',
          path,
          lockPath: `${path}.lock`,
        });
        expect(error.holder).to.include({ pid: process.pid, note: 'busy' });
        expect(error.message).to.include(`pid ${process.pid}`).and.to.include('busy');
      }
      expect((await failure(() => open({ timeout: 0 }).acquire())).name).to.equal('AlreadyLocked');
      await holder.release();
    });

    it('a positive timeout waits that long: LockTimeout names the holder', async () => {
      const holder = open();
      await holder.acquire();
      for (const [how, fallback] of [[40], [{ timeout: 40 }], [undefined, 40], [40, 0]] as const) {
        const start = performance.now();
        const error = await failure(() => open({ timeout: fallback }).acquire(how));
        // A timer may fire a millisecond early, by the clock that is read here.
        expect(performance.now() - start).to.be.greaterThan(38);
        expect(error).to.include({
          name: 'LockTimeout',
          code: 'LOCK_TIMEOUT',
          path,
          lockPath: `${path}.lock`,
        });
        expect(error.message).to.match(/^Timed out after 40 ms: /);
        expect(error.holder).to.include({ pid: process.pid });
      }
      expect(await holder.iAmLocking()).to.equal(true);
      await holder.release();
    });

    it('it is not re-entrant: its own holder waits like any other task', async () => {
      const lock = open();
      await lock.acquire();
      expect((await failure(() => lock.acquire(0))).name).to.equal('AlreadyLocked');
      expect((await failure(() => lock.acquire(10))).name).to.equal('LockTimeout');
      expect(await lock.iAmLocking()).to.equal(true);
      await lock.release();
    });

    it('each kind excludes each other', async () => {
      const lock = open();
      await lock.acquire();
      for (const other of Object.values(kinds)) {
        expect((await failure(() => new other(path).acquire(0))).name).to.equal('AlreadyLocked');
      }
      await lock.release();
    });
  });

  describe('release', () => {
    it('of a lock that nobody holds is NotLocked', async () => {
      const error = await failure(() => open().release());
      expect(error).to.include({ name: 'NotLocked', code: 'NOT_LOCKED', path, lockPath: `${path}.lock` });
    });

    it('twice is NotLocked', async () => {
      const lock = open();
      await lock.acquire();
      await lock.release();
      expect((await failure(() => lock.release())).name).to.equal('NotLocked');
    });

    it('of a lock that another object holds is NotMyLock, and leaves it', async () => {
      const holder = await new LockFile(path).acquire();
      const error = await failure(() => open().release());
      expect(error).to.include({ name: 'NotMyLock', code: 'NOT_MY_LOCK', path, lockPath: `${path}.lock` });
      expect(error.holder).to.include({ pid: process.pid });
      expect(await holder.isHeld()).to.equal(true);
      await holder.release();
    });

    it('of a lock broken by force is NotMyLock, and then NotLocked', async () => {
      const lock = open();
      await lock.acquire();
      await new LockFile(path).breakLock();
      expect(await lock.isLocked()).to.equal(false);
      expect(await lock.iAmLocking()).to.equal(false);
      const error = await failure(() => lock.release());
      expect(error.name).to.equal('NotMyLock');
      expect(error.message).to.include('Nobody holds it now');
      expect((await failure(() => lock.release())).name).to.equal('NotLocked');
    });

    it('of a lock broken by force leaves the next holder’s', async () => {
      const lock = open();
      await lock.acquire();
      for (const next of Object.values(kinds)) {
        await lock.breakLock();
        const holder = await new next(path).acquire(5_000);
        const error = await failure(() => lock.release());
        expect(error.name).to.equal('NotMyLock');
        expect(error.holder).to.include({ pid: process.pid, thread: 0 });
        expect(await holder.isHeld()).to.equal(true);
        await holder.release();
        await lock.acquire();
      }
      await lock.release();
    });
  });

  describe('breakLock', () => {
    it('does nothing where there is no lock', async () => {
      await open().breakLock();
    });

    it('removes a living holder’s lock, of each kind', async () => {
      for (const other of Object.values(kinds)) {
        const holder = await new other(path).acquire();
        await open().breakLock();
        // A beacon proves that its holder is alive, and it is, until it notices.
        expect(withoutBeacons(readdirSync(directory.path))).to.deep.equal([]);
        expect((await failure(() => holder.release())).name).to.equal('NotMyLock');
        expect(readdirSync(directory.path)).to.deep.equal([]);
      }
    });

    it('leaves a lock whose private file was removed by hand, and its holder can still release it', async () => {
      const holder = await new LinkLockFile(path).acquire();
      const [own = ''] = readdirSync(directory.path).filter((name) => /\.[0-9a-f]{24}$/.test(name));
      unlinkSync(directory.join(own));
      const error = await failure(() => open().breakLock());
      expect(error).to.include({ name: 'UnlockError', code: 'UNLOCK_FAILED' });
      expect(error.message).to.include('seems to be releasing it').and.to.include('by hand');
      expect(error.message).to.include(`pid ${process.pid}`);
      await holder.release();
      expect(readdirSync(directory.path)).to.deep.equal([]);
    });

    it('by hand, by removing its name, is noticed by the holder, whose release removes no other lock', async () => {
      const holder = open();
      await holder.acquire();
      rmSync(`${path}.lock`, { recursive: true });
      const next = new LinkLockFile(path).acquireSync(0);
      expect((await failure(() => holder.release())).name).to.equal('NotMyLock');
      expect(next.isHeldSync()).to.equal(true);
      next.releaseSync();
      expect(readdirSync(directory.path)).to.deep.equal([]);
    });

    it('removes foreign locks: files, links, directories of empty files', async () => {
      for (const [what, make] of Object.entries(foreign)) {
        if (what === 'a directory of somebody’s files') continue;
        await make(`${path}.lock`);
        await open().breakLock();
        expect(readdirSync(directory.path), what).to.deep.equal([]);
      }
    });

    it('never removes a directory of somebody’s files', async () => {
      mkdirSync(`${path}.lock`);
      writeFileSync(`${path}.lock/thesis.txt`, 'three years');
      directory.expect('config.json.lock/');
      const error = await failure(() => open().breakLock());
      expect(error).to.include({ name: 'UnlockError', code: 'UNLOCK_FAILED' });
      expect(error.message).to.include('by hand');
      expect(readFileSync(`${path}.lock/thesis.txt`, 'utf8')).to.equal('three years');
    });
  });

  describe('dispose', () => {
    it('releases the lock', async () => {
      const lock = open();
      await lock.acquire();
      await lock.dispose();
      expect(await lock.isLocked()).to.equal(false);
    });

    it('does nothing when the hold has ended, also while another object holds the lock', async () => {
      const lock = open();
      await lock.acquire();
      await lock.release();
      await lock.dispose();
      const holder = await new LockFile(path).acquire();
      await lock.dispose();
      expect(await holder.isHeld()).to.equal(true);
      await holder.release();
    });
  });

  describe('threaded: false', () => {
    it('any such object of the process is the holder, and may release', async () => {
      const lock = open({ threaded: false });
      const other = new LockFile(path, { threaded: false });
      await lock.acquire();
      expect((await other.holder())?.thread).to.equal(undefined);
      expect(await other.iAmLocking()).to.equal(true);
      await other.release();
      expect(await lock.isLocked()).to.equal(false);
      expect((await failure(() => other.release())).name).to.equal('NotLocked');
    });

    it('objects that are threaded are not the holder, on either side', async () => {
      const lock = open({ threaded: false });
      await lock.acquire();
      const threaded = new LockFile(path);
      expect(await threaded.iAmLocking()).to.equal(false);
      expect((await failure(() => threaded.release())).name).to.equal('NotMyLock');
      await lock.release();

      await threaded.acquire();
      expect(await lock.iAmLocking()).to.equal(false);
      expect((await failure(() => lock.release())).name).to.equal('NotMyLock');
      await threaded.release();
    });

    it('one releases what another acquired, and no task queues behind that any more', async () => {
      const lock = open({ threaded: false });
      await lock.acquire();
      await new LockFile(path, { threaded: false }).release();
      const next = open({ threaded: false });
      await next.acquire(0);
      await lock.dispose();
      expect(await next.iAmLocking(), 'after the dispose of an object that took an earlier one').to.equal(
        true,
      );
      await next.dispose();
      expect(await next.isLocked()).to.equal(false);
    });

    it('one releases what another acquired, and the next has it', async () => {
      const lock = open({ threaded: false });
      const other = new LockFile(path, { threaded: false });
      await lock.acquire();
      expect((await failure(() => other.acquire(0))).name).to.equal('AlreadyLocked');
      await other.release();
      const hold = await other.acquire(5_000);
      await lock.release();
      await lock.acquire(5_000);
      await lock.release();
      hold[Symbol.dispose](); // If another thread released the lock, this hold notices only now.
    });
  });
}
