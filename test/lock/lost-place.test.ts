/** However an acquire or a hold ends, the lock can be acquired again in this process. */
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { PidLockFile, LockFile, withLock } from '../../src/index.js';
import type { Claim } from '../../src/model/claim.js';
import type { HolderRecord } from '../../src/model/record.js';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary.js';
import { failure, kinds } from './subjects.js';

const allKinds = { ...kinds, PidLockFile };

describe('a lock whose directory vanishes while it is held', () => {
  let directory: TemporaryDirectory;
  let build: string;

  beforeEach(() => {
    directory = temporaryDirectory();
    build = directory.join('build');
    mkdirSync(build);
    directory.expect('build');
  });

  for (const [name, Kind] of Object.entries(allKinds)) {
    for (const [how, vanish] of Object.entries({
      'is removed': () => {
        rmSync(build, { recursive: true });
      },
      'is renamed': () => {
        renameSync(build, directory.join('elsewhere'));
        directory.expect('elsewhere/');
      },
      'is removed, and becomes a file': () => {
        rmSync(build, { recursive: true });
        writeFileSync(build, '');
      },
    })) {
      it(`${name}: the directory ${how}; release is NotMyLock, then NotLocked, and the path can be locked again`, async () => {
        for (const isSync of [false, true]) {
          const lock = new Kind(join(build, 'config.json'));
          await lock.acquire();
          vanish();
          const release = () => (isSync ? lock.releaseSync() : lock.release());
          const lost = await failure(release);
          expect(lost, lost.stack).to.include({ name: 'NotMyLock', code: 'NOT_MY_LOCK' });
          expect(lost.message).to.include('was removed').and.to.include('Nobody holds it now');
          expect((await failure(release)).name).to.equal('NotLocked');
          rmSync(build, { recursive: true, force: true });
          rmSync(directory.join('elsewhere'), { recursive: true, force: true });
          mkdirSync(build);
          const next = new Kind(join(build, 'config.json'));
          await next.acquire(1_000);
          await next.release();
        }
      });
    }
  }

  it('withLock rejects with NotMyLock, and its path can be locked again', async () => {
    const path = join(build, 'config.json');
    const error = await failure(() =>
      withLock(path, () => {
        rmSync(build, { recursive: true });
      }),
    );
    expect(error.name).to.equal('NotMyLock');
    mkdirSync(build);
    const lock = new LockFile(path).acquireSync(0);
    expect(lock.isHeldSync()).to.equal(true);
    lock.releaseSync();
  });
});

describe('a lock whose claim can’t be made', () => {
  class Author extends LockFile {
    static broken = true;

    protected override claimFor(record: HolderRecord): Claim {
      if (Author.broken) throw new Error('no host name');
      return super.claimFor(record);
    }
  }

  for (const form of ['acquire', 'acquireSync'] as const) {
    it(`${form}: LockFailed with the cause, and its place in the queue is free`, async () => {
      const path = temporaryDirectory().join('config.json');
      Author.broken = true;
      const error = await failure(async () => await new Author(path)[form](1_000));
      expect(error).to.include({ name: 'LockFailed' });
      expect((error.cause as Error).message).to.equal('no host name');
      Author.broken = false;
      for (const again of ['acquire', 'acquireSync'] as const) {
        const lock = await new Author(path)[again](200);
        await lock.release();
      }
    });
  }
});
