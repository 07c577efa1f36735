/** An empty directory at a lock's name: a check must say what an acquire would find. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmdirSync, utimesSync } from 'node:fs';
import { expect } from 'chai';
import { AlreadyLocked, LockFile } from '../../src/index.js';
import { main } from '../command/holdfast.js';
import { temporaryDirectory } from '../support/temporary.js';

const GRACE_MS = 30_000;

describe('an empty directory at a lock’s name', () => {
  const make = (ageMs: number) => {
    const directory = temporaryDirectory();
    const path = directory.join('data');
    mkdirSync(`${path}.lock`);
    const time = (Date.now() - ageMs) / 1_000;
    utimesSync(`${path}.lock`, time, time);
    return { directory, path, lock: new LockFile(path, { orphanGraceMs: GRACE_MS }) };
  };

  it('that an acquire takes at once is not held to any check, asynchronous or synchronous', async () => {
    const { path, lock } = make(GRACE_MS + 1_000);
    expect(await lock.isLocked()).to.equal(false);
    expect(lock.isLockedSync()).to.equal(false);
    expect((await lock.holder())?.verdict).to.equal('dead');
    expect(lock.holderSync()?.reason).to.match(/empty directory/);
    const { status } = spawnSync(process.execPath, [main, 'wait', '--timeout', '2s', path]);
    expect(status).to.equal(0);
    await lock.acquire(0);
    await lock.release();
  });

  it('is held to all of them while it is within its grace', async () => {
    const { path, lock } = make(GRACE_MS - 10_000);
    expect(await lock.isLocked()).to.equal(true);
    expect(lock.holderSync()?.verdict).to.equal('unknown');
    expect(() => lock.acquireSync(0)).to.throw(AlreadyLocked);
    rmdirSync(`${path}.lock`);
  });

  it('is checked in a directory that may not be written', async () => {
    const { directory, path, lock } = make(GRACE_MS + 1_000);
    chmodSync(directory.path, 0o555);
    expect(await lock.isLocked()).to.equal(false);
    chmodSync(directory.path, 0o700);
    rmdirSync(`${path}.lock`);
  });
});
