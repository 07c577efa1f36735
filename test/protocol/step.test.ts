/** What every protocol is made of: a call that is insisted on, a clean-up that never hides what went wrong. */
import { expect } from 'chai';
import {
  ask,
  atLast,
  insist,
  judge,
  pause,
  unlink,
  type Judgement,
  type Protocol,
  type Step,
} from '../../src/step.js';
import { recordOf } from '../simulation/programs.js';
import { runAsync, type Patience } from '../../src/drive.js';
import { Scene, refuse, whenever } from './scene.js';

const patience: Patience = { until: Infinity, pollInterval: 1, expired: () => new Error('time is up') };

describe('a call that is insisted on', () => {
  /** The calls that are made of it, when each is refused. */
  const made = (refusal: () => never): { calls: string[]; error: unknown } => {
    const calls: string[] = [];
    try {
      new Scene().play(
        insist(() => unlink('/L')),
        (step) => void calls.push(step.call === 'settle' ? `settle ${step.tries}` : step.call),
        whenever('unlink', '/L', refusal),
      );
    } catch (error) {
      return { calls, error };
    }
    throw new Error('it was not refused');
  };

  it('is made six times if it is refused for what may pass, and then the refusal comes through', () => {
    for (const code of ['EPERM', 'EACCES', 'EBUSY']) {
      const { calls, error } = made(() => refuse(code));
      const again = [1, 2, 3, 4, 5].flatMap((tries) => [`settle ${tries}`, 'unlink']);
      expect(calls).to.deep.equal(['unlink', ...again]);
      expect(error).to.have.property('code', code);
    }
  });

  it('is made once if it is refused for anything else', () => {
    expect(made(() => refuse('EIO')).calls).to.deep.equal(['unlink']);
    for (const thrown of [new Error('of no code'), 'no error']) {
      const refusal = () => {
        throw thrown as Error;
      };
      expect(made(refusal)).to.deep.equal({ calls: ['unlink'], error: thrown });
    }
  });
});

describe('the last call of work that is done', () => {
  it('is made once more if it is refused, and then let be', () => {
    let calls = 0;
    const refusal = () => {
      calls++;
      return refuse('EIO');
    };
    new Scene().play(
      atLast(() => unlink('/L')),
      whenever('unlink', '/L', refusal),
    );
    expect(calls).to.equal(2);
  });
});

describe('a call of an author’s own', () => {
  it('that has no asynchronous form is its synchronous one, and its throw is the protocol’s to catch', async () => {
    expect(
      await runAsync(
        ask(() => 42),
        patience,
        'async',
      ),
    ).to.equal(42);
    const refusal = new Error('refused');
    const protocol: Protocol<unknown> = (function* () {
      try {
        yield* ask(() => {
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

  it('tells of a line only if there is one', () => {
    expect(first(pause(blocker))).to.deep.equal({ call: 'pause', blocker });
    const line = { ahead: undefined };
    expect(first(pause(blocker, line))).to.deep.equal({ call: 'pause', blocker, line });
  });

  it('is answered yes only by a driver that says so', () => {
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

describe('a judgement', () => {
  it('that a beacon could settle is given again, with what the beacon says', () => {
    const steps: Step[] = [];
    const dead: Judgement = { verdict: 'dead', reason: 'its beacon is dark' };
    const judgement = new Scene().play(judge(recordOf(1), '/L'), (step): unknown => {
      steps.push(step);
      if (step.call === 'signal') return 'dark';
      const asked: Judgement = { verdict: 'unknown', reason: 'it may live', ask: '/beacon' };
      return step.call === 'judge' && step.signal === 'dark' ? dead : asked;
    });
    expect(judgement).to.equal(dead);
    const question = { call: 'judge', record: recordOf(1), path: '/L' };
    expect(steps).to.deep.equal([
      question,
      { call: 'signal', path: '/beacon' },
      { ...question, signal: 'dark' },
    ]);
  });
});
