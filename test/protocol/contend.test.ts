/** Races for a name that are too long for the explorer, and the limits on retries. */
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

/** The eviction lock at this depth; 0 is the lock itself. */
const evictions = (depth: number): string => (depth === 0 ? LOCK : evictionOf(evictions(depth - 1)));

/** A lock whose holder is dead, with this many recoveries that died one inside another. */
function stale(recoveries = 0): Scene {
  const scene = new Scene();
  scene.dead.add(zombie.token);
  for (let depth = 0; depth <= recoveries; depth++) scene.write(evictions(depth), formatRecord(zombie));
  return scene;
}

const held = { [LOCK]: claim.text, [claim.privateFile]: claim.text };

describe('recoveries that died one inside another', () => {
  it('are all recovered if there are fewer than eight', () => {
    const scene = stale(MAX_DEPTH - 1);
    expect(scene.play(acquire(claim, { directory: '' }))).to.deep.include({ taken: true, previous: zombie });
    expect(scene.names).to.deep.equal(held);
  });

  it('end with an error that names the path if there are eight, and nothing changes', () => {
    const scene = stale(MAX_DEPTH);
    const { names } = scene;
    expect(() => scene.play(acquire(claim, { directory: '' }))).to.throw(
      `8 processes died while recovering this lock; remove ${evictions(MAX_DEPTH)} by hand`,
    );
    expect(scene.names).to.deep.equal(names);
  });
});

describe('a name that changes hands faster than we can take it', () => {
  it('counts as foreign after sixteen tries, and nothing is left', () => {
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
  it('belongs to another process that recovers it before our second check', () => {
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

  it('that another process is recovering is waited for at its eviction lock', () => {
    const scene = stale();
    scene.write(evictionOf(LOCK), living);
    expect(scene.blockerOf(acquire(claim, { directory: '' })).path).to.equal(evictionOf(LOCK));
  });
});

describe('an empty directory', () => {
  it('that disappears while its age is determined is no orphan', () => {
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

  it('that belongs to another process at our second check of its age stays', () => {
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

describe('a lock that was created', () => {
  it('is ours although the reply was lost', () => {
    const scene = new Scene();
    const lost = before('link', LOCK, () => {
      scene.disk.link(claim.privateFile, LOCK);
      return 'exists';
    });
    expect(scene.play(acquire(claim, { directory: '' }), lost)).to.include({ taken: true });
    expect(scene.names).to.deep.equal(held);
  });

  it('is ours although the call failed; if it can’t be read, it is released and the error is thrown', () => {
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
  it('that another process removes is created again, but not a fourth time', () => {
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
