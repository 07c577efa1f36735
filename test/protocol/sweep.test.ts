/** Sweeping a directory that others change meanwhile. */
import { expect } from 'chai';
import { makeClaim } from '../../src/model/claim.js';
import { formatRecord } from '../../src/model/record.js';
import { lockDigits, beaconPath, privatePath, evictionOf } from '../../src/model/file-names.js';
import type { BeaconState } from '../../src/model/steps.js';
import { sweep } from '../../src/protocol/sweep.js';
import { LOCK, ZOMBIE, claimOf, recordOf } from '../simulation/programs.js';
import { Scene, before, whenever } from './scene.js';

const claim = claimOf(0, 'link');
const zombie = recordOf(ZOMBIE);

describe('a sweep', () => {
  it('of a directory that is gone finds nothing, and fails at nothing', () => {
    const elsewhere = makeClaim('/d/L', 'link', claim.record, claim);
    new Scene().play(sweep('/d', elsewhere));
  });

  it('leaves to others what they came for in the meantime', () => {
    const scene = new Scene();
    scene.dead.add(zombie.token);
    scene.write(claim.privateFile, claim.text);
    scene.write(privatePath(LOCK, zombie.token), formatRecord(zombie));
    scene.write(evictionOf(LOCK), formatRecord(zombie));
    const living = formatRecord(recordOf(1));
    scene.play(
      sweep('', claim),
      before('link', evictionOf(LOCK), () => {
        scene.write(evictionOf(LOCK), living);
      }),
      before('read', privatePath(LOCK, zombie.token), () => {
        scene.remove(privatePath(LOCK, zombie.token));
      }),
    );
    expect(scene.names).to.deep.equal({ [claim.privateFile]: claim.text, [evictionOf(LOCK)]: living });
  });

  it('leaves an eviction lock that somebody gives back under its eyes', () => {
    const scene = new Scene();
    scene.write(evictionOf(LOCK), formatRecord(zombie));
    const back = before('read', evictionOf(LOCK), () => {
      scene.remove(evictionOf(LOCK));
    });
    scene.play(sweep('', claim), back);
    expect(scene.names).to.deep.equal({});
  });
});

describe('a beacon that is nobody’s whom we have just replaced', () => {
  const beacon = beaconPath('', lockDigits(LOCK), recordOf(1).token);

  /** Is it swept, when it says this and has stood for longer than its grace, or not so long? */
  const isSwept = (signal: BeaconState, isOld: boolean, eviction?: string): boolean => {
    const scene = new Scene();
    scene.disk.create(beacon);
    if (eviction !== undefined) scene.write(evictionOf(LOCK), eviction);
    if (isOld) scene.disk.tick();
    scene.play(
      sweep('', claim, zombie),
      whenever('probe', beacon, () => signal),
    );
    return scene.disk.get(beacon) === undefined;
  };

  it('is swept only if it is dark, and has been there for longer than its grace', () => {
    for (const signal of ['dark', 'lit', 'silent'] as const) {
      expect(isSwept(signal, true)).to.equal(signal === 'dark');
      expect(isSwept(signal, false)).to.equal(false);
    }
  });

  it('stays while an eviction lock is its claim’s, which it may be needed to prove dead', () => {
    expect(isSwept('dark', true, formatRecord(recordOf(1)))).to.equal(false);
    expect(isSwept('dark', true, formatRecord(recordOf(2)))).to.equal(true);
  });
});
