/** The messages of errors: for people who have only that line. */
import { expect } from 'chai';
import * as errors from '../../src/model/errors.js';
import * as failures from '../../src/lock/messages.js';
import { holderFrom as holderFrom, type Holder } from '../../src/model/holder.js';
import { describeHolder } from '../../src/model/holder-text.js';
import type { HolderRecord } from '../../src/model/record.js';
import { explainSystemError } from '../../src/lock/system-errors.js';
import type { Found } from '../../src/model/steps.js';

const now = 1_800_000_000_000;
const record: HolderRecord = {
  token: '0123456789abcdef01234567',
  pid: 4711,
  thread: 0,
  host: 'vm',
  since: now - 90_000,
  note: 'nightly "import"',
};
const alive = { verdict: 'alive', reason: 'the process is alive' } as const;
const holder: Holder = { ...record, ...alive, kind: 'link' };

const names = { path: '/a', lockPath: '/a.lock' };

describe('the message of an error', () => {
  describe('about a holder', () => {
    const say = (change: Partial<Holder>) => describeHolder('/a.lock', { ...holder, ...change }, now);

    it('name it, its age, its note, whether it lives, and what to do', () => {
      expect(say({})).to.equal(
        '/a.lock is held by pid 4711, thread 0, on host vm ("nightly "import""), for 1 min; ' +
          'the process is alive. Wait until it releases the lock. If you know that it is stuck, call breakLock().',
      );
    });

    it('say that a dead one is replaced, and why an unknown one may be alive', () => {
      expect(say({ verdict: 'dead', reason: 'the process is gone' })).to.include(
        'The next acquire takes the lock over',
      );
      expect(say({ verdict: 'unknown', reason: 'it is elsewhere' }))
        .to.include('it may be alive: it is elsewhere')
        .and.to.include('call breakLock()');
    });

    for (const [ms, words] of Object.entries({
      0: '0 ms',
      999: '999 ms',
      1_000: '1 s',
      59_999: '59 s',
      3_599_999: '59 min',
      86_399_999: '23 h',
      864_000_000: '10 d',
    })) {
      it(`${ms} ms are ${words}`, () => {
        expect(say({ since: now - Number(ms) })).to.include(`, for ${words};`);
      });
    }

    it('a holder whose clock is ahead has held for no time', () => {
      expect(say({ since: now + 5_000 })).to.include(', for 0 ms;');
    });

    it('leave out what is not known', () => {
      const bare: Holder = { kind: 'link', pid: 5, ...alive };
      expect(describeHolder('/a.lock', bare, now)).to.match(
        /^\/a.lock is held by pid 5; the process is alive/,
      );
    });

    it('call a foreign lock foreign, and what it looks like', () => {
      const foreign: Holder = { kind: 'foreign', verdict: 'unknown', reason: 'it is a FIFO' };
      expect(describeHolder('/a.lock', { ...foreign, description: 'a FIFO' }, now)).to.include(
        'foreign lock, a FIFO',
      );
      expect(describeHolder('/a.lock', foreign, now)).to.include("foreign lock, another program's");
    });

    it('tell an empty directory from a lock', () => {
      const empty: Holder = { kind: 'empty', verdict: 'unknown', reason: '' };
      expect(describeHolder('/a.lock', empty, now)).to.include('is an empty directory');
    });
  });

  it('a holder is what was found, of every kind', () => {
    const founds: readonly [Found, object][] = [
      [
        { kind: 'link', text: '', record },
        { ...record, kind: 'link' },
      ],
      [
        { kind: 'symlink', text: '', record },
        { ...record, kind: 'symlink' },
      ],
      [
        { kind: 'mkdir', records: [record] },
        { ...record, kind: 'mkdir' },
      ],
      [{ kind: 'empty' }, { kind: 'empty' }],
      [
        { kind: 'foreign', what: 'a FIFO' },
        { kind: 'foreign', description: 'a FIFO' },
      ],
    ];
    for (const [found, expected] of founds) {
      expect(holderFrom(found, alive)).to.deep.include({ ...expected, ...alive });
    }
  });

  it('a system error is explained, with its code; an unknown one keeps its own message', () => {
    const refusal = (code: string) => Object.assign(new Error(`${code}: raw`), { code });
    for (const code of ['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT', 'EISDIR']) {
      expect(explainSystemError(refusal(code), '/dir')).to.match(new RegExp(`[a-z]{4}.*\\(${code}\\)$`));
    }
    for (const code of ['ENAMETOOLONG', 'EMFILE', 'ENFILE', 'ERR_ACCESS_DENIED']) {
      expect(explainSystemError(refusal(code), '/dir')).to.include(`(${code})`);
    }
    expect(explainSystemError(refusal('EWEIRD'), '/dir')).to.equal('EWEIRD: raw');
    expect(explainSystemError(new Error('plain'), '/dir')).to.equal('plain');
    expect(explainSystemError('a string', '/dir')).to.equal('a string');
    for (const nothing of [undefined, null])
      expect(explainSystemError(nothing, '/dir')).to.equal(String(nothing));
  });

  it('a name that can’t be removed is reported with its path and the reason; one that can’t be created is not', () => {
    const refusal = (code: string, syscall: string) =>
      Object.assign(new Error(`${code}: raw`), { code, syscall, path: '/dir/a.lock' });
    for (const code of ['EPERM', 'EACCES']) {
      for (const syscall of ['unlink', 'rmdir']) {
        expect(explainSystemError(refusal(code, syscall), '/dir')).to.match(
          new RegExp(`^/dir/a\\.lock can't be removed: .*another user's.*sticky.*\\(${code}\\)$`),
        );
      }
      expect(explainSystemError(refusal(code, 'link'), '/dir')).not.to.include('removed');
    }
    expect(explainSystemError(refusal('EROFS', 'unlink'), '/dir')).to.include('read-only');
  });
});

describe('an error', () => {
  const families = {
    LockTimeout: [errors.LockError, 'LOCK_TIMEOUT'],
    AlreadyLocked: [errors.LockError, 'ALREADY_LOCKED'],
    LockFailed: [errors.LockError, 'LOCK_FAILED'],
    UnlockError: [errors.UnlockError, 'UNLOCK_FAILED'],
    NotLocked: [errors.UnlockError, 'NOT_LOCKED'],
    NotMyLock: [errors.UnlockError, 'NOT_MY_LOCK'],
  } as const;

  for (const [name, [family, code]] of Object.entries(families)) {
    it(`${name} is of its family, with name, code, path, holder and cause`, () => {
      const cause = new Error('cause');
      const error = new errors[name as keyof typeof families]('words', {
        path: '/a',
        lockPath: '/a.lock',
        holder,
        cause,
      });
      expect(error).to.be.instanceOf(family).and.instanceOf(errors.LockFileError).and.instanceOf(Error);
      expect(error).to.include({
        name,
        code,
        path: '/a',
        lockPath: '/a.lock',
        holder,
        cause,
        message: 'words',
      });
      expect(String(error)).to.equal(`${name}: words`);
      expect(error.stack).to.include('messages.test');
      expect(
        new errors[name as keyof typeof families]('words', { path: '/a', lockPath: '/a.lock' }),
      ).not.to.have.property('cause');
    });
  }

  it('of ours stays what it is when it ends another call', () => {
    const ours = new errors.NotLocked('words', { path: '/a', lockPath: '/a.lock' });
    for (const wrap of [
      failures.lockFailed,
      failures.unlockFailed,
      failures.breakFailed,
      failures.inspectFailed,
    ]) {
      expect(wrap(names, ours)).to.equal(ours);
    }
  });

  it('a task that is still acquiring is named as such, by either error', () => {
    expect(failures.timedOutInQueue(5, names)).to.be.instanceOf(errors.LockTimeout);
    expect(failures.timedOutInQueue(0, names)).to.be.instanceOf(errors.AlreadyLocked);
    expect(failures.timedOutInQueue(5, names).message).to.include('another task in this thread');
  });

  it('a recovery that takes too long is an UnlockError that names the recovering process', () => {
    const blocker = {
      path: '/a.lock.evict',
      found: { kind: 'link', text: '', record },
      judgement: alive,
    } as const;
    const error = failures.removalInProgress(names, blocker);
    expect(error).to.be.instanceOf(errors.UnlockError);
    expect(error.message)
      .to.include('another process is removing it')
      .and.to.include('/a.lock.evict is held by pid 4711');
    const own = failures.removalInProgress(names, { ...blocker, path: '/a.lock' });
    expect(own.message).to.include('its holder, pid 4711').and.to.include(`/a.lock.${record.token} is gone`);
  });
});
