/** Locks in a database: which files count as one, what a kill leaves in it, and both engines on the same one. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  readFileSync,
  readdirSync,
  rmdirSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { expect } from 'chai';
import { AlreadyLocked, LockFailed, LockTimeout, type LockOptions } from '../../src/index.js';
import { SQLiteLockFile } from '../../src/sqlite/sqlite-lock-file.js';
import { isBeacon, withoutBeacons } from '../support/beacons.js';
import { newerNode } from '../support/peers.js';
import { temporaryDirectory } from '../support/temporary.js';

const sqlite = new URL('../../src/sqlite/sqlite-lock-file.js', import.meta.url).href;
const { Database } = createRequire(import.meta.url)(
  'node-sqlite3-wasm',
) as typeof import('node-sqlite3-wasm');

/** Runs a process that takes the lock and is killed: at file system call number `step` or, for 0, while it holds. */
function dieAt(path: string, step: number, options: LockOptions = {}): { died: boolean; steps: number } {
  const script = `
    import fs from 'node:fs';
    import { syncBuiltinESMExports } from 'node:module';
    let steps = -Infinity; // Until it acquires.
    const calls = /^(open|link|unlink|write|fsync|mkdir|rmdir|rename|rm|ftruncate)(File)?Sync$/;
    for (const name of Object.keys(fs).filter((name) => calls.test(name))) {
      const call = fs[name];
      fs[name] = (...args) => {
        if (++steps === ${step}) process.kill(process.pid, 'SIGKILL');
        return call(...args);
      };
    }
    syncBuiltinESMExports();
    const { SQLiteLockFile } = await import(${JSON.stringify(sqlite)});
    const options = { engine: 'node-sqlite3-wasm', ...${JSON.stringify(options)} };
    const lock = new SQLiteLockFile(${JSON.stringify(path)}, options);
    lock.isLockedSync();
    steps = 0;
    lock.acquireSync(0);
    const count = steps;
    if (${step} === 0) process.stdout.write(String(count), () => process.kill(process.pid, 'SIGKILL'));`;
  const { signal, stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
  });
  return { died: signal === 'SIGKILL', steps: Number(stdout) };
}

describe('a lock in a database', () => {
  it('is a row of the database beside the path, or of the one in the option', async () => {
    const directory = temporaryDirectory().expect('holdfast.sqlite', 'other.sqlite');
    const lock = new SQLiteLockFile(directory.join('README'));
    expect(lock.database).to.equal(directory.join('holdfast.sqlite'));
    expect(lock.lockPath).to.equal(`${lock.database}#README`);
    await lock.acquire();
    expect((await lock.holder())?.kind).to.equal('row');
    expect(() => new SQLiteLockFile(directory.join('README')).acquireSync(0)).to.throw(AlreadyLocked);
    const elsewhere = new SQLiteLockFile(directory.join('README'), {
      database: directory.join('other.sqlite'),
    });
    await elsewhere.acquire(0);
    await elsewhere.release();
    await lock.release();
    expect(readdirSync(directory.path).sort()).to.deep.equal(['holdfast.sqlite', 'other.sqlite']);
    expect(() => new SQLiteLockFile('README', { database: 1 as never })).to.throw(TypeError);
    expect(() => new SQLiteLockFile('README', { engine: 'sqlite' as never })).to.throw(
      TypeError,
      'node:sqlite',
    );
  });

  it('is not created by an inspection', () => {
    const directory = temporaryDirectory();
    const lock = new SQLiteLockFile(directory.join('README'));
    expect([lock.isLockedSync(), lock.holderSync()]).to.deep.equal([false, null]);
    lock.breakLockSync();
    expect(readdirSync(directory.path)).to.deep.equal([]);
  });

  it('is created without touching files beside it, and removes what a process left that was killed there', () => {
    const directory = temporaryDirectory();
    const mine = ['holdfast.sqlite.new', 'holdfast.sqlite.new-journal', 'holdfast.sqlite.holdfast-notes'];
    for (const name of mine) {
      mkdirSync(directory.join(name));
      writeFileSync(directory.join(name, 'work'), 'of a week');
    }
    const unfinished = `holdfast.sqlite.holdfast-${'0'.repeat(24)}`;
    for (const end of ['', '-wal', '.open']) writeFileSync(directory.join(unfinished + end), '');
    mkdirSync(directory.join(`${unfinished}.lock`));
    const lock = new SQLiteLockFile(directory.join('README'));
    lock.acquireSync(0);
    lock.releaseSync();
    expect(readdirSync(directory.path).sort()).to.deep.equal(['holdfast.sqlite', ...mine].sort());
    for (const name of mine)
      expect(readFileSync(directory.join(name, 'work'), 'utf8'), name).to.equal('of a week');
    directory.expect('holdfast.sqlite', ...mine.map((name) => `${name}/`));
  });

  it('throws LockFailed with its cause for a corrupt database or another program’s, and changes neither', () => {
    const directory = temporaryDirectory().expect('words', 'empty', 'foreign', 'torn');
    writeFileSync(directory.join('words'), 'words, '.repeat(1_000));
    writeFileSync(directory.join('empty'), '');
    const foreign = new Database(directory.join('foreign'));
    foreign.exec('CREATE TABLE locks (lock_file TEXT, unique_name TEXT)');
    foreign.close();
    const torn = new SQLiteLockFile(directory.join('README'), { database: directory.join('torn') });
    torn.acquireSync(0);
    torn.releaseSync();
    writeFileSync(directory.join('torn'), readFileSync(directory.join('torn')).fill(7, 4096));
    truncateSync(directory.join('torn'), 6_000);
    for (const name of ['words', 'empty', 'foreign', 'torn']) {
      const before = readFileSync(directory.join(name));
      const lock = new SQLiteLockFile(directory.join('README'), { database: directory.join(name) });
      expect(() => lock.acquireSync(0), name)
        .to.throw(LockFailed)
        .with.property('cause')
        .that.is.an('error');
      expect(readFileSync(directory.join(name)).equals(before), `${name} is as it was`).to.equal(true);
    }
  });

  it('waits within its timeout for another program that uses the database', async () => {
    const directory = temporaryDirectory().expect('holdfast.sqlite');
    const lock = new SQLiteLockFile(directory.join('README'), { engine: 'node-sqlite3-wasm' });
    await lock.acquire();
    await lock.release();
    mkdirSync(`${lock.database}.lock`); // As the WebAssembly build does in another program.
    let error: unknown;
    await lock.acquire(100).catch((refusal: unknown) => (error = refusal));
    expect(error)
      .to.be.instanceOf(LockTimeout)
      .with.property('message')
      .that.includes('another program is using');
    setTimeout(() => rmdirSync(`${lock.database}.lock`), 50);
    await lock.acquire(20_000);
    await lock.release();
  });

  it('is taken at once from a holder that was killed at any call, and the database is whole', function () {
    this.timeout(120_000);
    const directory = temporaryDirectory().expect('holdfast.sqlite', 'holdfast.sqlite.guard/');
    const path = directory.join('README');
    const { steps } = dieAt(path, 0);
    expect(steps).to.be.greaterThan(20);
    const lock = new SQLiteLockFile(path, { engine: 'node-sqlite3-wasm' });
    lock.acquireSync(0);
    expect(lock.clean).to.equal(false);
    lock.releaseSync();
    const points = 16; // A sample of all calls: each takes a process.
    let died = 0;
    for (let point = 0; point < points; point++) {
      if (point % 2 === 1) unlinkSync(lock.database); // So that its creation is cut off, too.
      const step = 1 + Math.floor((point * (steps - 1)) / points + (Math.random() * steps) / points);
      if (dieAt(path, step).died) died++;
      lock.acquireSync(5_000);
      lock.releaseSync();
    }
    expect(died).to.be.greaterThan(points / 2);
    const left = readdirSync(directory.path).filter((name) => !/\.(guard|now)\.[0-9a-f]{24}$/.test(name));
    expect(withoutBeacons(left)).to.deep.equal(['holdfast.sqlite']);
    for (const name of readdirSync(directory.path)) directory.expect(name);
  });

  it('removes the beacons of dead processes, whether or not they held the lock', function () {
    if (process.platform !== 'linux') this.skip();
    const directory = temporaryDirectory().expect('holdfast.sqlite');
    const path = directory.join('README');
    const beacons = () => readdirSync(directory.path).filter(isBeacon);
    const lock = new SQLiteLockFile(path, {
      engine: 'node-sqlite3-wasm',
      beacon: true,
      orphanGraceMs: 0,
    });
    for (let step = 1; beacons().length === 0; step++) dieAt(path, step, { beacon: true });
    lock.acquireSync(0);
    expect(beacons(), 'the beacon of a process that had no row yet is gone, ours is left').to.have.lengthOf(
      1,
    );
    lock.releaseSync();
    dieAt(path, 0, { beacon: true });
    expect(beacons()).to.have.lengthOf(1);
    lock.acquireSync(0);
    expect(lock.clean).to.equal(false);
    lock.releaseSync();
    expect(readdirSync(directory.path)).to.deep.equal(['holdfast.sqlite']);
  });

  for (const form of ['acquire', 'acquireSync'] as const) {
    for (const refusals of [1, 100]) {
      it(`stays usable by all if giving the guard back is refused ${refusals} times: ${form}`, async () => {
        const directory = temporaryDirectory().expect('holdfast.sqlite');
        const path = directory.join('README');
        const script = `
          import fs from 'node:fs';
          import { syncBuiltinESMExports } from 'node:module';
          let left = 0;
          const refuse = (unlink, refusal) => (name, ...rest) => {
            if (!name.endsWith('.guard') || left-- <= 0) return unlink(name, ...rest);
            return refusal(Object.assign(new Error('EIO: i/o error, unlink'), { code: 'EIO', syscall: 'unlink' }));
          };
          fs.unlinkSync = refuse(fs.unlinkSync, (error) => { throw error });
          fs.promises.unlink = refuse(fs.promises.unlink, (error) => Promise.reject(error));
          syncBuiltinESMExports();
          const { SQLiteLockFile } = await import(${JSON.stringify(sqlite)});
          const lock = new SQLiteLockFile(${JSON.stringify(path)});
          left = ${refusals};
          await lock.${form}(1_000);
          left = 0; // The disk has recovered.
          const other = await new SQLiteLockFile(${JSON.stringify(path)} + '-2').${form}(1_000);
          await other.release();
          console.log('held'); // Without a call of ours from here on: another process comes.
          process.stdin.once('data', () => lock.release().then(() => process.stdin.destroy()));`;
        const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
          stdio: ['pipe', 'pipe', 'inherit'],
        });
        const [said] = (await once(child.stdout, 'data')) as [Buffer];
        expect(String(said)).to.equal('held\n');
        const lock = new SQLiteLockFile(path);
        expect((await lock.holder())?.pid).to.equal(child.pid);
        expect(() => lock.acquireSync(0)).to.throw(AlreadyLocked);
        child.stdin.write('\n');
        await lock.acquire(10_000);
        await lock.release();
        expect(child.exitCode ?? ((await once(child, 'exit')) as [number])[0]).to.equal(0);
      });
    }
  }

  it('names what to install if there is no SQLite', function () {
    const lock = new SQLiteLockFile(temporaryDirectory().join('README'), { engine: 'node:sqlite' });
    if (process.getBuiltinModule('node:sqlite') !== undefined) this.skip();
    expect(() => lock.acquireSync(0)).to.throw(LockFailed, 'npm install node-sqlite3-wasm');
  });

  it('excludes across the two engines, and recovers from a kill of either', async function () {
    this.timeout(60_000);
    const node = newerNode();
    if (node === undefined) this.skip();
    const directory = temporaryDirectory().expect('holdfast.sqlite');
    const path = directory.join('README');
    const native = (code: string) =>
      spawnSync(
        node,
        [
          '--no-warnings',
          '--input-type=module',
          '-e',
          `
          const { SQLiteLockFile } = await import(${JSON.stringify(sqlite)});
          const lock = new SQLiteLockFile(${JSON.stringify(path)}, { engine: 'node:sqlite' });
          ${code}`,
        ],
        { encoding: 'utf8' },
      );
    const lock = new SQLiteLockFile(path, { engine: 'node-sqlite3-wasm' });
    await lock.acquire();
    const refused = native(
      'try { lock.acquireSync(0) } catch (error) { console.log(error.code, error.holder.pid) }',
    );
    expect(refused.stdout + refused.stderr).to.equal(`ALREADY_LOCKED ${process.pid}\n`);
    await lock.release();
    const killed = native("lock.acquireSync(0); process.kill(process.pid, 'SIGKILL')");
    expect(killed.signal).to.equal('SIGKILL');
    await lock.acquire(0);
    expect(lock.previousHolder?.pid).to.equal(killed.pid);
    await lock.release();
    expect(native('lock.acquireSync(0); lock.releaseSync(); console.log("done")').stdout).to.equal('done\n');
  });
});
