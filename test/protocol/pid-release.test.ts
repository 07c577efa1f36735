/** Releasing and breaking a pid file, with another process between any two of our calls; and calls that fail. */
import { expect } from 'chai';
import { abandonPid, acquirePid, breakPid, releasePid } from '../../src/protocol/pid-lock.js';
import { formatRecord } from '../../src/model/record.js';
import { recordOf } from '../simulation/programs.js';
import { BESIDE, EVICTION, PATH, STRANGER, claimOf, dead, held, heldBy, mine, other } from './pid-scene.js';
import { Scene, before, refuse, whatOf, type Meanwhile } from './scene.js';

const recordTextOf = (index: number) => formatRecord(recordOf(index));

describe('releasing a pid file', () => {
  it('waits until another process releases the eviction lock', () => {
    const scene = held();
    scene.write(EVICTION, other.name.text);
    const done = before('pause', EVICTION, () => {
      scene.remove(EVICTION);
      return false;
    });
    expect(scene.play(releasePid(mine), done)).to.equal(true);
    expect(scene.names).to.deep.equal({});
  });

  it('leaves it held if the timeout expires first', () => {
    const scene = held();
    scene.write(EVICTION, other.name.text);
    expect(scene.blockerOf(releasePid(mine)).path).to.equal(EVICTION);
    expect(scene.names).to.deep.equal({ ...heldBy(mine), [EVICTION]: other.name.text });
  });

  it('leaves it to another holdfast process that has taken it', () => {
    const scene = held();
    scene.play(breakPid(claimOf(2)));
    scene.play(acquirePid(other));
    expect(scene.play(releasePid(mine))).to.equal(false);
    expect(scene.names).to.deep.equal(heldBy(other));
  });

  it('leaves it to another program that has taken it, and removes our names', () => {
    const scene = held();
    const comes = before('read', PATH, () => {
      scene.write(PATH, STRANGER);
    });
    expect(scene.play(releasePid(mine), comes)).to.equal(false);
    expect(scene.names).to.deep.equal({ [PATH]: STRANGER });
  });
});

describe('breaking a pid file by force', () => {
  it('waits until another process releases the eviction lock', () => {
    const scene = held(other);
    scene.write(EVICTION, recordTextOf(2));
    const done = before('pause', EVICTION, () => {
      scene.remove(EVICTION);
      return false;
    });
    expect(scene.play(breakPid(mine), done)).to.deep.equal({ kind: 'pid', record: other.record });
    expect(scene.names).to.deep.equal({});
  });

  it('leaves it if the timeout expires first', () => {
    const scene = held(other);
    scene.write(EVICTION, recordTextOf(2));
    expect(scene.blockerOf(breakPid(mine)).path).to.equal(EVICTION);
    expect(scene.names).to.deep.equal({ ...heldBy(other), [EVICTION]: recordTextOf(2) });
  });

  it('leaves it to a process that has taken it since our check', () => {
    const scene = held(other);
    const next = claimOf(2);
    const changesHands = before('link', EVICTION, () => {
      scene.play(releasePid(other));
      scene.play(acquirePid(next));
    });
    expect(scene.play(breakPid(mine), changesHands)).to.equal(undefined);
    expect(scene.names).to.deep.equal(heldBy(next));
  });

  it('frees it although a foreign file has the record’s name', () => {
    const scene = new Scene();
    scene.write(BESIDE, 'words');
    expect(scene.blockerOf(acquirePid(mine)).path).to.equal(BESIDE);
    expect(whatOf(scene.play(breakPid(mine)))).to.equal('a file that is not ours');
    expect(scene.names).to.deep.equal({});
  });

  it('does nothing if nobody holds it', () => {
    const scene = new Scene();
    expect(scene.play(breakPid(mine))).to.equal(undefined);
    expect(scene.names).to.deep.equal({});
  });
});

describe('a failing call of a pid file:', () => {
  /** Has the `nth` call fail that is neither a verdict nor a pause; if `isLate`, after it was done. */
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
    it(`an acquire takes both names or leaves nothing (${isLate ? 'done, but reported as failed' : 'failed'})`, () => {
      for (let nth = 1; ; nth++) {
        const scene = dead();
        const { meanwhile, count } = refusing(scene, nth, isLate);
        let isTaken = false;
        try {
          isTaken = scene.play(acquirePid(mine), meanwhile).taken;
        } catch {
          // Only a dead holder's files may stay.
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

    it(`a release that fails can be repeated (${isLate ? 'done, but reported as failed' : 'failed'})`, () => {
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

describe('when an exit interrupts work on a pid file,', () => {
  it('an abandoned acquire leaves nothing, and a dead holder’s lock is still taken over', () => {
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

  it('an abandoned release leaves nothing either', () => {
    for (let calls = 0, isOver = false; !isOver; calls++) {
      const scene = held();
      isOver = scene.cut(releasePid(mine), calls);
      scene.play(abandonPid(mine));
      expect(scene.names, `call ${calls}`).to.deep.equal({});
    }
  });
});
