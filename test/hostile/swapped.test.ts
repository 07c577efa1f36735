/** Names that are replaced between two of our calls never lead a call into someone else's directory. */
import { spawn } from 'node:child_process';
import mutable, {
  mkdirSync,
  renameSync,
  rmSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { expect } from 'chai';
import { LockFileError, MkdirLockFile } from '../../src/index.js';
import { thisMachine } from '../../src/system/machine.js';
import { executeSync, execute, type Call } from '../../src/driver/syscalls.js';
import { formatRecord } from '../../src/model/record.js';
import { temporaryDirectory } from '../support/temporary.js';
import { clear, make, portrait } from './shapes.js';

const token = 'f'.repeat(24);

/** Calls `act` right after the next `lstat`. */
function afterNextLstat(act: () => void): void {
  const { lstatSync } = mutable;
  const { lstat } = mutable.promises;
  const restore = () => {
    Object.assign(mutable, { lstatSync });
    Object.assign(mutable.promises, { lstat });
    syncBuiltinESMExports();
  };
  const interfere = <T>(stats: T): T => {
    restore();
    act();
    return stats;
  };
  Object.assign(mutable, { lstatSync: (path: string) => interfere(lstatSync(path)) });
  Object.assign(mutable.promises, { lstat: async (path: string) => interfere(await lstat(path)) });
  syncBuiltinESMExports();
}

describe('a lock directory', () => {
  for (const form of ['sync', 'async'] as const) {
    const run = async (step: Call) =>
      form === 'sync' ? executeSync(step, thisMachine) : await execute(step, thisMachine);

    it(`that has become a link is not entered (${form})`, async () => {
      const directory = temporaryDirectory().expect('mine');
      const [lock, theirs] = [directory.join('README.lock'), directory.join('theirs')];
      mkdirSync(theirs);
      writeFileSync(`${theirs}/${token}`, 'theirs');
      writeFileSync(directory.join('mine'), '');
      symlinkSync('theirs', lock);
      const inside = `${lock}/${token}`;
      const before = portrait(directory.path);
      expect(await run({ call: 'read', path: inside, lockDirectory: lock })).to.deep.equal({ is: 'nothing' });
      expect(await run({ call: 'list', path: lock, limit: 9, lockDirectory: lock })).to.equal(undefined);
      expect(await run({ call: 'unlink', path: inside, lockDirectory: lock })).to.equal(false);
      const move = {
        call: 'rename',
        from: directory.join('mine'),
        to: `${lock}/mine`,
        lockDirectory: lock,
      } as const;
      expect(await run(move)).to.equal('missing');
      expect(portrait(directory.path)).to.deep.equal(before);
      // The same calls do their work where the name is the directory itself.
      unlinkSync(lock);
      renameSync(theirs, lock);
      expect(await run({ call: 'read', path: inside, lockDirectory: lock })).to.deep.equal({
        is: 'file',
        text: 'theirs',
      });
      expect(await run({ call: 'list', path: lock, limit: 9, lockDirectory: lock })).to.deep.equal([token]);
      expect(await run(move)).to.equal('moved');
      expect(await run({ call: 'unlink', path: `${lock}/mine`, lockDirectory: lock })).to.equal(true);
      expect(await run({ call: 'unlink', path: inside, lockDirectory: lock })).to.equal(true);
      rmSync(lock, { recursive: true });
    });
  }

  for (const form of ['sync', 'async'] as const) {
    it(`that becomes a link during a read is reported as a link, which is not followed (${form})`, async () => {
      const lock = temporaryDirectory().join('README.lock');
      mkdirSync(lock);
      afterNextLstat(() => {
        rmdirSync(lock);
        symlinkSync('n'.repeat(300), lock); // No name is so long: following it would fail.
      });
      const step = { call: 'read', path: lock } as const;
      const seen = form === 'sync' ? executeSync(step, thisMachine) : await execute(step, thisMachine);
      expect(seen).to.deep.equal({ is: 'symlink' });
      unlinkSync(lock);
    });
  }

  it('never leads into another directory, however fast its name is replaced', async function () {
    this.timeout(60_000);
    const directory = temporaryDirectory();
    const [path, theirs] = [directory.join('README'), directory.join('theirs')];
    mkdirSync(theirs);
    // What we would remove if we used the name alone: a dead claim inside, and a live one elsewhere.
    const dead = { ...thisMachine.self(), token, since: 0, started: '1' };
    writeFileSync(`${theirs}/${token}`, 'a live claim of somebody else');
    writeFileSync(`${theirs}/empty`, 'not empty');
    const script = `
      const fs = require('node:fs');
      const [lock, text, token] = process.argv.slice(1);
      const real = lock + '.real', link = lock + '.link';
      const quietly = (act) => { try { act(); } catch {} };
      for (const end = Date.now() + 4000; Date.now() < end;) {
        quietly(() => { fs.mkdirSync(real); });
        quietly(() => { fs.writeFileSync(real + '/' + token, text); });
        quietly(() => { fs.symlinkSync('theirs', link); });
        quietly(() => { fs.rmSync(lock, { recursive: true }); });
        quietly(() => { fs.renameSync(real, lock); });
        for (let i = 0; i < 20; i++) quietly(() => { fs.readdirSync(lock); });
        quietly(() => { fs.renameSync(lock, real); });
        quietly(() => { fs.renameSync(link, lock); });
      }
      for (const name of [lock, real, link]) quietly(() => { fs.rmSync(name, { recursive: true, force: true }); });`;
    const args = ['-e', script, `${path}.lock`, formatRecord(dead), token];
    const swapper = spawn(process.execPath, args, { stdio: 'inherit' });
    const ended = new Promise((resolve) => swapper.on('close', resolve));
    const outcomes = { took: 0, refused: 0, broke: 0 };
    const state = { over: false };
    void ended.then(() => (state.over = true));
    while (!state.over) {
      await new Promise((resolve) => setImmediate(resolve)); // Otherwise the `close` event would never be delivered.
      const lock = new MkdirLockFile(path);
      try {
        await lock.acquire(0);
        outcomes.took++;
        await lock.release();
      } catch (error) {
        if (!(error instanceof LockFileError)) throw error;
        outcomes.refused++;
      }
      try {
        await lock.breakLock();
        outcomes.broke++;
      } catch (error) {
        if (!(error instanceof LockFileError)) throw error;
      }
    }
    expect(portrait(theirs)).to.deep.equal([
      ['empty', 'not empty'],
      [token, 'a live claim of somebody else'],
    ]);
    expect(outcomes.refused + outcomes.took).to.be.above(50);
    rmSync(theirs, { recursive: true });
    for (const name of ['', '.evict', '.real', '.link']) clear(`${path}.lock${name}`);
  });
});

describe('a name that became something else since we read it', () => {
  it('is opened without waiting, and without following links', async () => {
    const directory = temporaryDirectory();
    const name = directory.join('name');
    const other = { is: 'file', bytes: Buffer.from('text') } as const;
    for (const shape of [{ is: 'fifo' }, { is: 'link', target: 'secret' }, other] as const) {
      make(name, shape);
      for (const answer of [
        executeSync({ call: 'read', path: name }, thisMachine),
        await execute({ call: 'read', path: name }, thisMachine),
      ]) {
        if (shape === other) expect(answer).to.deep.equal({ is: 'file', text: 'text' });
        else expect(answer).to.have.property('is').that.is.oneOf(['other', 'symlink']);
      }
      clear(name);
    }
  });
});
