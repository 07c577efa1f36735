/**
 * An actor: a program of phases, each a protocol, unfolded lazily into a tree of the answers it may get.
 *
 * A generator can't be copied, so an actor's state is the history of answers it has had in its phase: one node of the
 * tree. Where a branch was not taken before, the phase is run anew up to it; where it was, a step of the explorer
 * costs two look-ups and runs nothing.
 *
 * Rule P1: a phase is made from its program alone, so what went before a phase is forgotten by construction.
 * Rule P2: after a pause only `memory` of the history counts. It is said for each phase, and checked: for every two
 * histories that are merged, `forgets` runs the protocol on both and compares (see `explorer.test.ts`).
 */
import { Refusal, type Disk } from './disk.js';
import type { DiskCall } from './calls.js';
import type { Protocol, Step } from '../../src/step.js';

/** One instant of an actor. `hold`: it holds the lock, and does its own work. `die`: its process ends. */
export type ActorCall =
  DiskCall | Extract<Step, { call: 'judge' | 'pause' | 'settle' }> | { call: 'hold' | 'die' };

export type Answer = { readonly value: unknown } | { readonly refusal: string };

/** How a phase ended. */
export type End = { readonly value: unknown } | { readonly error: unknown };

export interface Phase {
  readonly start: () => Protocol<unknown>;
  /** The phase that follows, or the name of an end. */
  readonly then: (end: End) => string;
  /** While in it, the actor believes that it holds the lock. */
  readonly holds?: boolean;
  /** It removes others' locks by force, and may. */
  readonly forces?: boolean;
  /** A pause in it may be cut off by a throw. */
  readonly patient?: boolean;
  /** What of its answers a pause does not wipe out; by default nothing. */
  readonly memory?: (history: readonly Answer[]) => string;
  /** The phase that replaces it when the process exits in the middle of it. */
  readonly atExit?: string;
}

export interface Program {
  /** One letter, for traces. */
  readonly name: string;
  /** What leads to it in names and texts on the disk. */
  readonly mark: string;
  /** Does its claim stand at the lock's name? */
  readonly stands: (disk: Disk) => boolean;
  readonly first: string;
  readonly phases: Readonly<Record<string, Phase>>;
}

export interface Node {
  readonly id: number;
  readonly phase: string;
  readonly parent: Node | undefined;
  /** The answer that led here from `parent`. */
  readonly answer: Answer | undefined;
  /** What the actor does next; `undefined`: its program is at an end, whose name is `phase`. */
  readonly call: ActorCall | undefined;
  /** Set if an error came out of the phase before that no driver threw in. */
  readonly complaint?: string;
  readonly children: Map<string, Node>;
  /** The phase in the middle, at this node, until it is run on. */
  run?: Run | undefined;
}

/** What merged histories to check: `merged` is answered as `into` from here on. */
export interface Merge {
  readonly node: Node;
  readonly into: Node;
}

/** A protocol in the middle, with `stage` as the two calls that it is. */
class Run {
  readonly #protocol: Protocol<unknown>;
  #step: Step | undefined;
  #isFilling = false;
  end: End | undefined;

  constructor(phase: Phase) {
    this.#protocol = phase.start();
    this.#advance(() => this.#protocol.next());
  }

  get call(): ActorCall | undefined {
    const step = this.#step;
    if (step?.call !== 'stage') return step;
    return this.#isFilling
      ? { call: 'fill', path: step.path, text: step.text }
      : { call: 'create', path: step.path };
  }

  answer(answer: Answer): void {
    if ('refusal' in answer) {
      const refusal = new Refusal(answer.refusal, this.call?.call ?? '');
      this.#isFilling = false;
      this.#advance(() => this.#protocol.throw(refusal));
    } else if (this.#step?.call === 'stage' && !this.#isFilling) {
      this.#isFilling = true;
    } else {
      this.#isFilling = false;
      this.#advance(() => this.#protocol.next(answer.value));
    }
  }

  #advance(resume: () => IteratorResult<Step, unknown>): void {
    try {
      const state = resume();
      this.#step = state.done === true ? undefined : state.value;
      if (state.done === true) this.end = { value: state.value };
    } catch (error) {
      this.#step = undefined;
      this.end = { error };
    }
  }
}

export const keyOf = (answer: Answer): string =>
  'refusal' in answer
    ? `!${answer.refusal}`
    : answer.value === undefined
      ? 'undefined'
      : JSON.stringify(answer.value);

export class Actor {
  readonly program: Program;
  readonly nodes: Node[] = [];
  readonly merges: Merge[] = [];
  readonly dead: Node;
  readonly start: Node;
  readonly #landmarks = new Map<string, Node>();

  constructor(program: Program) {
    this.program = program;
    this.dead = this.#make('dead', undefined, undefined, undefined);
    this.start = this.enter(program.first);
  }

  phaseOf(node: Node): Phase | undefined {
    return this.program.phases[node.phase];
  }

  /** Where the actor is when it had `answer` at `node`. */
  next(node: Node, answer: Answer): Node {
    const key = keyOf(answer);
    let next = node.children.get(key);
    if (next === undefined) node.children.set(key, (next = this.#grow(node, answer)));
    return next;
  }

  /** The first node of a phase (P1), or an end. */
  enter(name: string, complaint?: string): Node {
    const landmark = `${name} ${complaint ?? ''}`;
    let node = this.#landmarks.get(landmark);
    if (node === undefined) {
      const phase = this.program.phases[name];
      if (phase === undefined) node = this.#make(name, undefined, undefined, undefined, complaint);
      else {
        const run = new Run(phase);
        node =
          run.end === undefined
            ? this.#make(name, undefined, undefined, run.call)
            : this.#leave(phase, run.end);
      }
      this.#landmarks.set(landmark, node);
    }
    return node;
  }

  /** Runs the phase of a node up to it. */
  runTo(node: Node): Run {
    const run = new Run(this.phaseOf(node) as Phase);
    for (const answer of historyOf(node)) run.answer(answer);
    return run;
  }

  #grow(node: Node, answer: Answer): Node {
    const phase = this.phaseOf(node) as Phase;
    const isResumed = node.call?.call === 'pause' && !('refusal' in answer);
    const landmark = isResumed ? `${node.phase} resumed ${phase.memory?.(historyOf(node)) ?? ''}` : undefined;
    const known = landmark === undefined ? undefined : this.#landmarks.get(landmark);
    if (known !== undefined) {
      this.merges.push({ node, into: known });
      return known; // P2
    }
    const run = node.run ?? this.runTo(node);
    node.run = undefined;
    run.answer(answer);
    if (run.end !== undefined) return this.#leave(phase, run.end);
    const next = this.#make(node.phase, node, answer, run.call);
    next.run = run;
    if (landmark !== undefined) this.#landmarks.set(landmark, next);
    return next;
  }

  #leave(phase: Phase, end: End): Node {
    const isSurprise = 'error' in end && !(end.error instanceof Refusal);
    return this.enter(phase.then(end), isSurprise ? String(end.error) : undefined);
  }

  #make(phase: string, parent?: Node, answer?: Answer, call?: ActorCall, complaint?: string): Node {
    const id = this.nodes.length;
    const node: Node = {
      id,
      phase,
      parent,
      answer,
      call,
      children: new Map(),
      ...(complaint === undefined ? {} : { complaint }),
    };
    this.nodes.push(node);
    return node;
  }
}

/** The answers in this phase that led to a node, the first one first. */
export function historyOf(node: Node): Answer[] {
  const history: Answer[] = [];
  for (let each = node; each.parent !== undefined && each.answer !== undefined; each = each.parent)
    history.unshift(each.answer);
  return history;
}
