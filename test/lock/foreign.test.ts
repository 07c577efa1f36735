/**
 * Another program's lock at the lock's name: it counts as held, is reported as foreign, and is never removed
 * automatically.
 */
import { mkdirSync } from 'node:fs';
import { expect } from 'chai';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary.js';
import { fingerprint, foreign } from './foreign.js';
import { failure, forms, kindNames, type Form, type KindName } from './subjects.js';

for (const kind of kindNames) {
  for (const name of ['async', "async, io: 'async'", 'sync'] as const) {
    describe(`a ${kind}, ${name}: a foreign lock`, () => laws(kind, forms[name]()));
  }
}

function laws(kind: KindName, form: Form): void {
  let directory: TemporaryDirectory;
  let path: string;

  beforeEach(() => {
    directory = temporaryDirectory();
    path = directory.join('config.json');
  });

  const open = (...[options]: [Parameters<Form['open']>[2]?]) => form.open(kind, path, options);

  for (const [what, make] of Object.entries(foreign)) {
    it(`${what} counts as held, is reported as foreign, and stays`, async () => {
      const lockPath = `${path}.lock`;
      await make(lockPath);
      directory.expect('config.json.lock/');
      const before = fingerprint(lockPath);
      const lock = open();
      expect(await lock.isLocked()).to.equal(true);
      expect(await lock.iAmLocking()).to.equal(false);
      expect(await lock.holder()).to.include({ kind: 'foreign', verdict: 'unknown' });
      const already = await failure(() => lock.acquire(0));
      expect(already.name).to.equal('AlreadyLocked');
      expect(already.message).to.include('foreign').and.to.include('breakLock()');
      const late = await failure(() => lock.acquire(20));
      expect(late.name).to.equal('LockTimeout');
      expect(late.message).to.include('foreign');
      expect((await failure(() => lock.release())).name).to.equal('NotMyLock');
      expect(fingerprint(lockPath)).to.equal(before);
    });
  }

  it('an empty directory counts as held until its grace period ends', async () => {
    mkdirSync(`${path}.lock`);
    const error = await failure(() => open({ orphanGraceMs: 60_000 }).acquire(0));
    expect(error.name).to.equal('AlreadyLocked');
    expect(error.message).to.include('empty directory');
    const lock = open({ orphanGraceMs: 50 });
    await lock.acquire(10_000);
    expect(await lock.clean()).to.equal(true);
    await lock.release();
  });
}
