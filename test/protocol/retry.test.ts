/** What a protocol does about a call that fails. */
import { expect } from 'chai';
import { bestEffort, retry } from '../../src/protocol/retry.js';
import { unlink } from '../../src/model/steps.js';
import { Scene, refuse, whenever } from './scene.js';

describe('a retried call', () => {
  /** The number of calls if each of them fails. */
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

  it('is made six times if the error may be temporary, and then the error is thrown', () => {
    for (const code of ['EPERM', 'EACCES', 'EBUSY']) {
      const { calls, error } = made(() => refuse(code));
      const again = [1, 2, 3, 4, 5].flatMap((tries) => [`backoff ${tries}`, 'unlink']);
      expect(calls).to.deep.equal(['unlink', ...again]);
      expect(error).to.have.property('code', code);
    }
  });

  it('is made once if it fails with any other error', () => {
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
  it('is made once more if it fails, and then its error is ignored', () => {
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
