/** Giving a pid file back and breaking it, with somebody between any two of our calls; and calls that are refused. */
import { expect } from 'chai';
import { abandonPid, acquirePid, breakPid, releasePid } from '../../src/protocol/pid-lock.js';
import { formatRecord } from '../../src/model/record.js';
import { recordOf } from '../simulation/programs.js';
import { BESIDE, EVICTION, PATH, STRANGER, claimOf, dead, held, heldBy, mine, other } from './pid-scene.js';
import { Scene, before, refuse, whatOf, type Meanwhile } from './scene.js';

const recordTextOf = (index: number) => formatRecord(recordOf(index));

describe('a pid file that is given back', () => {
  it('while another holds its eviction lock is given back when they are done', () => {
    const scene = held();
    scene.write(EVICTION, other.name.text);
    const done = before('pause', EVICTION, () => {
      scene.remove(EVICTION);
      return false;
    });
    expect(scene.play(releasePid(mine), done)).to.equal(true);
    expect(scene.names).to.deep.equal({});
  });

  it('is still held when there is no time to wait for them', () => {
    const scene = held();
    scene.write(EVICTION, other.name.text);
    expect(scene.blockerOf(releasePid(mine)).path).to.equal(EVICTION);
    expect(scene.names).to.deep.equal({ ...heldBy(mine), [EVICTION]: other.name.text });
  });

  it('and was another’s of us by then, is left to them', () => {
    const scene = held();
    scene.play(breakPid(claimOf(2)));
    scene.play(acquirePid(other));
    expect(scene.play(releasePid(mine))).to.equal(false);
    expect(scene.names).to.deep.equal(heldBy(other));
  });

  it('and was another program’s by then, is left to them, and our names are cleared', () => {
    const scene = held();
    const comes = before('read', PATH, () => {
      scene.write(PATH, STRANGER);
    });
    expect(scene.play(releasePid(mine), comes)).to.equal(false);
    expect(scene.names).to.deep.equal({ [PATH]: STRANGER });
  });
});

describe('a pid file that is broken by force', () => {
  it('is removed once whoever holds its eviction lock is done', () => {
    const scene = held(other);
    scene.write(EVICTION, recordTextOf(2));
    const done = before('pause', EVICTION, () => {
      scene.remove(EVICTION);
      return false;
    });
    expect(scene.play(breakPid(mine), done)).to.deep.equal({ kind: 'pid', record: other.record });
    expect(scene.names).to.deep.equal({});
  });

  it('is left alone when there is no time to wait for them', () => {
    const scene = held(other);
    scene.write(EVICTION, recordTextOf(2));
    expect(scene.blockerOf(breakPid(mine)).path).to.equal(EVICTION);
    expect(scene.names).to.deep.equal({ ...heldBy(other), [EVICTION]: recordTextOf(2) });
  });

  it('is left to whoever has taken it since we looked', () => {
    const scene = held(other);
    const next = claimOf(2);
    const changesHands = before('link', EVICTION, () => {
      scene.play(releasePid(other));
      scene.play(acquirePid(next));
    });
    expect(scene.play(breakPid(mine), changesHands)).to.equal(undefined);
    expect(scene.names).to.deep.equal(heldBy(next));
  });

  it('is free afterwards, though what stood in its way was somebody else’s at the record’s name', () => {
    const scene = new Scene();
    scene.write(BESIDE, 'words');
    expect(scene.blockerOf(acquirePid(mine)).path).to.equal(BESIDE);
    expect(whatOf(scene.play(breakPid(mine)))).to.equal('a file that is not ours');
    expect(scene.names).to.deep.equal({});
  });

  it('is nothing to break if nobody holds it', () => {
    const scene = new Scene();
    expect(scene.play(breakPid(mine))).to.equal(undefined);
    expect(scene.names).to.deep.equal({});
  });
});

describe('of a pid file any call may be refused:', () => {
  /** Refuses the `nth` call that is neither a judgement nor a pause; made and yet refused, if it is late. */
  const refusing = (
    scene: Scene,
    nth: number,
    isLate: boolean,
  ): { meanwhile: Meanwhile; count: () => number } => {
    let count = 0;
    const meanwhile: Meanwhile = (step) => {
      if (['judge', 'judgePid', 'pause', 'backoff'].includes(step.call) || ++count !== nth) return undefined;
      if (isLate && step.call !== 'create') scene.perform(step); // A driver removes what it could not fill.
      return refuse('EIO');
    };
    return { meanwhile, count: () => count };
  };

  for (const isLate of [false, true]) {
    it(`an acquire takes it whole or leaves nothing (${isLate ? 'made and yet refused' : 'refused'})`, () => {
      for (let nth = 1; ; nth++) {
        const scene = dead();
        const { meanwhile, count } = refusing(scene, nth, isLate);
        let isTaken = false;
        try {
          isTaken = scene.play(acquirePid(mine), meanwhile).taken;
        } catch {
          // What stays is the dead's, or nothing.
          for (const [name, text] of Object.entries(scene.names))
            expect(`${name} ${text}`, `call ${nth}`).not.to.include(mine.record.token);
          scene.play(acquirePid(mine));
        }
        expect(scene.names, `call ${nth}`).to.deep.equal(heldBy(mine));
        if (count() < nth) {
          expect(isTaken).to.equal(true);
          expect(nth).to.be.greaterThan(15);
          break;
        }
      }
    });

    it(`a release that is refused can be made up for (${isLate ? 'made and yet refused' : 'refused'})`, () => {
      for (let nth = 1; ; nth++) {
        const scene = held();
        const { meanwhile, count } = refusing(scene, nth, isLate);
        try {
          scene.play(releasePid(mine), meanwhile);
        } catch {
          scene.play(abandonPid(mine));
        }
        expect(scene.names, `call ${nth}`).to.deep.equal({});
        if (count() < nth) break;
      }
    });
  }
});

describe('of a pid file whatever an exit cuts off,', () => {
  it('an acquire leaves nothing once it is abandoned, and a dead holder’s is still taken over', () => {
    for (const start of [() => new Scene(), dead]) {
      for (let calls = 0, isOver = false; !isOver; calls++) {
        const scene = start();
        isOver = scene.cut(acquirePid(mine), calls);
        scene.play(abandonPid(mine));
        for (const [name, text] of Object.entries(scene.names))
          expect(`${name} ${text}`, `call ${calls}`).not.to.include(mine.record.token);
        scene.play(acquirePid(other));
        expect(scene.names, `call ${calls}`).to.deep.equal(heldBy(other));
      }
    }
  });

  it('a release leaves nothing either', () => {
    for (let calls = 0, isOver = false; !isOver; calls++) {
      const scene = held();
      isOver = scene.cut(releasePid(mine), calls);
      scene.play(abandonPid(mine));
      expect(scene.names, `call ${calls}`).to.deep.equal({});
    }
  });
});
