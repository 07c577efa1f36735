/** A delegated protocol has the same calls, answers, results and errors as one that is run by `yield*`. */
import { expect } from 'chai';
import { advance } from '../../src/driver/run.js';
import { delegate } from '../../src/protocol/trampoline.js';
import { read, unlink, type Protocol, type Step } from '../../src/model/steps.js';

type Inside = <T>(protocol: Protocol<T>) => Protocol<T>;

function* removal(path: string, depth: number, inside: Inside): Protocol<string> {
  if (depth === 0) return String(yield* unlink(path));
  const before = (yield* read(`${path}${depth}`)).is;
  try {
    return `${before} ${yield* inside(removal(path, depth - 1, inside))}`;
  } catch (refusal) {
    if (depth % 2 === 0) throw refusal;
    const after = (yield* read(`${path}${depth}`)).is;
    return `${before} ${String(refusal)} ${after}`;
  } finally {
    yield* unlink(`${path}${depth}`);
  }
}

/** The calls of a protocol, and its result. */
function story(protocol: Protocol<unknown>, answer: (step: Step) => unknown): unknown[] {
  const told: unknown[] = [];
  try {
    const value = advance(protocol, (step) => {
      told.push(step);
      return answer(step);
    });
    return [...told, { value }];
  } catch (error) {
    return [...told, { error }];
  }
}

describe('a delegated protocol', () => {
  const refusal = new Error('EIO');
  const answers = {
    'is answered': (step: Step) => (step.call === 'read' ? { is: 'nothing' } : true),
    'is refused in the middle': (step: Step) => {
      if (step.call === 'unlink' && step.path === '/f') throw refusal;
      return { is: 'nothing' };
    },
    'is refused while it cleans up': (step: Step) => {
      if (step.call === 'unlink' && step.path.endsWith('2')) throw refusal;
      return { is: 'nothing' };
    },
    'is refused at once': () => {
      throw refusal;
    },
  };
  for (const [title, answer] of Object.entries(answers)) {
    it(`behaves as with yield*, when it ${title}`, () => {
      for (let depth = 0; depth < 5; depth++) {
        const inside = story(
          removal('/f', depth, (protocol) => protocol),
          answer,
        );
        const mixed: Inside = (protocol) => (depth % 2 === 0 ? delegate(protocol) : protocol);
        expect(story(removal('/f', depth, delegate), answer)).to.deep.equal(inside);
        expect(story(delegate(removal('/f', depth, mixed)), answer)).to.deep.equal(inside);
      }
    });
  }
});
