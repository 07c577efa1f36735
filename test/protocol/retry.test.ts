/** What is done about a call that is refused. */
import { expect } from 'chai';
import { bestEffort, retry } from '../../src/protocol/retry.js';
import { unlink } from '../../src/model/steps.js';
import { Scene, refuse, whenever } from './scene.js';

describe('a call that is insisted on', () => {
  /** The calls that are made of it, when each is refused. */
  const made = (refusal: () => never): { calls: string[]; error: unknown } => {
    const calls: string[] = [];
    try {
      new Scene().play(
        retry(() => unlink('/L')),
        (step) => void calls.push(step.call === 'backoff' ? `backoff ${step.tries}` : step.call),
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
      const again = [1, 2, 3, 4, 5].flatMap((tries) => [`backoff ${tries}`, 'unlink']);
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
      bestEffort(() => unlink('/L')),
      whenever('unlink', '/L', refusal),
    );
    expect(calls).to.equal(2);
  });
});
