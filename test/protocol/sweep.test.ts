/** Sweeping a directory that other processes change meanwhile. */
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
  it('of a directory that is gone does nothing and doesn’t fail', () => {
    const elsewhere = makeClaim('/d/L', 'link', claim.record, claim);
    new Scene().play(sweep('/d', elsewhere));
  });

  it('leaves what other processes took meanwhile', () => {
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

  it('leaves an eviction lock that its holder releases meanwhile', () => {
    const scene = new Scene();
    scene.write(evictionOf(LOCK), formatRecord(zombie));
    const back = before('read', evictionOf(LOCK), () => {
      scene.remove(evictionOf(LOCK));
    });
    scene.play(sweep('', claim), back);
    expect(scene.names).to.deep.equal({});
  });
});

describe('a beacon of another holder than the one just replaced', () => {
  const beacon = beaconPath('', lockDigits(LOCK), recordOf(1).token);

  /** Is it swept, with this answer to a probe, and older than its grace period or not? */
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

  it('is swept only if it is dark and older than its grace period', () => {
    for (const signal of ['dark', 'lit', 'silent'] as const) {
      expect(isSwept(signal, true)).to.equal(signal === 'dark');
      expect(isSwept(signal, false)).to.equal(false);
    }
  });

  it('stays while its claim has an eviction lock, since it may be the proof of death', () => {
    expect(isSwept('dark', true, formatRecord(recordOf(1)))).to.equal(false);
    expect(isSwept('dark', true, formatRecord(recordOf(2)))).to.equal(true);
  });
});
