/**
 * Runs a protocol on the simulated disk, where a test can act between any two of its calls.
 *
 * For races that happen to two real processes once in a million times, and that are too long for the explorer: a name
 * that changes eight times during one check, or eight recoveries that died one inside another.
 */
import { advance } from '../../src/driver/run.js';
import { MARK } from '../../src/model/mark.js';
import { Trampoline } from '../../src/protocol/trampoline.js';
import type { Blocker, Found, Judgement, Protocol, Step } from '../../src/model/steps.js';
import { performOn } from '../simulation/calls.js';
import { Disk, Refusal } from '../simulation/disk.js';

/** Acts right before a call. If it returns a value, that is the call's answer, and the disk isn't called. */
export type Meanwhile = (step: Step) => unknown;

/** The error that a driver throws into a pause when the timeout expires. */
export class TimeIsUp extends Error {
  readonly blocker: Blocker;

  constructor(blocker: Blocker) {
    super('time is up');
    this.blocker = blocker;
  }
}

const ALIVE: Judgement = { verdict: 'alive', reason: 'the process is alive' };
const DEAD: Judgement = { verdict: 'dead', reason: 'the process is gone' };

export class Scene {
  readonly disk = new Disk();
  /** The tokens and pids of dead holders. All others are alive. */
  readonly dead = new Set<string | number>();

  /** Runs a protocol to its end, with a timeout of 0. */
  play<T>(protocol: Protocol<T>, ...meanwhile: Meanwhile[]): T {
    return advance(protocol, (step) => {
      for (const each of meanwhile) {
        const answer = each(step);
        if (answer !== undefined) return answer;
      }
      return this.perform(step);
    });
  }

  /** Runs a protocol for this many calls and leaves it there, as an exit does; returns whether it had ended. */
  cut(protocol: Protocol<unknown>, calls: number): boolean {
    const run = new Trampoline(protocol);
    let state = run.next();
    for (let made = 0; made < calls && state.done !== true; made++)
      state = run.next(this.perform(state.value));
    return state.done === true;
  }

  /** The blocker of a protocol that can't wait. */
  blockerOf(protocol: Protocol<unknown>, ...meanwhile: Meanwhile[]): Blocker {
    try {
      this.play(protocol, ...meanwhile);
    } catch (error) {
      if (error instanceof TimeIsUp) return error.blocker;
      throw error;
    }
    throw new Error('nobody was in the way');
  }

  /** Writes a new file with this text, not the file that was there before. */
  write(path: string, text: string): void {
    this.remove(path);
    this.disk.create(path);
    this.disk.fill(path, text);
  }

  remove(path: string): void {
    if (this.disk.get(path) !== undefined) this.disk.unlink(path);
  }

  /** Every name, with the text of its file. */
  get names(): Record<string, string> {
    return Object.fromEntries(this.disk.paths().map((path) => [path, this.disk.get(path)?.text ?? '']));
  }

  /** The answer to a call: the disk's, or a verdict. */
  perform(step: Step): unknown {
    if (step.call === 'pause') throw new TimeIsUp(step.blocker);
    if (step.call === 'backoff') return undefined;
    if (step.call === 'judge') return this.dead.has(step.record.token) ? DEAD : ALIVE;
    if (step.call === 'judgeLost') return DEAD;
    if (step.call === 'judgePid') return this.dead.has(step.pid) ? DEAD : ALIVE;
    if (step.call === 'custom' || step.call === 'probe') throw new Error(`nobody answers ${step.call} here`);
    if (step.call !== 'create') return performOn(this.disk, step);
    performOn(this.disk, { call: 'create', path: step.path, isMarked: (step.mode & MARK) !== 0 });
    return performOn(this.disk, { call: 'fill', path: step.path, text: step.text });
  }
}

/** Acts only right before the `nth` call of this name that creates, reads or removes `path`. */
export function before(call: Step['call'], path: string, act: () => unknown, nth = 1): Meanwhile {
  let count = 0;
  return (step) => (step.call === call && placeOf(step) === path && ++count === nth ? act() : undefined);
}

/** Acts right before each such call. */
export function whenever(call: Step['call'], path: string, act: () => unknown): Meanwhile {
  return (step) => (step.call === call && placeOf(step) === path ? act() : undefined);
}

/** Fails as a system call does. */
export function refuse(code: string): never {
  throw new Refusal(code, 'call');
}

/** The description of a foreign lock, or the kind of a lock of ours. */
export function whatOf(found: Found | undefined): string | undefined {
  return found?.kind === 'foreign' ? found.what : found?.kind;
}

function placeOf(step: Step): string {
  if (step.call === 'pause') return step.blocker.path;
  return 'path' in step ? step.path : 'to' in step ? step.to : '';
}
