/**
 * Bad conditions: a LockFailed that explains the problem and has the system's error as its cause. Nothing stays on
 * disk.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import type { Context } from 'mocha';
import { expect } from 'chai';
import { run, type ScriptOptions } from '../support/script.js';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary.js';
import { kindNames } from './subjects.js';

const isRoot = process.getuid?.() === 0;
const canMount = isRoot && spawnSync('unshare', ['-m', 'true']).status === 0;

/** Mounts a tmpfs on `mounted`, visible to one process only, and starts node in it. */
const mounted = (options: string): string[] => {
  const mount = `mount -t tmpfs -o ${options} tmpfs mounted && cd mounted && exec "$@"`;
  return ['unshare', '-m', 'sh', '-c', mount, 'sh'];
};

interface Outcome {
  readonly kind: string;
  readonly how: string;
  readonly name: string;
  readonly code: string | undefined;
  readonly message: string;
}

describe('bad conditions', () => {
  let directory: TemporaryDirectory;

  beforeEach(() => {
    directory = temporaryDirectory();
  });

  /** The outcomes of acquiring `path` with each kind, in both forms. */
  async function attempts(
    path: string,
    more: Partial<ScriptOptions> & { before?: string } = {},
  ): Promise<Outcome[]> {
    const { before = '', ...options } = more;
    const ending = await run(
      `const outcomes = [];
       const cwd = fs.readdirSync.bind(fs, '.');
       ${before}
       for (const kind of ${JSON.stringify(kindNames)}) {
         for (const [how, options] of [['acquire', {}], ['acquire', { io: 'async' }], ['acquireSync', {}]]) {
           globalThis.prepare?.();
           try {
             const lock = await new holdfast[kind](${path}, options)[how](1_000);
             await lock.release();
             outcomes.push({ kind, how, name: 'acquired' });
           } catch (error) {
             const { name, message, cause } = error;
             outcomes.push({ kind, how, name, message, code: cause?.code });
           }
         }
       }
       say(JSON.stringify(outcomes));`,
      { cwd: directory.path, ...options },
    );
    expect(ending, ending.stderr).to.include({ code: 0 });
    const outcomes = JSON.parse(ending.stdout) as Outcome[];
    expect(outcomes.length).to.equal(kindNames.length * 3);
    return outcomes;
  }

  function allFailed(outcomes: readonly Outcome[], code: string, words: string): void {
    for (const outcome of outcomes) {
      expect(outcome, JSON.stringify(outcome)).to.include({ name: 'LockFailed', code });
      expect(outcome.message).to.include(words).and.to.include(`(${code})`);
    }
  }

  /** A visible skip. */
  function needs(context: Context, isGiven: boolean, what: string): void {
    if (isGiven) return;
    console.log(`        (not run: it takes ${what})`);
    context.skip();
  }

  it('the directory does not exist', async () => {
    allFailed(await attempts("'missing/config.json'"), 'ENOENT', 'missing does not exist; create it first');
    expect(readdirSync(directory.path)).to.deep.equal([]);
  });

  it('the directory is a file', async () => {
    writeFileSync(directory.join('file'), '');
    directory.expect('file');
    allFailed(await attempts("'file/config.json'"), 'ENOTDIR', 'file is not a directory');
  });

  it('the directory is not writable', async () => {
    mkdirSync(directory.join('closed'), { mode: 0o555 });
    directory.expect('closed');
    chmodSync(directory.path, 0o755);
    // Modes don't restrict root, so the process becomes nobody after it has loaded the package.
    const before = isRoot ? 'process.setgid(65534); process.setuid(65534);' : '';
    allFailed(await attempts("'closed/config.json'", { before }), 'EACCES', 'may not write in');
    expect(readdirSync(directory.join('closed'))).to.deep.equal([]);
  });

  it('the directory may not be searched', async () => {
    mkdirSync(directory.join('closed'), { mode: 0o700 });
    chmodSync(directory.path, 0o755);
    directory.expect('closed');
    if (!isRoot) chmodSync(directory.join('closed'), 0);
    const before = isRoot ? 'process.setgid(65534); process.setuid(65534);' : '';
    allFailed(await attempts("'closed/config.json'", { before }), 'EACCES', 'may not write in');
    chmodSync(directory.join('closed'), 0o700);
  });

  it('the file system is read-only', async function () {
    needs(this, canMount, 'root, and unshare(1), to mount a file system');
    mkdirSync(directory.join('mounted'));
    directory.expect('mounted');
    allFailed(await attempts("'config.json'", { wrapper: mounted('ro') }), 'EROFS', 'read-only');
  });

  it('the disk is full, and is as full as before', async function () {
    needs(this, canMount, 'root, and unshare(1), to mount a file system');
    mkdirSync(directory.join('mounted'));
    directory.expect('mounted');
    const before = `
      fs.writeFileSync('fill', Buffer.alloc(4096));
      process.on('exit', () => { if (cwd().join() !== 'fill') { console.error(cwd()); process.exitCode = 3; } });`;
    allFailed(await attempts("'config.json'", { wrapper: mounted('size=4k'), before }), 'ENOSPC', 'is full');
  });

  it('a lock is released although the disk has become full', async function () {
    needs(this, canMount, 'root, and unshare(1), to mount a file system');
    mkdirSync(directory.join('mounted'));
    directory.expect('mounted');
    const ending = await run(
      `const said = [];
       for (const kind of ['LockFile', 'MkdirLockFile']) {
         const lock = new holdfast[kind]('config.json').acquireSync();
         try { fs.writeFileSync('fill', Buffer.alloc(1_000_000)); } catch (error) { said.push(error.code); }
         lock.releaseSync();
         fs.unlinkSync('fill');
         said.push(fs.readdirSync('.').length);
       }
       const lock = new SymlinkLockFile('config.json').acquireSync();
       try { fs.writeFileSync('fill', Buffer.alloc(1_000_000)); } catch (error) { said.push(error.code); }
       try { lock.releaseSync(); } catch (error) { said.push(error.name, error.cause.code, lock.isHeldSync()); }
       fs.unlinkSync('fill');
       lock.releaseSync();
       say(said.join() + ',' + fs.readdirSync('.').length);`,
      { cwd: directory.path, wrapper: mounted('size=64k') },
    );
    expect(ending.stderr).to.equal('');
    // To release a symbolic link takes another one, for which there is no room: the error says so, and it stays held.
    expect(ending.stdout).to.equal('ENOSPC,0,ENOSPC,0,ENOSPC,UnlockError,ENOSPC,true,0\n');
  });

  it('the name is too long, for the lock or for its eviction lock', async () => {
    for (const length of [256, 250, 244, 226]) {
      allFailed(await attempts(`'${'n'.repeat(length)}'`), 'ENAMETOOLONG', 'its name is too long');
    }
    const outcomes = await attempts(`'${'n'.repeat(225)}'`);
    expect(outcomes.every(({ name }) => name === 'acquired')).to.equal(true);
    expect(readdirSync(directory.path)).to.deep.equal([]);
  });

  it('too many files are open', async () => {
    const wrapper = ['sh', '-c', 'ulimit -n 64; exec "$@"', 'sh'];
    const before = `
      const open = [];
      new LockFile('warm-up').acquireSync().releaseSync();
      await (await new LockFile('warm-up', { io: 'async' }).acquire()).release();
      await new Promise((resolve) => setTimeout(resolve, 100)); // The lifeline is closed a moment later.
      globalThis.prepare = () => {
        try { for (;;) open.push(fs.openSync('/dev/null')); } catch { }
      };
      process.on('exit', () => { for (const each of open) fs.closeSync(each); });`;
    // A symbolic link is created, read and removed without opening a file.
    const outcomes = await attempts("'config.json'", { wrapper, before });
    const others = outcomes.filter(({ kind, name }) => kind !== 'SymlinkLockFile' || name !== 'acquired');
    expect(others.length).to.be.at.least(9);
    allFailed(others, 'EMFILE', 'too many files open');
    expect(readdirSync(directory.path)).to.deep.equal([]);
  });

  it('the current directory was removed: a relative path is a LockFailed, an absolute one still works', async () => {
    mkdirSync(directory.join('gone'));
    const before = `process.chdir('gone'); fs.rmdirSync(${JSON.stringify(directory.join('gone'))});`;
    for (const outcome of await attempts("'config.json'", { before })) {
      expect(outcome).to.include({ name: 'LockFailed', code: 'ENOENT' });
    }
    const outcomes = await attempts(JSON.stringify(directory.join('config.json')), {
      before: `fs.mkdirSync('gone', { recursive: true }); ${before}`,
    });
    expect(outcomes.every(({ name }) => name === 'acquired')).to.equal(true);
  });

  it('a lock that can’t be read is a LockFailed too', async () => {
    const ending = await run(
      `const lock = new LockFile('n'.repeat(300));
       for (const call of ['isLocked', 'iAmLocking', 'holder', 'release', 'breakLock']) {
         for (const how of [call, call + 'Sync']) {
           try { await lock[how](); say('nothing'); } catch (error) { say([error.name, error.cause?.code].join()); }
         }
       }`,
      { cwd: directory.path },
    );
    expect(ending.stdout.trim().split('\n')).to.deep.equal([
      ...Array<string>(6).fill('LockFailed,ENAMETOOLONG'),
      ...Array<string>(4).fill('UnlockError,ENAMETOOLONG'),
    ]);
  });
});
