/** The wait queue: whatever the driver answers at a pause, the laws hold, and a waiter that leaves leaves nothing. */
import { explore } from './exploration.js';
import { shipped } from './programs.js';
import { lineUp } from './scenarios.js';

/** The mishaps of waiters. */
const troubles = {
  'two are killed': { kills: 2 },
  'one is killed and one gives up': { kills: 1, aborts: 1 },
  'one exits': { exits: 1 },
} as const;

describe('waiters in the queue, woken or not: never two holders, never stuck:', function () {
  this.timeout(300_000);
  for (const [trouble, budget] of Object.entries(troubles)) {
    for (const isCourteous of [false, true]) {
      it(`${trouble}${isCourteous ? ', waiters go first' : ''}`, () => {
        for (const start of ['free', 'link'] as const)
          explore(lineUp(['link', 'link'], start, budget, shipped, isCourteous));
        if (isCourteous) return;
        // An empty directory in the way ends the place in the queue.
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
