/** The line of those who wait: who is ahead of whom, and what those in it do at their pauses. */
import { expect } from 'chai';
import { acquire } from '../../src/protocol/acquire.js';
import { makeClaim } from '../../src/model/claim.js';
import { waiterAhead, countWaiters } from '../../src/protocol/wait-queue.js';
import { formatRecord } from '../../src/model/record.js';
import { privatePath } from '../../src/model/file-names.js';
import type { Step } from '../../src/model/steps.js';
import { LOCK, claimOf, recordOf } from '../simulation/programs.js';
import { Scene, before, refuse, whenever, type Meanwhile } from './scene.js';

const claim = claimOf(5, 'link');

/** Where the `index`th to come has its private file. */
const placeOf = (index: number) => privatePath(LOCK, recordOf(index).token);

/** A line of these, in the order in which they came. */
function lineOf(...indexes: readonly number[]): Scene {
  const scene = new Scene();
  for (const index of indexes) scene.write(placeOf(index), formatRecord(recordOf(index)));
  return scene;
}

describe('ahead of a claim in line', () => {
  const of = (scene: Scene, ...meanwhile: Meanwhile[]) =>
    scene.play(waiterAhead(claim, ''), ...meanwhile)?.path;

  it('is the last who came before it, and nobody who came after', () => {
    expect(of(lineOf(2, 4, 3, 7))).to.equal(placeOf(4));
    expect(of(lineOf(5, 7))).to.equal(undefined);
    expect(of(new Scene())).to.equal(undefined);
  });

  it('is nobody who waits for another lock', () => {
    const scene = new Scene();
    scene.write(privatePath('/M', recordOf(1).token), formatRecord(recordOf(1)));
    expect(of(scene)).to.equal(undefined);
  });

  it('is nobody dead: their files are swept, or left where that is refused', () => {
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

  it('is nobody whose name is no private file, or gives way to one', () => {
    const scene = lineOf(1, 2);
    scene.write(placeOf(4), formatRecord(recordOf(2))); // Of another token than its name tells.
    scene.write(`${LOCK}.words`, formatRecord(recordOf(2)));
    scene.disk.mkdir(placeOf(3));
    const gone = before('read', placeOf(2), () => {
      scene.remove(placeOf(2));
    });
    expect(of(scene, gone)).to.equal(placeOf(1));
  });

  it('is told to nobody in a directory of a thousand names, or that is gone', () => {
    const scene = lineOf(4);
    for (let index = 0; index < 999; index++) scene.disk.create(`/${index}`);
    expect(of(scene)).to.equal(undefined);
    scene.remove('/0');
    expect(of(scene)).to.equal(placeOf(4));
    const elsewhere = makeClaim('/d/L', 'link', recordOf(5), claim);
    expect(scene.play(waiterAhead(elsewhere, '/d'))).to.equal(undefined);
  });
});

describe('those who are seen to wait', () => {
  const count = (scene: Scene, ...meanwhile: Meanwhile[]) =>
    scene.play(countWaiters(LOCK, '', recordOf(2).token), ...meanwhile);

  it('have a private file, and not the lock', () => {
    expect(count(new Scene())).to.equal(0);
    expect(count(lineOf(2))).to.equal(0);
    expect(count(lineOf(1, 2, 7))).to.equal(2);
    expect(lineOf(1, 3).play(countWaiters(LOCK, '', undefined))).to.equal(2);
  });

  it('are known to live; and the dead are left to those who may sweep', () => {
    const scene = lineOf(1, 3, 4);
    scene.dead.add(recordOf(3).token);
    const untold = (step: Step) =>
      step.call === 'judge' && step.record.token === recordOf(4).token
        ? { verdict: 'unknown', reason: 'nobody can tell' }
        : undefined;
    expect(count(scene, untold)).to.equal(1);
    expect(Object.keys(scene.names)).to.have.lengthOf(3);
  });

  it('wait for this lock, each once, by a name that is a private file’s', () => {
    const scene = lineOf(1);
    scene.write(privatePath(`${LOCK}.now`, recordOf(1).token), formatRecord(recordOf(1))); // Its witness.
    scene.write(privatePath('/M', recordOf(3).token), formatRecord(recordOf(3)));
    scene.write(placeOf(4), formatRecord(recordOf(3)));
    scene.write(placeOf(6), 'words');
    scene.disk.mkdir(placeOf(7));
    expect(count(scene)).to.equal(1);
  });

  it('are nobody where there is no directory', () => {
    expect(new Scene().play(countWaiters('/d/L', '/d', undefined))).to.equal(0);
  });
});

describe('whoever waits in line', () => {
  const living = formatRecord(recordOf(1));

  /** A driver that can wake who is in line; `nth` tells what happens in each pause. Also collects whom it is behind. */
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

  it('has its place there while it pauses, behind the one ahead, and takes the lock when it is given back', () => {
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
        return false; // The one ahead is still there, so it isn't looked for anew.
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

  it('reads the line no more once nobody is ahead of it', () => {
    const scene = lineOf(4);
    scene.write(LOCK, living);
    let lists = 0;
    const driver = wakes(
      [],
      () => true,
      () => {
        scene.remove(placeOf(4));
      },
      () => true, // Somebody passed, and passes again.
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

  it('leaves its place when an empty directory comes in the way, and comes back for it', () => {
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

  it('leaves nothing when its time is up', () => {
    const scene = new Scene();
    scene.write(LOCK, living);
    const blocker = scene.blockerOf(
      acquire(claim, { directory: '' }),
      wakes([], () => true),
    );
    expect(blocker.path).to.equal(LOCK);
    expect(scene.names).to.deep.equal({ [LOCK]: living });
  });

  it('does not line up where the driver can’t wake it, nor for a lock of another kind', () => {
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

describe('whoever found the lock held the last time', () => {
  const approach = { directory: '', inspectsFirst: true };
  const makes: Meanwhile = (step) => {
    expect(step.call).to.be.oneOf(['read', 'judge', 'pause']);
    return undefined;
  };

  it('makes nothing to find it held again', () => {
    const scene = new Scene();
    scene.write(LOCK, formatRecord(recordOf(1)));
    expect(scene.blockerOf(acquire(claim, approach), makes).path).to.equal(LOCK);
  });

  it('tries nevertheless what it can’t look at, which may be refused', () => {
    const unreadable = whenever('read', LOCK, () => ({
      is: 'other',
      what: 'something that we may not read',
    }));
    const refused = whenever('create', claim.privateFile, () => refuse('EACCES'));
    expect(() => new Scene().play(acquire(claim, approach), unreadable, refused)).to.throw('EACCES');
  });

  it('takes it when it is free by now, or its holder dead', () => {
    expect(new Scene().play(acquire(claim, approach))).to.deep.equal({ taken: true, hasWaited: false });
    const scene = new Scene();
    scene.write(LOCK, formatRecord(recordOf(1)));
    scene.dead.add(recordOf(1).token);
    const outcome = { taken: true, hasWaited: false, previous: recordOf(1) };
    expect(scene.play(acquire(claim, approach))).to.deep.equal(outcome);
  });
});

describe('whoever has just given the lock back', () => {
  /** Every pause of its next acquire that lets somebody go first, each answered so. */
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

  it('lets those in line go first, once, where it can’t be woken', () => {
    expect(courtesies(lineOf(3, 4), false)).to.deep.equal([placeOf(4)]);
  });

  it('lines up behind them where it can, until they move or have been let go first twice more', () => {
    expect(courtesies(lineOf(4), true, true)).to.deep.equal(Array(2).fill(placeOf(4)));
    expect(courtesies(lineOf(4), true, false, true)).to.deep.equal(Array(3).fill(placeOf(4)));
    expect(courtesies(lineOf(4), true, false, false)).to.deep.equal(Array(3).fill(placeOf(4)));
  });

  it('goes on at once where nobody is in line, or the lock knows none', () => {
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
