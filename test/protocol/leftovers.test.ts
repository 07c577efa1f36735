/** What is left of a lock when its directory, its private file or its text is gone. */
import { expect } from 'chai';
import { noWait, runSync } from '../../src/driver/run.js';
import { beaconPath, evictionOf, lockDigits, privatePath } from '../../src/model/file-names.js';
import { parseData } from '../../src/model/holder-data.js';
import { describeHolder } from '../../src/model/holder-text.js';
import { formatRecord } from '../../src/model/record.js';
import { privateFilesOf } from '../../src/protocol/crash.js';
import { judgeSeen } from '../../src/protocol/inspect.js';
import { obtainRight } from '../../src/protocol/removal-right.js';
import { sweepBeaconOf } from '../../src/protocol/sweep-beacons.js';
import { LOCK, ZOMBIE, recordOf } from '../simulation/programs.js';
import { Scene, refuse, whenever } from './scene.js';

const zombie = recordOf(ZOMBIE);

describe('the private files of a lock', () => {
  it('are those that end with a token, and none where the directory is gone', () => {
    const scene = new Scene();
    const own = privatePath(LOCK, zombie.token);
    for (const name of [LOCK, own, privatePath(`${LOCK}.pid`, zombie.token), '/other'])
      scene.write(name, 'text');
    expect(scene.play(privateFilesOf(LOCK))).to.deep.equal([own]);
    expect(scene.play(privateFilesOf('/gone/L'))).to.deep.equal([]);
  });
});

describe('an empty directory that is checked', () => {
  it('is young if it is gone by then', () => {
    const judged = (graceMs: number) => runSync(judgeSeen({ kind: 'empty' }, '/no such/L', graceMs), noWait);
    expect(judged(1).verdict).to.equal('unknown');
    expect(judged(0).verdict).to.equal('dead');
  });
});

describe('the right to remove a dead lock whose private file is gone', () => {
  const found = { kind: 'link', text: formatRecord(zombie), record: zombie } as const;
  const file = privatePath(LOCK, zombie.token);

  it('is obtained by linking that file anew, which leaves nothing', () => {
    const scene = new Scene();
    scene.write(LOCK, found.text);
    expect(scene.play(obtainRight(LOCK, found, LOCK))).to.equal(true);
    expect(scene.names).to.deep.equal({ [LOCK]: found.text });
  });

  it('is not obtained if another lock stands there by now, or none', () => {
    const scene = new Scene();
    scene.write(LOCK, formatRecord(recordOf(1)));
    expect(scene.play(obtainRight(LOCK, found, LOCK))).to.equal(false);
    scene.remove(LOCK);
    expect(scene.play(obtainRight(LOCK, found, LOCK))).to.equal(false);
    expect(scene.names).to.deep.equal({});
  });

  it('can’t be checked where the file may not be linked', () => {
    const scene = new Scene();
    scene.write(LOCK, found.text);
    const refused = whenever('link', file, () => refuse('EPERM'));
    expect(scene.play(obtainRight(LOCK, found, LOCK), refused)).to.equal(true);
  });
});

describe('the beacon of a dead waiter', () => {
  const path = beaconPath('', lockDigits(LOCK), zombie.token);
  const isSwept = (place?: string): boolean => {
    const scene = new Scene();
    scene.disk.create(path);
    if (place !== undefined) scene.write(place, formatRecord(zombie));
    const names = scene.disk.paths().map((each) => each.slice(1));
    scene.play(sweepBeaconOf(zombie.token, '', names, LOCK));
    return scene.disk.get(path) === undefined;
  };

  it('is removed, unless it may be the proof for a lock', () => {
    expect(isSwept()).to.equal(true);
    expect(isSwept(LOCK)).to.equal(false);
    expect(isSwept(evictionOf(LOCK))).to.equal(false);
  });

  it('is not looked for among other names', () => {
    new Scene().play(sweepBeaconOf(zombie.token, '', ['other'], LOCK), () => {
      throw new Error('a call was made');
    });
  });
});

describe('the words for a lock whose text was lost', () => {
  it('name its reason', () => {
    const holder = { kind: 'lost', verdict: 'dead', reason: 'the machine crashed' } as const;
    expect(describeHolder('/L', holder, 0))
      .to.include('text was lost')
      .and.to.include('the machine crashed');
  });
});

describe('the data of a hold', () => {
  it('are nobody’s if the file is another holder’s', () => {
    const text = `${formatRecord(zombie).slice(0, -1)},"data":1}`;
    expect(parseData(text, zombie.token)).to.equal(1);
    expect(parseData(text, recordOf(1).token)).to.equal(undefined);
  });
});
