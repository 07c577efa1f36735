/** Races for a name that the explorer has no budget for, and how often anything is tried. */
import { expect } from 'chai';
import { acquire } from '../../src/protocol/acquire.js';
import { MAX_DEPTH } from '../../src/protocol/contend.js';
import { evictionOf } from '../../src/model/file-names.js';
import { formatRecord } from '../../src/model/record.js';
import { release } from '../../src/protocol/release.js';
import { TICK_MS } from '../simulation/calls.js';
import { LOCK, ZOMBIE, claimOf, recordOf } from '../simulation/programs.js';
import { Scene, before, refuse, whatOf, whenever } from './scene.js';

const claim = claimOf(0, 'link');
const zombie = recordOf(ZOMBIE);
const living = formatRecord(recordOf(1));

/** The eviction lock this deep; 0 is the lock itself. */
const evictions = (depth: number): string => (depth === 0 ? LOCK : evictionOf(evictions(depth - 1)));

/** A lock whose holder is dead, and as many recoveries of it that died one within the other. */
function stale(recoveries = 0): Scene {
  const scene = new Scene();
  scene.dead.add(zombie.token);
  for (let depth = 0; depth <= recoveries; depth++) scene.write(evictions(depth), formatRecord(zombie));
  return scene;
}

const held = { [LOCK]: claim.text, [claim.privateFile]: claim.text };

describe('recoveries that died one within the other', () => {
  it('are all recovered from while they are fewer than eight', () => {
    const scene = stale(MAX_DEPTH - 1);
    expect(scene.play(acquire(claim, { directory: '' }))).to.deep.include({ taken: true, previous: zombie });
    expect(scene.names).to.deep.equal(held);
  });

  it('are left to a human once they are eight, who is told where, and nothing is changed', () => {
    const scene = stale(MAX_DEPTH);
    const { names } = scene;
    expect(() => scene.play(acquire(claim, { directory: '' }))).to.throw(
      `8 processes died while recovering this lock; remove ${evictions(MAX_DEPTH)} by hand`,
    );
    expect(scene.names).to.deep.equal(names);
  });
});

describe('a name that changes hands faster than it can be taken', () => {
  it('is given up after sixteen tries, for a foreign one, and nothing is left', () => {
    const scene = new Scene();
    let tries = 0;
    const blocker = scene.blockerOf(
      acquire(claim, { directory: '' }),
      whenever('link', LOCK, () => {
        tries++;
        scene.write(LOCK, living);
      }),
      whenever('read', LOCK, () => {
        scene.remove(LOCK);
      }),
    );
    expect(whatOf(blocker.found)).to.match(/changes hands/);
    expect(tries).to.equal(16);
    expect(scene.names).to.deep.equal({});
  });
});

describe('a dead holder’s lock', () => {
  it('that somebody else recovers before our second look is theirs', () => {
    const scene = stale();
    const recovered = before('link', evictionOf(LOCK), () => {
      scene.write(LOCK, living);
    });
    expect(scene.blockerOf(acquire(claim, { directory: '' }), recovered)).to.have.nested.property(
      'found.record.token',
      recordOf(1).token,
    );
    expect(scene.names).to.deep.equal({ [LOCK]: living });
  });

  it('that somebody else is recovering is waited for at the name under which they do', () => {
    const scene = stale();
    scene.write(evictionOf(LOCK), living);
    expect(scene.blockerOf(acquire(claim, { directory: '' })).path).to.equal(evictionOf(LOCK));
  });
});

describe('an empty directory', () => {
  it('that goes while its age is told is no orphan', () => {
    const scene = new Scene();
    scene.disk.mkdir(LOCK);
    scene.disk.tick();
    const gone = before('age', LOCK, () => {
      scene.disk.rmdir(LOCK);
    });
    expect(scene.blockerOf(acquire(claim, { directory: '' }), gone)).to.have.nested.property(
      'found.kind',
      'empty',
    );
    expect(scene.names).to.deep.equal({});
  });

  it('that is another’s by the time of our second look at its age is left to them', () => {
    const scene = new Scene();
    scene.disk.mkdir(LOCK);
    scene.disk.tick();
    const anew = () => {
      scene.disk.rmdir(LOCK);
      scene.disk.mkdir(LOCK);
    };
    expect(claim.orphanGraceMs).to.equal(TICK_MS);
    expect(
      scene.blockerOf(acquire(claim, { directory: '' }), before('link', evictionOf(LOCK), anew)),
    ).to.have.nested.property('found.kind', 'empty');
    expect(scene.names).to.deep.equal({ [LOCK]: '' });
  });
});

describe('a lock that was made', () => {
  it('though the call’s answer was lost is ours', () => {
    const scene = new Scene();
    const lost = before('link', LOCK, () => {
      scene.disk.link(claim.privateFile, LOCK);
      return 'exists';
    });
    expect(scene.play(acquire(claim, { directory: '' }), lost)).to.include({ taken: true });
    expect(scene.names).to.deep.equal(held);
  });

  it('and yet refused is ours; and if it can’t be looked at, it is given back and the refusal comes through', () => {
    const late = (scene: Scene) =>
      before('link', LOCK, () => {
        scene.disk.link(claim.privateFile, LOCK);
        refuse('EIO');
      });
    const seen = new Scene();
    expect(seen.play(acquire(claim, { directory: '' }), late(seen))).to.include({ taken: true });
    expect(seen.names).to.deep.equal(held);
    const unseen = new Scene();
    const blind = before('read', LOCK, () => refuse('ESTALE'));
    expect(() => unseen.play(acquire(claim, { directory: '' }), late(unseen), blind)).to.throw('EIO');
    expect(unseen.names).to.deep.equal({});
  });
});

describe('a private file', () => {
  it('that somebody removes is made anew, and four times is too often', () => {
    const scene = new Scene();
    const remove = () => {
      scene.remove(claim.privateFile);
    };
    expect(scene.play(acquire(claim, { directory: '' }), before('link', LOCK, remove))).to.include({
      taken: true,
    });
    scene.play(release(claim));
    expect(() => scene.play(acquire(claim, { directory: '' }), whenever('link', LOCK, remove))).to.throw(
      'another process keeps removing',
    );
    expect(scene.names).to.deep.equal({});
  });
});
