/** Waiting in line: whatever the driver answers at a pause, the laws hold, and nothing is left of those who left it. */
import { explore } from './exploration.js';
import { shipped } from './programs.js';
import { lineUp } from './scenarios.js';

/** What befalls those in line. */
const troubles = {
  'two are killed': { kills: 2 },
  'one is killed and one gives up': { kills: 1, aborts: 1 },
  'one exits': { exits: 1 },
} as const;

describe('waiting in line, woken or not, no two ever hold, and nobody is ever stuck:', function () {
  this.timeout(300_000);
  for (const [trouble, budget] of Object.entries(troubles)) {
    for (const isCourteous of [false, true]) {
      it(`${trouble}${isCourteous ? ', those who came go first' : ''}`, () => {
        for (const start of ['free', 'link'] as const)
          explore(lineUp(['link', 'link'], start, budget, shipped, isCourteous));
        if (isCourteous) return;
        // An empty directory in the way ends the waiting in line.
        explore(lineUp(['link', 'mkdir'], 'free', budget));
        explore(lineUp(['link', 'symlink'], 'link', budget));
      });
    }
  }

  it('three of them, two killed, or one gives up', () => {
    explore(lineUp(['link', 'link', 'link'], 'free', { kills: 2 }));
    explore(lineUp(['link', 'link', 'link'], 'free', { aborts: 1 }));
  });
});
