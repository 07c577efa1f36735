/** Releasing a lock directory in which a removed file keeps a name, as on NFS, FUSE and cifs. */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { MkdirLockFile, UnlockError } from '../../src/index.js';
import { release } from '../../src/protocol/release.js';
import { attempt } from '../../src/protocol/contend.js';
import { LOCK, claimOf } from '../simulation/programs.js';
import { temporaryDirectory } from '../support/temporary.js';
import { Scene, type Meanwhile } from './scene.js';

describe('a lock directory that can’t be removed at once', () => {
  it('is removed as soon as the removed file in it is closed', async () => {
    const path = temporaryDirectory().join('data');
    const lock = await new MkdirLockFile(path).acquire();
    const ghost = `${path}.lock/.fuse_hidden0000000700000001`;
    writeFileSync(ghost, '');
    const released = lock.release();
    await sleep(60);
    expect(existsSync(ghost)).to.equal(true);
    rmSync(ghost);
    await released;
    expect(existsSync(`${path}.lock`)).to.equal(false);
  });

  it('is not reported as released if it stays', async () => {
    const directory = temporaryDirectory();
    const path = directory.join('data');
    const lock = await new MkdirLockFile(path).acquire();
    writeFileSync(`${path}.lock/.nfs000000000000000700000001`, '');
    const error: unknown = await lock.release().catch((error: unknown) => error);
    expect(error).to.be.instanceOf(UnlockError);
    expect((error as Error).message).to.include('ENOTEMPTY');
    rmSync(`${path}.lock`, { recursive: true });
  });

  it('is left to others who have a file in it', async () => {
    const directory = temporaryDirectory();
    const path = directory.join('data');
    const lock = await new MkdirLockFile(path).acquire();
    writeFileSync(`${path}.lock/theirs`, '');
    const began = performance.now();
    await lock.release();
    expect(performance.now() - began).to.be.lessThan(500);
    directory.expect('data.lock', 'data.lock/theirs');
  });

  it('is tried again while it looks empty, eleven times at most', () => {
    for (const refusals of [3, 20]) {
      const scene = new Scene();
      const claim = claimOf(1, 'mkdir');
      scene.play(attempt(LOCK, claim));
      let tries = 0;
      const refusing: Meanwhile = (step) =>
        step.call === 'rmdir' && ++tries <= refusals ? false : undefined;
      const give = () => scene.play(release(claim), refusing);
      if (refusals === 3) expect(give()).to.equal(true);
      else expect(give).to.throw('its directory stays');
      expect(tries).to.equal(refusals === 3 ? 4 : 11);
    }
  });
});
