/** Another user in the same directory: what they can do to us, and how the errors describe it. Needs root. */
import { chmodSync, chownSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { LockFile, MkdirLockFile } from '../../src/index.js';
import { actor, endAll, kill } from '../system/actors.js';
import { temporaryDirectory } from '../support/temporary.js';

const law = process.getuid?.() === 0 ? it : it.skip;
const someone = { user: 65533 };
const somebody = { user: 65534 };

/** A directory like /tmp: all users may add names, and remove their own. */
function sticky() {
  const directory = temporaryDirectory();
  chmodSync(directory.path, 0o1777);
  return directory;
}

describe('another user in a sticky directory', () => {
  afterEach(endAll);

  for (const kind of ['link', 'mkdir', 'symlink'] as const) {
    law(`leaves a dead lock that can't be removed, and the error says so (${kind})`, async () => {
      const directory = sticky();
      const path = directory.join('README');
      await kill(await actor('hold', path, { ...someone, options: { kind } }));
      const refused = await actor('try', path, somebody);
      expect(refused.code).to.equal('LOCK_FAILED');
      expect(refused.message).to.match(/README\.lock.* can't be removed: .*sticky.*\(E(PERM|ACCES)\)/);
      expect((await actor('try', path, someone)).took).to.equal(true);
    });
  }

  law('can keep us out with their own file, and the error describes it', async () => {
    const directory = sticky();
    const path = directory.join('README');
    writeFileSync(`${path}.lock`, 'mine!', { mode: 0o600 });
    chownSync(`${path}.lock`, 65533, 65533);
    const refused = await actor('try', path, somebody);
    expect(refused.code).to.equal('ALREADY_LOCKED');
    expect(refused.message).to.include('something that we may not read (EACCES)');
    rmSync(`${path}.lock`);
    mkdirSync(`${path}.lock`, { mode: 0o700 });
    chownSync(`${path}.lock`, 65533, 65533);
    expect((await actor('try', path, somebody)).message).to.include('may not read (EACCES)');
    rmSync(`${path}.lock`, { recursive: true });
  });

  law('that holds the eviction lock prevents a recovery, and the error names the lock', async () => {
    const directory = sticky();
    const path = directory.join('README');
    await kill(await actor('hold', path, somebody));
    writeFileSync(`${path}.lock.evict`, 'mine!');
    chownSync(`${path}.lock.evict`, 65533, 65533);
    const refused = await actor('try', path, somebody);
    expect(refused.code).to.equal('ALREADY_LOCKED');
    expect(refused.message).to.include(
      'README.lock.evict is held by a foreign lock, a file that is not ours',
    );
    rmSync(`${path}.lock.evict`);
    expect((await actor('try', path, somebody)).took).to.equal(true);
  });

  law('in a directory that we may not write causes a LockFailed that says so', async () => {
    const directory = temporaryDirectory();
    chmodSync(directory.path, 0o755);
    const refused = await actor('try', directory.join('README'), somebody);
    expect(refused.code).to.equal('LOCK_FAILED');
    expect(refused.message).to.include('may not write in');
  });
});

describe('the mode of a lock', () => {
  const modeOf = (path: string) => statSync(path).mode & 0o777;
  let umask: number;
  beforeEach(() => (umask = process.umask(0o022)));
  afterEach(() => process.umask(umask));

  it('lets all users read and the owner write, less the umask', async () => {
    const path = temporaryDirectory().join('README');
    for (const [mask, file, folder] of [
      [0, 0o644, 0o755],
      [0o027, 0o640, 0o750],
      [0o077, 0o600, 0o700],
    ] as const) {
      process.umask(mask);
      for (const [lock, name] of [
        [new LockFile(path), ''],
        [new MkdirLockFile(path), '/claim'],
      ] as const) {
        await lock.acquire(0);
        expect(modeOf(lock.lockPath)).to.equal(name === '' ? file : folder);
        if (name !== '') {
          const { token = '' } = (await lock.holder()) ?? {};
          expect(modeOf(`${lock.lockPath}/${token}`)).to.equal(file);
        }
        await lock.release();
      }
    }
  });

  it('is the one of the option', async () => {
    const path = temporaryDirectory().join('README');
    const lock = new LockFile(path, { mode: 0o600 });
    lock.acquireSync(0);
    expect(modeOf(lock.lockPath)).to.equal(0o600);
    lock.releaseSync();
    await new MkdirLockFile(path, { mode: 0o440 }).acquire(0).then(async (held) => {
      expect(modeOf(held.lockPath)).to.equal(0o750);
      await held.release();
    });
  });

  it('must let the owner read it, and no other user write it', () => {
    for (const mode of [0o666, 0o620, 0o602, 0o244, 0, -1, 0o1644, 1.5, NaN])
      expect(() => new LockFile('README', { mode })).to.throw(RangeError);
    for (const mode of ['0600', null, true]) {
      expect(() => new LockFile('README', { mode } as never)).to.throw(TypeError);
    }
  });
});
