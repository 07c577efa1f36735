/** Taking a pid file, with somebody between any two of our calls: one of us, or another program. */
import { expect } from 'chai';
import { acquirePid, releasePid } from '../../src/protocol/pid-lock.js';
import { inspectPid, secondName } from '../../src/protocol/pid-file.js';
import { formatRecord } from '../../src/model/record.js';
import { recordOf } from '../simulation/programs.js';
import { BESIDE, EVICTION, PATH, STRANGER, claimOf, dead, held, heldBy, mine, other } from './pid-scene.js';
import { Scene, before, whatOf, whenever } from './scene.js';

describe('a look at a pid file', () => {
  it('whose holder comes between our look at the one name and the other sees that holder', () => {
    const scene = new Scene();
    const comes = before('read', PATH, () => void scene.play(acquirePid(other)));
    expect(scene.play(inspectPid(PATH), comes)).to.deep.include({
      path: PATH,
      found: { kind: 'pid', record: other.record },
    });
  });

  it('whose holder goes between our look at the one name and the other sees who was there, or nobody', () => {
    for (const [name, isThere] of [
      [PATH, true],
      [BESIDE, false],
    ] as const) {
      const scene = held(other);
      const goes = before('read', name, () => void scene.play(releasePid(other)));
      expect(scene.play(inspectPid(PATH), goes) !== undefined).to.equal(isThere);
    }
  });

  it('beside which the record changes eight times tells of the pid file alone', () => {
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

  it('that is nothing we could read says what it is', () => {
    const scene = new Scene();
    const fifo = before('read', PATH, () => ({ is: 'other', what: 'a FIFO' }));
    expect(scene.play(inspectPid(PATH), fifo)).to.have.nested.property('judgement.reason', 'it is a FIFO');
    scene.disk.mkdir(PATH);
    expect(whatOf(scene.play(inspectPid(PATH))?.found)).to.equal('no pid file');
  });
});

describe('a pid file that is free when we look', () => {
  it('and another’s of us when we have its eviction lock, is left to them', () => {
    for (const start of [new Scene(), dead()]) {
      const comes = before('link', EVICTION, () => void start.play(acquirePid(other)));
      expect(start.blockerOf(acquirePid(mine), comes).found).to.deep.equal({
        kind: 'pid',
        record: other.record,
      });
      expect(start.names).to.deep.equal(heldBy(other));
    }
  });

  it('and another program’s when we link it, is left to them, and our names are cleared', () => {
    const scene = new Scene();
    const quicker = before('link', PATH, () => {
      scene.write(PATH, STRANGER);
    });
    expect(whatOf(scene.blockerOf(acquirePid(mine), quicker).found)).to.match(/which was quicker/);
    expect(scene.names).to.deep.equal({ [PATH]: STRANGER });
  });

  it('and whose record’s name something else has when we link it, is left, and that as well', () => {
    const scene = new Scene();
    const quicker = before('link', BESIDE, () => {
      scene.write(BESIDE, 'words');
    });
    expect(whatOf(scene.blockerOf(acquirePid(mine), quicker).found)).to.match(/which was quicker/);
    expect(scene.names).to.deep.equal({ [BESIDE]: 'words' });
  });

  it('but whose eviction lock another holds, is waited for at that name, with nothing on disk', () => {
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

  it('is ours when we made it, though the call’s answer was lost', () => {
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
  it('is taken over whole, whichever of its names were left', () => {
    for (const names of [[], [PATH], [secondName(PATH, recordOf(8))], [claimOf(8).name.privateFile]]) {
      const scene = dead();
      for (const name of names) scene.remove(name);
      const outcome = scene.play(acquirePid(mine));
      expect(outcome).to.deep.equal({ taken: true, previous: recordOf(8) });
      expect(scene.names).to.deep.equal(heldBy(mine));
    }
  });

  it('of another program is replaced where its pid is dead, and not when it changes under our eyes', () => {
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
