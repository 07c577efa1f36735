/** Descriptions and sweeps in cases that no real lock in the tests produces. */
import { expect } from 'chai';
import { advance } from '../../src/driver/run.js';
import { makeClaim } from '../../src/model/claim.js';
import { identifyForeignLock } from '../../src/model/foreign-lock.js';
import { describeHolder } from '../../src/model/holder-text.js';
import { lockDigits, tokenOfBeacon } from '../../src/model/file-names.js';
import { mkdir, create, type Protocol, type Step } from '../../src/model/steps.js';
import { sweepBeacons } from '../../src/protocol/sweep-beacons.js';
import { withSibling } from '../../src/protocol/sibling.js';

const token = 'a'.repeat(24);
const foreign = { kind: 'foreign', verdict: 'unknown', reason: 'it is' } as const;

describe('the library of a foreign lock', () => {
  it('is unknown without a known format', () => {
    expect(identifyForeignLock({})).to.equal(undefined);
    expect(identifyForeignLock({ names: [] })).to.equal(undefined);
    expect(identifyForeignLock({ names: ['one', 'two'] })).to.equal(undefined);
    expect(identifyForeignLock({ names: ['nonsense'] })).to.equal(undefined);
    expect(identifyForeignLock({ text: '\u0000' })).to.equal(undefined);
    expect(identifyForeignLock({ sibling: 'nonsense' })).to.equal(undefined);
  });

  it('comes with no more than the format shows', () => {
    expect(identifyForeignLock({ text: '42\n\n' })).to.deep.equal({
      library: 'filelock (SoftFileLock)',
      pid: 42,
    });
    expect(identifyForeignLock({ text: '42' })).to.deep.equal({ library: 'a pid file', pid: 42 });
  });
});

describe('the description of a lock that is not ours', () => {
  it('names what stands there, the likely library, and what to do', () => {
    expect(describeHolder('L', foreign, 0)).to.match(
      /^L is held by .*foreign|^L is held by a lock that is not ours/,
    );
    const known = { ...foreign, description: 'a file', library: 'X', pid: 42, host: 'h' };
    expect(describeHolder('L', known, 0))
      .to.include('a file')
      .and.to.include('X')
      .and.to.include('pid 42, on host h');
    const bare = { ...foreign, description: 'a file', library: 'X' };
    expect(describeHolder('L', bare, 0))
      .to.include('X')
      .and.not.to.include('pid');
  });

  it('names what an empty directory may be', () => {
    const empty = { kind: 'empty', verdict: 'unknown', reason: 'it is' } as const;
    expect(describeHolder('L', empty, 0)).to.include('an empty directory');
    expect(describeHolder('L', { ...empty, library: 'proper-lockfile' }, 0)).to.include('proper-lockfile');
  });

  it('is cut if it is too long', () => {
    const holder = {
      kind: 'link',
      verdict: 'alive',
      reason: 'it is',
      pid: 1,
      note: 'n'.repeat(500),
    } as const;
    expect(describeHolder('L', holder, 0))
      .to.include(`${'n'.repeat(200)}…`)
      .and.not.to.include('n'.repeat(201));
  });
});

/** Runs a protocol with given answers; returns the calls that it made. */
function calls(protocol: Protocol<unknown>, answer: (step: Step) => unknown): string[] {
  const made: string[] = [];
  advance(protocol, (step) => {
    made.push(step.call);
    return answer(step);
  });
  return made;
}

/** The first step that a protocol yields. */
const first = (protocol: Protocol<unknown>): unknown => protocol.next().value;

describe('a step that makes a name', () => {
  it('lets others read it, and only the owner write it, by default', () => {
    expect(first(mkdir('/d'))).to.deep.equal({ call: 'mkdir', path: '/d', mode: 0o755 });
    expect(first(create('/f', 'x'))).to.deep.equal({
      call: 'create',
      path: '/f',
      text: 'x',
      mode: 0o644,
    });
  });
});

describe('a sibling', () => {
  it('is not found if the directory can’t be listed', () => {
    const found = { kind: 'foreign', what: 'a file', text: '' } as const;
    expect(calls(withSibling(found, '/d/L', '/d'), () => undefined)).to.deep.equal(['list']);
  });
});

describe('the beacon of a dead holder', () => {
  const lock = '/d/L.lock';
  const record = { token, pid: 1, host: '', since: 0 };
  const claim = makeClaim(
    lock,
    'link',
    { ...record, token: 'b'.repeat(24) },
    { mode: 0o644, orphanGraceMs: 0 },
  );
  const name = `.holdfast-${lockDigits(lock)}-${token}`;
  const sweep = (answer: (step: Step) => unknown) =>
    calls(sweepBeacons('/d', ['L', name], claim, record), answer);
  const refusal = (code: string) => Object.assign(new Error(code), { code });

  it('is identified by the digits of its lock', () => {
    expect(tokenOfBeacon(name, lockDigits(lock))).to.equal(token);
    expect(tokenOfBeacon(name, lockDigits('/d/other.lock'))).to.equal(undefined);
    expect(tokenOfBeacon('L.lock', lockDigits(lock))).to.equal(undefined);
    expect(lockDigits('/elsewhere/L.lock')).to.equal(lockDigits(lock));
  });

  it('is swept when no eviction lock belongs to its claim', () => {
    expect(sweep(() => ({ is: 'nothing' }))).to.include('unlink');
  });

  it('is swept when the eviction lock’s name is too long to exist', () => {
    const answer = ({ call }: Step) => {
      if (call === 'read') throw refusal('ENAMETOOLONG');
    };
    expect(sweep(answer)).to.deep.equal(['read', 'unlink']);
  });

  it('stays when an eviction lock belongs to its claim, or can’t be read', () => {
    const text = JSON.stringify({ holdfast: 1, ...record });
    expect(sweep(() => ({ is: 'file', text }))).to.deep.equal(['read']);
    for (const error of [refusal('EIO'), new Error('no code'), 'no error']) {
      const answer = () => {
        throw error as Error;
      };
      expect(sweep(answer)).to.deep.equal(['read']);
    }
  });
});
