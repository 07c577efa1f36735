/** The wait queue: who is ahead of whom, and what waiters do at their pauses. */
import { expect } from 'chai';
import { acquire } from '../../src/protocol/acquire.js';
import { makeClaim } from '../../src/model/claim.js';
import { countWaiters, waitersAhead } from '../../src/protocol/wait-queue.js';
import { formatRecord } from '../../src/model/record.js';
import { privatePath } from '../../src/model/file-names.js';
import type { Step } from '../../src/model/steps.js';
import { LOCK, claimOf, recordOf } from '../simulation/programs.js';
import { Scene, before, refuse, whenever, type Meanwhile } from './scene.js';

const claim = claimOf(5, 'link');

/** The private file of the `index`th waiter. */
const placeOf = (index: number) => privatePath(LOCK, recordOf(index).token);

/** A queue of these waiters, in the order in which they came. */
function lineOf(...indexes: readonly number[]): Scene {
  const scene = new Scene();
  for (const index of indexes) scene.write(placeOf(index), formatRecord(recordOf(index)));
  return scene;
}

describe('right ahead of a claim in the queue', () => {
  const of = (scene: Scene, ...meanwhile: Meanwhile[]) =>
    scene.play(waitersAhead(claim, ''), ...meanwhile).nearest?.path;

  it('is the last waiter that came before it, never one that came later', () => {
    expect(of(lineOf(2, 4, 3, 7))).to.equal(placeOf(4));
    expect(of(lineOf(5, 7))).to.equal(undefined);
    expect(of(new Scene())).to.equal(undefined);
  });

  it('is no waiter for another lock', () => {
    const scene = new Scene();
    scene.write(privatePath('/M', recordOf(1).token), formatRecord(recordOf(1)));
    expect(of(scene)).to.equal(undefined);
  });

  it('is no dead waiter: its file is swept, or left if that fails', () => {
    const scene = lineOf(2, 3, 4);
    for (const index of [3, 4]) scene.dead.add(recordOf(index).token);
    expect(
      of(
        scene,
        before('unlink', placeOf(4), () => refuse('EACCES')),
      ),
    ).to.equal(placeOf(2));
    expect(Object.keys(scene.names)).to.deep.equal([placeOf(2), placeOf(4)]);
  });

  it('is no other file than a private file of this lock', () => {
    const scene = lineOf(1, 2);
    scene.write(placeOf(4), formatRecord(recordOf(2))); // With another token than in its name.
    scene.write(`${LOCK}.words`, formatRecord(recordOf(2)));
    scene.disk.mkdir(placeOf(3));
    const gone = before('read', placeOf(2), () => {
      scene.remove(placeOf(2));
    });
    expect(of(scene, gone)).to.equal(placeOf(1));
  });

  it('is nobody in a directory of a thousand names, or in one that is gone', () => {
    const scene = lineOf(4);
    for (let index = 0; index < 999; index++) scene.disk.create(`/${index}`);
    expect(of(scene)).to.equal(undefined);
    scene.remove('/0');
    expect(of(scene)).to.equal(placeOf(4));
    const elsewhere = makeClaim('/d/L', 'link', recordOf(5), claim);
    expect(scene.play(waitersAhead(elsewhere, '/d')).nearest).to.equal(undefined);
  });
});

describe('the waiters that are counted', () => {
  const count = (scene: Scene, ...meanwhile: Meanwhile[]) =>
    scene.play(countWaiters(LOCK, '', recordOf(2).token), ...meanwhile);

  it('have a private file and not the lock', () => {
    expect(count(new Scene())).to.equal(0);
    expect(count(lineOf(2))).to.equal(0);
    expect(count(lineOf(1, 2, 7))).to.equal(2);
    expect(lineOf(1, 3).play(countWaiters(LOCK, '', undefined))).to.equal(2);
  });

  it('are known to be alive; dead ones are not swept', () => {
    const scene = lineOf(1, 3, 4);
    scene.dead.add(recordOf(3).token);
    const untold = (step: Step) =>
      step.call === 'judge' && step.record.token === recordOf(4).token
        ? { verdict: 'unknown', reason: 'nobody can tell' }
        : undefined;
    expect(count(scene, untold)).to.equal(1);
    expect(Object.keys(scene.names)).to.have.lengthOf(3);
  });

  it('wait for this lock and count once each', () => {
    const scene = lineOf(1);
    scene.write(privatePath(`${LOCK}.now`, recordOf(1).token), formatRecord(recordOf(1))); // Its witness.
    scene.write(privatePath('/M', recordOf(3).token), formatRecord(recordOf(3)));
    scene.write(placeOf(4), formatRecord(recordOf(3)));
    scene.write(placeOf(6), 'words');
    scene.disk.mkdir(placeOf(7));
    expect(count(scene)).to.equal(1);
  });

  it('are none where there is no directory', () => {
    expect(new Scene().play(countWaiters('/d/L', '/d', undefined))).to.equal(0);
  });
});

describe('a waiter in the queue', () => {
  const living = formatRecord(recordOf(1));

  /** A driver that can wake waiters. The `nth` function runs in the nth pause. It also records who was ahead. */
  function wakes(behind: (string | undefined)[], ...during: readonly (() => unknown)[]): Meanwhile {
    let pauses = 0;
    return (step: Step) => {
      if (step.call !== 'pause') return undefined;
      const act = during[pauses++];
      if (act === undefined) return undefined;
      behind.push(step.position?.ahead?.path);
      return act() ?? true;
    };
  }

  it('keeps its place while it pauses, behind the one ahead, and takes the lock when it is released', () => {
    const scene = lineOf(3, 4);
    scene.write(LOCK, living);
    const behind: (string | undefined)[] = [];
    const stands: boolean[] = [];
    const look = () => void stands.push(scene.disk.get(claim.privateFile) !== undefined);
    const driver = wakes(
      behind,
      look,
      () => {
        look();
        scene.remove(placeOf(4));
      },
      () => {
        look();
        return false; // The one ahead is still there, so the queue isn't read again.
      },
      () => {
        look();
        scene.remove(LOCK);
      },
    );
    let lists = 0;
    const counting = whenever('list', '', () => {
      lists++;
    });
    expect(scene.play(acquire(claim, { directory: '' }), driver, counting)).to.deep.equal({
      taken: true,
      hasWaited: true,
    });
    expect(lists, 'after the first pause, and where the line moved').to.equal(2);
    expect(behind).to.deep.equal([undefined, placeOf(4), placeOf(3), placeOf(3)]);
    expect(stands).to.deep.equal([false, true, true, true]);
    expect(scene.names[LOCK]).to.equal(claim.text);
  });

  it('waits for the lock itself in a directory that may not be listed', () => {
    const scene = lineOf(3, 4);
    scene.write(LOCK, living);
    const behind: (string | undefined)[] = [];
    const driver = wakes(
      behind,
      () => true,
      () => false,
      () => {
        scene.remove(LOCK);
      },
    );
    const unlisted = whenever('list', '', () => refuse('EACCES'));
    expect(scene.play(acquire(claim, { directory: '', yieldsFirst: true }), unlisted, driver)).to.include({
      taken: true,
    });
    expect(behind).to.deep.equal([undefined, undefined, undefined]);
  });

  it('stops reading the queue once it is the first', () => {
    const scene = lineOf(4);
    scene.write(LOCK, living);
    let lists = 0;
    const driver = wakes(
      [],
      () => true,
      () => {
        scene.remove(placeOf(4));
      },
      () => true, // The queue moved, and moves again.
      () => true,
      () => {
        scene.remove(LOCK);
      },
    );
    const counting = whenever('list', '', () => {
      lists++;
    });
    expect(scene.play(acquire(claim, { directory: '' }), driver, counting)).to.include({ taken: true });
    expect(lists, 'behind one, and behind nobody').to.equal(2);
  });

  it('watches the lock itself once a later one has it, and removes the files of those ahead when it has it', () => {
    const scene = lineOf(3, 4);
    scene.write(LOCK, living);
    const behind: (string | undefined)[] = [];
    const handOver = (index: number) => () => {
      scene.write(LOCK, formatRecord(recordOf(index)));
      return false;
    };
    const driver = wakes(
      behind,
      () => true,
      handOver(6),
      handOver(7),
      handOver(8),
      () => {
        scene.remove(LOCK);
      },
    );
    expect(scene.play(acquire(claim, { directory: '' }), driver)).to.include({ taken: true });
    expect(behind).to.deep.equal([undefined, placeOf(4), undefined, undefined, undefined]);
    expect(Object.keys(scene.names)).to.have.members([LOCK, claim.privateFile]);
  });

  it('waits its turn while later ones have the lock no longer than turns take', () => {
    const scene = lineOf(1, 2, 3, 4);
    scene.write(LOCK, living);
    const behind: (string | undefined)[] = [];
    const handOver = (since: number) => () => {
      scene.write(LOCK, formatRecord({ ...recordOf(6), since: claim.record.since + since }));
      return false;
    };
    const driver = wakes(behind, () => true, handOver(100), handOver(400), handOver(401));
    const blocker = scene.blockerOf(acquire(claim, { directory: '' }), driver);
    expect(blocker.path).to.equal(LOCK);
    expect(behind).to.deep.equal([undefined, placeOf(4), placeOf(4), placeOf(4)]);
    expect(scene.names).to.include.keys([1, 2, 3, 4].map(placeOf));
  });

  it('leaves its place when an empty directory is in the way, and returns later', () => {
    const scene = new Scene();
    scene.write(LOCK, living);
    const driver = wakes(
      [],
      () => {
        scene.remove(LOCK);
        scene.disk.mkdir(LOCK);
      },
      () => {
        expect(scene.names).to.deep.equal({ [LOCK]: '' });
        scene.disk.rmdir(LOCK);
      },
    );
    expect(scene.play(acquire(claim, { directory: '' }), driver)).to.include({ taken: true });
  });

  it('leaves nothing when its timeout expires', () => {
    const scene = new Scene();
    scene.write(LOCK, living);
    const blocker = scene.blockerOf(
      acquire(claim, { directory: '' }),
      wakes([], () => true),
    );
    expect(blocker.path).to.equal(LOCK);
    expect(scene.names).to.deep.equal({ [LOCK]: living });
  });

  it('does not join the queue if the driver can’t wake it, nor for a lock of another kind', () => {
    for (const [each, answer] of [
      [claim, false],
      [claimOf(5, 'symlink'), true],
    ] as const) {
      const scene = new Scene();
      scene.write(LOCK, living);
      const look = () => {
        expect(scene.names).to.deep.equal({ [LOCK]: living });
        return answer;
      };
      const driver = wakes([], look, look, () => {
        scene.remove(LOCK);
      });
      const noLine: Meanwhile = (step) => {
        if (step.call === 'pause') expect(step.position).to.equal(undefined);
      };
      expect(scene.play(acquire(each, { directory: '' }), noLine, driver)).to.include({
        taken: true,
        hasWaited: true,
      });
    }
  });
});

describe('a process that found the lock held the last time', () => {
  const approach = { directory: '', inspectsFirst: true };
  const makes: Meanwhile = (step) => {
    expect(step.call).to.be.oneOf(['read', 'judge', 'pause']);
    return undefined;
  };

  it('creates nothing to find it held again', () => {
    const scene = new Scene();
    scene.write(LOCK, formatRecord(recordOf(1)));
    expect(scene.blockerOf(acquire(claim, approach), makes).path).to.equal(LOCK);
  });

  it('still attempts a lock that it can’t read, since that may fail', () => {
    const unreadable = whenever('read', LOCK, () => ({
      is: 'other',
      what: 'something that we may not read',
    }));
    const refused = whenever('create', claim.privateFile, () => refuse('EACCES'));
    expect(() => new Scene().play(acquire(claim, approach), unreadable, refused)).to.throw('EACCES');
  });

  it('takes it if it is free by now, or if its holder is dead', () => {
    expect(new Scene().play(acquire(claim, approach))).to.deep.equal({ taken: true, hasWaited: false });
    const scene = new Scene();
    scene.write(LOCK, formatRecord(recordOf(1)));
    scene.dead.add(recordOf(1).token);
    const outcome = { taken: true, hasWaited: false, previous: recordOf(1) };
    expect(scene.play(acquire(claim, approach))).to.deep.equal(outcome);
  });
});

describe('a process that has just released the lock', () => {
  /** Every pause of its next acquire that lets others go first, with these answers. */
  const courtesies = (scene: Scene, ...answers: readonly boolean[]): (string | undefined)[] => {
    const first: (string | undefined)[] = [];
    const outcome = scene.play(acquire(claim, { directory: '', yieldsFirst: true }), (step) => {
      if (step.call !== 'pause' || step.position?.isYielding !== true) return undefined;
      first.push(step.position.ahead?.path);
      return answers[first.length - 1];
    });
    expect(outcome.taken).to.equal(true);
    return first;
  };

  it('lets waiters go first, once, if it can’t be woken', () => {
    expect(courtesies(lineOf(3, 4), false)).to.deep.equal([placeOf(4)]);
  });

  it('joins the queue behind them if it can, until they move or two more pauses have passed', () => {
    expect(courtesies(lineOf(4), true, true)).to.deep.equal(Array(2).fill(placeOf(4)));
    expect(courtesies(lineOf(4), true, false, true)).to.deep.equal(Array(3).fill(placeOf(4)));
    expect(courtesies(lineOf(4), true, false, false)).to.deep.equal(Array(3).fill(placeOf(4)));
  });

  it('goes on immediately if the queue is empty or the lock has none', () => {
    expect(courtesies(lineOf(), true)).to.deep.equal([]);
    expect(new Scene().play(acquire(claim, { yieldsFirst: true }))).to.include({
      taken: true,
      hasWaited: false,
    });
    const scene = lineOf(4);
    const driver = whenever('pause', placeOf(4), () => refuse('TIMEOUT'));
    expect(() => scene.play(acquire(claim, { directory: '', yieldsFirst: true }), driver)).to.throw(
      'TIMEOUT',
    );
    expect(Object.keys(scene.names)).to.deep.equal([placeOf(4)]);
  });
});
