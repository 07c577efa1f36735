/**
 * A lock file at another place than beside the locked file, for directories that can't be written, and the errors that
 * advise it.
 *
 * The test mounts a real read-only file system in a new mount namespace. Where the system doesn't permit that, it is
 * skipped.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { AlreadyLocked, LockFile, MkdirLockFile, SymlinkLockFile } from 'holdfast';
import { explainSystemError } from '../../src/lock/system-errors.js';
import { endScripts, run } from '../support/script.js';
import { temporaryDirectory } from '../support/temporary.js';

describe('the option lockPath', () => {
  afterEach(endScripts);

  for (const Kind of [LockFile, MkdirLockFile, SymlinkLockFile]) {
    it(`has the lock stand there and nowhere else: ${Kind.name}`, async () => {
      const directory = temporaryDirectory().expect('locks');
      const lockPath = directory.join('locks/config');
      mkdirSync(directory.join('locks'));
      const lock = new Kind(directory.join('config'), { lockPath });
      expect(lock).to.include({ path: directory.join('config'), lockPath });
      await lock.acquire();
      expect(readdirSync(directory.path)).to.deep.equal(['locks']);
      expect(readdirSync(directory.join('locks'))).to.include('config');
      expect(() => new Kind(directory.join('config'), { lockPath }).acquireSync(0)).to.throw(AlreadyLocked);
      await lock.release();
      expect(readdirSync(directory.join('locks'))).to.deep.equal([]);
    });
  }

  it('is what excludes, whatever the path', async () => {
    const directory = temporaryDirectory();
    const lockPath = directory.join('both.lock');
    await using one = await new LockFile(directory.join('one'), { lockPath }).acquire();
    expect(one.lockPath).to.equal(lockPath);
    expect(new LockFile(directory.join('other'), { lockPath }).isLockedSync()).to.equal(true);
    expect(new LockFile(directory.join('one')).isLockedSync()).to.equal(false);
  });

  it('is made absolute at once', () => {
    expect(new LockFile('a', { lockPath: 'b' }).lockPath).to.equal(join(process.cwd(), 'b'));
  });

  it('is refused if it is no path, or the very path to lock', () => {
    expect(() => new LockFile('a', { lockPath: 1 as never })).to.throw(
      TypeError,
      'lockPath must be a string',
    );
    expect(() => new LockFile('a', { lockPath: '' })).to.throw(TypeError, 'lockPath must');
    expect(() => new LockFile('a', { lockPath: './a' })).to.throw(RangeError, 'must not be the path to lock');
  });

  it('is the way out of a read-only file system, whose error names it', async function () {
    const wrapper = ['unshare', '--user', '--map-root-user', '--mount'];
    if (spawnSync('unshare', [...wrapper.slice(1), 'true']).status !== 0) this.skip();
    const directory = temporaryDirectory().expect('fixed');
    mkdirSync(directory.join('fixed'));
    const script = `
      import { execFileSync } from 'node:child_process';
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'ro', 'none', 'fixed']);
      for (const Kind of [LinkLockFile, MkdirLockFile, SymlinkLockFile, LockFile]) {
        const error = await new Kind('fixed/config').acquire().catch((error) => error);
        say([error.name, error.cause.code, /read-only.*lockPath/.test(error.message)].join());
        await new Kind('fixed/config', { lockPath: 'config.lock' }).acquire().then((lock) => lock.release());
      }
    `;
    const { stdout, stderr } = await run(script, { cwd: directory.path, wrapper });
    expect(stdout, stderr).to.equal('LockFailed,EROFS,true\n'.repeat(4));
  });
});

describe('a refusal in words', () => {
  const refusal = (code: string, message = '') => Object.assign(new Error(message), { code });

  it('says what the permission model wants to be told', () => {
    expect(explainSystemError(refusal('ERR_ACCESS_DENIED'), '/srv')).to.match(
      /permission model.*\/srv.*--allow-fs-write/,
    );
  });

  it('says which kind needs no symbolic link', () => {
    const message = 'fs.symlink API requires full fs.read and fs.write permissions.';
    expect(explainSystemError(refusal('ERR_ACCESS_DENIED', message), '/srv')).to.match(
      /symbolic links.*use LockFile/,
    );
  });

  it('says that a file system has no symbolic links, and not that something is wrong with a socket', async function () {
    // The file system of /sys has none. Only root gets as far as this error.
    if (process.platform !== 'linux' || process.getuid?.() !== 0) this.skip();
    const error = await new SymlinkLockFile('/sys/kernel/file').acquire().catch((thrown: unknown) => thrown);
    expect((error as Error).message).to.include(
      'the file system of /sys/kernel has no symbolic links; use LockFile',
    );
    const onSmb = Object.assign(refusal('ENOTSUP', 'operation not supported on socket'), {
      syscall: 'symlink',
    });
    expect(explainSystemError(onSmb, '/srv')).to.match(/no symbolic links.*\(ENOTSUP\)$/);
  });

  it('says that a directory can’t be listed, and not that a name is too long', () => {
    const listing = Object.assign(refusal('ENAMETOOLONG'), { syscall: 'opendir', path: '/srv/file.lock' });
    expect(explainSystemError(listing, '/srv')).to.equal(
      'the file system failed to list /srv/file.lock (ENAMETOOLONG)',
    );
  });
});
