/** Taking a pid file, with another holdfast process or another program between any two of our calls. */
import { expect } from 'chai';
import { acquirePid, releasePid } from '../../src/protocol/pid-lock.js';
import { inspectPid, secondName } from '../../src/protocol/pid-file.js';
import { formatRecord } from '../../src/model/record.js';
import { recordOf } from '../simulation/programs.js';
import { BESIDE, EVICTION, PATH, STRANGER, claimOf, dead, held, heldBy, mine, other } from './pid-scene.js';
import { Scene, before, whatOf, whenever } from './scene.js';

describe('reading a pid file', () => {
  it('whose holder appears between the reads of the two names finds that holder', () => {
    const scene = new Scene();
    const comes = before('read', PATH, () => void scene.play(acquirePid(other)));
    expect(scene.play(inspectPid(PATH), comes)).to.deep.include({
      path: PATH,
      found: { kind: 'pid', record: other.record },
    });
  });

  it('whose holder disappears between the reads of the two names finds that holder or nobody', () => {
    for (const [name, isThere] of [
      [PATH, true],
      [BESIDE, false],
    ] as const) {
      const scene = held(other);
      const goes = before('read', name, () => void scene.play(releasePid(other)));
      expect(scene.play(inspectPid(PATH), goes) !== undefined).to.equal(isThere);
    }
  });

  it('whose record changes eight times describes the pid file alone', () => {
    const scene = new Scene();
    scene.write(PATH, STRANGER);
    let looks = 0;
    const changes = whenever('read', BESIDE, () => {
      if (looks++ % 2 === 0) scene.remove(BESIDE);
      else scene.write(BESIDE, formatRecord(recordOf(looks % 8)));
    });
    const seen = scene.play(inspectPid(PATH), changes);
    expect(whatOf(seen?.found)).to.equal('the pid file of another program, pid 77');
    expect(looks).to.equal(15);
  });

  it('that can’t be read describes what it is', () => {
    const scene = new Scene();
    const fifo = before('read', PATH, () => ({ is: 'other', what: 'a FIFO' }));
    expect(scene.play(inspectPid(PATH), fifo)).to.have.nested.property('judgement.reason', 'it is a FIFO');
    scene.disk.mkdir(PATH);
    expect(whatOf(scene.play(inspectPid(PATH))?.found)).to.equal('no pid file');
  });
});

describe('a pid file that is free at our check', () => {
  it('is left to another holdfast process that took it before we had its eviction lock', () => {
    for (const start of [new Scene(), dead()]) {
      const comes = before('link', EVICTION, () => void start.play(acquirePid(other)));
      expect(start.blockerOf(acquirePid(mine), comes).found).to.deep.equal({
        kind: 'pid',
        record: other.record,
      });
      expect(start.names).to.deep.equal(heldBy(other));
    }
  });

  it('is left to another program that took it before our link, and our names are removed', () => {
    const scene = new Scene();
    const quicker = before('link', PATH, () => {
      scene.write(PATH, STRANGER);
    });
    expect(whatOf(scene.blockerOf(acquirePid(mine), quicker).found)).to.match(/which was quicker/);
    expect(scene.names).to.deep.equal({ [PATH]: STRANGER });
  });

  it('is left alone if a foreign file has the record’s name at our link, and so is that file', () => {
    const scene = new Scene();
    const quicker = before('link', BESIDE, () => {
      scene.write(BESIDE, 'words');
    });
    expect(whatOf(scene.blockerOf(acquirePid(mine), quicker).found)).to.match(/which was quicker/);
    expect(scene.names).to.deep.equal({ [BESIDE]: 'words' });
  });

  it('is waited for at its eviction lock if another process holds that, with nothing on disk', () => {
    const scene = new Scene();
    scene.write(EVICTION, other.name.text);
    expect(scene.blockerOf(acquirePid(mine)).path).to.equal(EVICTION);
    expect(scene.names).to.deep.equal({ [EVICTION]: other.name.text });
    const given = before('pause', EVICTION, () => {
      scene.remove(EVICTION);
      return false;
    });
    expect(scene.play(acquirePid(mine), given)).to.deep.equal({ taken: true });
  });

  it('is ours if we created it, although the reply was lost', () => {
    for (const [from, name] of [
      [mine.name.privateFile, EVICTION],
      [mine.name.privateFile, BESIDE],
      [secondName(PATH, mine.record), PATH],
    ] as const) {
      const scene = new Scene();
      const lost = before('link', name, () => {
        scene.disk.link(from, name);
        return 'exists';
      });
      expect(scene.play(acquirePid(mine), lost)).to.deep.equal({ taken: true });
      expect(scene.names).to.deep.equal(heldBy(mine));
    }
  });
});

describe('a dead holder’s pid file', () => {
  it('is taken over completely, whichever of its names were left', () => {
    for (const names of [[], [PATH], [secondName(PATH, recordOf(8))], [claimOf(8).name.privateFile]]) {
      const scene = dead();
      for (const name of names) scene.remove(name);
      const outcome = scene.play(acquirePid(mine));
      expect(outcome).to.deep.equal({ taken: true, previous: recordOf(8) });
      expect(scene.names).to.deep.equal(heldBy(mine));
    }
  });

  it('of another program is replaced if its pid is dead, but not if it changes meanwhile', () => {
    const scene = new Scene();
    scene.dead.add(77);
    scene.write(PATH, STRANGER);
    expect(scene.play(acquirePid(mine))).to.deep.equal({ taken: true });
    expect(scene.names).to.deep.equal(heldBy(mine));
    scene.play(releasePid(mine));
    scene.write(PATH, STRANGER);
    const changes = before('link', EVICTION, () => {
      scene.write(PATH, '78\n');
    });
    expect(whatOf(scene.blockerOf(acquirePid(mine), changes).found)).to.match(/pid 78/);
    expect(scene.names).to.deep.equal({ [PATH]: '78\n' });
  });
});
