/** A power cut at any moment: the next contender has the lock, and nothing stays behind. */
import { explore } from './exploration.js';
import { onItsWay, pidEmptied, pidPowerCut, pidWrittenSince, powerCut } from './crash-scenarios.js';
import { pidStarts } from './pid-scenarios.js';
import { kinds } from './scenarios.js';

describe('after a power cut no two ever hold, and nobody is ever stuck:', function () {
  this.timeout(300_000);
  for (const [one, other, ...starts] of [
    ['link', 'link', 'free', 'link', 'mkdir', 'symlink'],
    ['link', 'mkdir', 'free', 'link'],
    ['mkdir', 'mkdir', 'free'],
    ['link', 'symlink', 'free', 'symlink'],
  ] as const) {
    it(`${one} and ${other}, the lock at first ${starts.join(', ')}`, () => {
      for (const start of starts) explore(powerCut([one, other], start, 0));
    });
  }

  it('link and link, one of whom is killed before or after it', () => {
    for (const start of ['free', 'link'] as const) explore(powerCut(['link', 'link'], start, 1));
  });

  it('three links: one of whom recovers from it beside another', () => {
    explore(powerCut(['link', 'link', 'link'], 'free', 0));
  });

  it('pid files, two or three', () => {
    for (const start of pidStarts) explore(pidPowerCut(2, start, 1));
    explore(pidPowerCut(3, 'free', 0));
  });
});

describe('a text that is missing on a disk that machines share', () => {
  it('proves nothing', () => {
    for (const by of kinds) explore(onItsWay(by));
  });

  it('nor does one of a holder whose record is there, nor a pid that was written since', () => {
    explore(pidWrittenSince());
    explore(pidEmptied());
  });
});
