/** Reading a name that changes its kind between two calls, and directories that are no lock. */
import { expect } from 'chai';
import { judgeFound, readLock } from '../../src/protocol/inspect.js';
import { claimIn } from '../../src/model/file-names.js';
import { formatRecord } from '../../src/model/record.js';
import { MAX_NAMES } from '../../src/model/steps.js';
import { LOCK, recordOf } from '../simulation/programs.js';
import { Scene, before, whatOf, whenever } from './scene.js';

const text = formatRecord(recordOf(0));

describe('a name that changes its kind between two calls', () => {
  it('is read again', () => {
    const scene = new Scene();
    scene.disk.symlink(text, LOCK);
    const found = scene.play(
      readLock(LOCK),
      before('readlink', LOCK, () => {
        scene.remove(LOCK);
        scene.disk.mkdir(LOCK);
      }),
      before('list', LOCK, () => {
        scene.disk.rmdir(LOCK);
        scene.write(LOCK, text);
      }),
    );
    expect(found).to.deep.equal({ kind: 'link', text, record: recordOf(0) });
  });

  it('counts as absent if it disappeared', () => {
    const scene = new Scene();
    scene.disk.symlink(text, LOCK);
    const went = before('readlink', LOCK, () => {
      scene.remove(LOCK);
    });
    expect(scene.play(readLock(LOCK), went)).to.equal(undefined);
  });

  it('eight times during one check counts as a foreign lock', () => {
    const scene = new Scene();
    scene.disk.symlink(text, LOCK);
    let changes = 0;
    const found = scene.play(
      readLock(LOCK),
      whenever('readlink', LOCK, () => {
        changes++;
        scene.remove(LOCK);
        scene.disk.mkdir(LOCK);
      }),
      whenever('list', LOCK, () => {
        changes++;
        scene.disk.rmdir(LOCK);
        scene.disk.symlink(text, LOCK);
      }),
    );
    expect(whatOf(found)).to.equal('a name that changes faster than it can be read');
    expect(changes).to.equal(8);
  });
});

describe('a directory at a lock’s name', () => {
  it('is foreign if it contains a directory, a file with a text, or more files than a lock ever has', () => {
    const scene = new Scene();
    scene.disk.mkdir(LOCK);
    scene.disk.mkdir(claimIn(LOCK, 'a'));
    const strangers = { kind: 'foreign', what: 'a directory of files that are not ours' };
    expect(scene.play(readLock(LOCK))).to.deep.equal(strangers);
    scene.disk.rmdir(claimIn(LOCK, 'a'));
    scene.write(claimIn(LOCK, 'a'), '');
    expect(scene.play(readLock(LOCK))).to.deep.equal({ ...strangers, names: ['a'] });
    scene.write(claimIn(LOCK, 'b'), 'words');
    expect(scene.play(readLock(LOCK))).to.deep.equal(strangers);
    for (let index = 0; index < MAX_NAMES; index++) scene.write(claimIn(LOCK, `${index}`), '');
    expect(whatOf(scene.play(readLock(LOCK)))).to.equal('a directory of many files');
  });

  it('that is empty proves no death', () => {
    const scene = new Scene();
    scene.disk.mkdir(LOCK);
    expect(scene.play(readLock(LOCK))).to.deep.equal({ kind: 'empty' });
    expect(scene.play(judgeFound({ kind: 'empty' }, LOCK))).to.deep.equal({
      verdict: 'unknown',
      reason: 'an empty directory names no holder',
    });
  });
});
