/** The step helpers that do more than yield. */
import { expect } from 'chai';
import { custom, judge, pause, type Judgement, type Protocol, type Step } from '../../src/model/steps.js';
import { recordOf } from '../simulation/programs.js';
import { runAsync, type WaitPolicy } from '../../src/driver/run.js';
import { Scene } from '../protocol/scene.js';

const patience: WaitPolicy = { until: Infinity, pollInterval: 1, expired: () => new Error('time is up') };

describe('a custom call', () => {
  it('without an asynchronous form uses the synchronous one, and the protocol can catch its error', async () => {
    expect(
      await runAsync(
        custom(() => 42),
        patience,
        'async',
      ),
    ).to.equal(42);
    const refusal = new Error('refused');
    const protocol: Protocol<unknown> = (function* () {
      try {
        yield* custom(() => {
          throw refusal;
        });
      } catch (error) {
        return error;
      }
      return undefined;
    })();
    expect(await runAsync(protocol, patience, 'async')).to.equal(refusal);
  });
});

describe('a pause', () => {
  const blocker = {
    path: '/L',
    found: { kind: 'empty' },
    judgement: { verdict: 'unknown', reason: 'it is' },
  } as const;
  const first = (protocol: Protocol<boolean>): unknown => protocol.next().value;

  it('carries a position in the wait queue only if there is one', () => {
    expect(first(pause(blocker))).to.deep.equal({ call: 'pause', blocker });
    const position = { ahead: undefined };
    expect(first(pause(blocker, position))).to.deep.equal({ call: 'pause', blocker, position });
  });

  it('returns true only if the driver answers true', () => {
    for (const [answer, said] of [
      [true, true],
      [false, false],
      [undefined, false],
    ] as const) {
      const protocol: Protocol<boolean> = pause(blocker);
      protocol.next();
      expect(protocol.next(answer).value).to.equal(said);
    }
  });
});

describe('a verdict', () => {
  it('that a beacon can decide is requested again with the result of the probe', () => {
    const steps: Step[] = [];
    const dead: Judgement = { verdict: 'dead', reason: 'its beacon is dark' };
    const judgement = new Scene().play(judge(recordOf(1), '/L'), (step): unknown => {
      steps.push(step);
      if (step.call === 'probe') return 'dark';
      const asked: Judgement = { verdict: 'unknown', reason: 'it may live', beacon: '/beacon' };
      return step.call === 'judge' && step.beacon === 'dark' ? dead : asked;
    });
    expect(judgement).to.equal(dead);
    const question = { call: 'judge', record: recordOf(1), path: '/L' };
    expect(steps).to.deep.equal([
      question,
      { call: 'probe', path: '/beacon' },
      { ...question, beacon: 'dark' },
    ]);
  });
});
