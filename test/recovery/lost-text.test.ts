/** Locks whose text is gone, as a power cut leaves them, but by truncation: what is ours is recovered, by all, and nothing else. */
import {
  appendFileSync,
  chmodSync,
  lstatSync,
  lutimesSync,
  readFileSync,
  readdirSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { uptime } from 'node:os';
import { join } from 'node:path';
import type { Context } from 'mocha';
import { expect } from 'chai';
import { AlreadyLocked, LockFile, MkdirLockFile, PidLockFile, type LockBase } from '../../src/index.js';
import { endScripts, start } from '../support/script.js';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary.js';

/** What may be left of a text. */
const remainders: Readonly<Record<string, (path: string) => void>> = {
  'is empty': (path) => {
    truncateSync(path);
  },
  'is zeros': (path) => {
    writeFileSync(path, Buffer.alloc(lstatSync(path).size));
  },
  'is cut short': (path) => {
    truncateSync(path, 100);
  },
  'is cut short, and goes on with zeros': (path) => {
    truncateSync(path, 40);
    appendFileSync(path, Buffer.alloc(200));
  },
};

const kinds = { LockFile, MkdirLockFile, PidLockFile } as const;
type KindName = keyof typeof kinds;

/** Each file that is ours, whatever it is for. */
function filesIn(directory: string): string[] {
  const names = readdirSync(directory, { recursive: true }) as string[];
  return names.map((name) => join(directory, name)).filter((path) => lstatSync(path).isFile());
}

/** Does this system keep the mark of a regular file? A skip that is seen. */
function needsMark(this: Context): void {
  const path = temporaryDirectory().expect('file').join('file');
  writeFileSync(path, '', { mode: 0o1644 });
  if ((lstatSync(path).mode & 0o1000) !== 0) return;
  console.log('        (not run: it takes a file system that keeps the sticky bit of a file)');
  this.skip();
}

describe('a lock whose text', () => {
  let directory: TemporaryDirectory;

  before(needsMark);

  beforeEach(() => {
    directory = temporaryDirectory();
  });
  afterEach(endScripts);

  /** A process that holds a lock is killed. */
  async function killed(kind: KindName, more = ''): Promise<void> {
    const script = start(
      `await new holdfast.${kind}('it', { note: 'ä'.repeat(30) }).acquire(); ${more} say('held');
       setInterval(() => {}, 1_000);`,
      { cwd: directory.path },
    );
    await script.line();
    await script.kill();
  }

  for (const kind of Object.keys(kinds) as KindName[]) {
    const open = (): LockBase => new kinds[kind](directory.join('it'));

    for (const [words, lose] of Object.entries(remainders)) {
      it(`${words} is taken by the next, who is told of a death (${kind})`, async () => {
        for (const form of ['async', 'sync'] as const) {
          await killed(kind);
          // A pid is too short to be cut: its first digits are another pid.
          const files = filesIn(directory.path).filter((path) => lstatSync(path).size > 10);
          expect(files).not.to.deep.equal([]);
          for (const path of files) lose(path);
          const lock = open();
          expect(await lock.isLocked()).to.equal(false);
          expect(await lock.holder()).to.include({ verdict: 'dead' });
          if (form === 'sync') lock.acquireSync(0);
          else await lock.acquire(0);
          expect(lock.clean).to.equal(false);
          expect(lock.previousHolder).to.equal(undefined);
          await lock.release();
          expect(readdirSync(directory.path)).to.deep.equal([]);
        }
      });
    }

    it(`is lost is told as that by holder(), and removed by breakLock() (${kind})`, async () => {
      await killed(kind);
      for (const path of filesIn(directory.path)) truncateSync(path);
      const holder = await open().holder();
      expect(holder).to.include({ kind: 'lost', verdict: 'dead' });
      expect(holder?.reason).to.equal('the machine crashed before the lock’s text was on the disk');
      await open().breakLock();
      expect(readdirSync(directory.path)).to.deep.equal([]);
    });
  }

  it('is lost in one file of several is recovered, whichever it is', async () => {
    for (const kind of Object.keys(kinds) as KindName[]) {
      for (let index = 0; ; index++) {
        await killed(kind);
        const inodes = new Map(filesIn(directory.path).map((path) => [lstatSync(path).ino, path]));
        const path = [...inodes.values()][index];
        if (path !== undefined) truncateSync(path);
        const lock = new kinds[kind](directory.join('it')).acquireSync(0);
        expect(lock.clean).to.equal(false);
        lock.releaseSync();
        expect(readdirSync(directory.path)).to.deep.equal([]);
        if (path === undefined) break;
      }
    }
  });

  it('is lost together with that of its eviction lock, and of those who waited', async () => {
    await killed('LockFile', `fs.linkSync('it.lock', 'it.lock.evict');`);
    const waiting = join(directory.path, `it.lock.${'a'.repeat(24)}`);
    writeFileSync(waiting, '', { mode: 0o1644 });
    const started = Date.now() / 1_000 - uptime() - 60;
    lutimesSync(waiting, started, started);
    for (const path of filesIn(directory.path)) truncateSync(path);
    lutimesSync(waiting, started, started);
    new LockFile(directory.join('it')).acquireSync(0).releaseSync();
    expect(readdirSync(directory.path)).to.deep.equal([]);
  });

  it('is lost, but without our mark, is another program’s', () => {
    const path = directory.join('it');
    const text = '{"holdfast":1,"token":"';
    for (const left of ['', '\0\0\0', text]) {
      directory.expect('it', 'it.lock');
      writeFileSync(`${path}.lock`, left);
      chmodSync(`${path}.lock`, 0o644);
      expect(() => new LockFile(path).acquireSync(0)).to.throw(AlreadyLocked, 'foreign');
      writeFileSync(path, left);
      chmodSync(path, 0o644);
      expect(() => new PidLockFile(path).acquireSync(0)).to.throw(AlreadyLocked, 'no pid file');
    }
  });

  it('is whole, but no record of this version, is left alone, though it has our mark', () => {
    const path = directory.join('it');
    directory.expect('it.lock');
    for (const text of [
      '{"holdfast":2,"token":"x"}',
      '{"holdfast":1,"token":"x"}',
      '{"holdfast":2,"tok',
      'words',
    ]) {
      writeFileSync(`${path}.lock`, text);
      chmodSync(`${path}.lock`, 0o1644);
      expect(() => new LockFile(path).acquireSync(0)).to.throw(AlreadyLocked, 'foreign');
      expect(readFileSync(`${path}.lock`, 'utf8')).to.equal(text);
    }
  });
});

describe('our mark', () => {
  before(needsMark);

  it('is on every file that is made for a lock, and on no directory', () => {
    const directory = temporaryDirectory();
    for (const kind of Object.values(kinds)) {
      using lock = new kind(directory.join('it')).acquireSync();
      expect(lstatSync(lock.lockPath).mode & 0o1000).to.equal(kind === MkdirLockFile ? 0 : 0o1000);
      for (const path of filesIn(directory.path))
        expect(lstatSync(path).mode & 0o1000, path).to.equal(0o1000);
    }
  });
});
