/** WAIT-1: who polls, and how often. */
import { expect } from 'chai';
import { runAsync } from '../../src/driver/run.js';
import { noWait } from '../../src/driver/wait.js';
import { pause, type Blocker, type Protocol } from '../../src/model/steps.js';
import { temporaryDirectory } from '../support/temporary.js';

/** Milliseconds of the second pause of a waiter that can't watch the one ahead. The first pause only tells that. */
async function secondPause(count: number, pollInterval: number): Promise<number> {
  const path = temporaryDirectory().join('file.lock');
  const judgement = { verdict: 'alive', reason: 'a test' } as const;
  const blocker: Blocker = {
    path,
    found: { kind: 'other', what: 'nothing that can be watched' } as never,
    judgement,
  };
  let began = 0;
  function* twoPauses(): Protocol<number> {
    yield* pause(blocker, { ahead: blocker, count });
    began = performance.now();
    yield* pause(blocker, { ahead: blocker, count });
    return performance.now() - began;
  }
  return await runAsync(twoPauses(), { ...noWait, pollInterval }, 'async');
}

describe('a waiter that can’t watch the one ahead', () => {
  it('polls the more rarely, the more waiters are ahead of it', async () => {
    expect(await secondPause(60, 25)).to.be.within(299, 5_000);
  });

  it('polls at first after a millisecond if it is the next', async () => {
    expect(
      Math.min(await secondPause(0, 25), await secondPause(0, 25), await secondPause(0, 25)),
    ).to.be.below(100);
  });

  it('polls each second at least, however many are ahead', async () => {
    expect(await secondPause(100_000, 25)).to.be.within(499, 10_000);
  });
});
