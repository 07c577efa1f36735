/**
 * An actor: a program of phases, each a protocol, unfolded lazily into a tree of the answers that it may get.
 *
 * A generator can't be copied, so an actor's state is the history of answers in its phase: one node of the tree. For a
 * new branch, the phase is run again up to that node. For a known branch, a step of the explorer costs two look-ups.
 *
 * Rule ACTOR-1: A phase is created from its program alone, so an actor forgets everything before its phase.
 * Rule ACTOR-2: Two histories are one node if the actor remembers the same after both (`memory.ts`) and makes the same
 * call next.
 */
import { Refusal, type Disk } from './disk.js';
import { answerOf, keyOf, placeOf, type ActorCall, type Answer } from './answer.js';
import { BLANK, atPause, keyOfMemory, remember, type Memory } from './memory.js';
import { Trampoline } from '../../src/protocol/trampoline.js';
import { MARK } from '../../src/model/mark.js';
import type { Protocol, Step } from '../../src/model/steps.js';

/** How a phase ended. */
export type End = { readonly value: unknown } | { readonly error: unknown };

export interface Phase {
  readonly start: () => Protocol<unknown>;
  /** The phase that follows, or the name of an end. */
  readonly then: (end: End) => string;
  /** While in it, the actor believes that it holds the lock. */
  readonly holds?: boolean;
  /** It removes others' locks by force, and may: those that it saw, which this tells. */
  readonly forces?: (history: readonly Answer[]) => string;
  /** A pause in it may be cut off by a throw. */
  readonly patient?: boolean;
  /** It may line up: the driver may say so at a pause, and may wake it. */
  readonly lines?: boolean;
  /** When it makes its private file, it forgets what it saw (MEMORY-4). */
  readonly forgets?: boolean;
  /** What it remembers at a pause; by default nothing. */
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
  /** Its lock tells nobody whose it is: another program's. */
  readonly isNameless?: boolean;
  /** May the explorer kill it? By default it may. */
  readonly mayDie?: boolean;
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
  /** What the actor may remember (ACTOR-2). */
  readonly memory: Memory;
  readonly children: Map<string, Node>;
  /** The phase in the middle, at this node, until it is run on. */
  run?: Run | undefined;
}

/** Two histories that were taken for one: after `answer` at `node`, the actor is where it is at `into`. */
export interface Merge {
  readonly node: Node;
  readonly answer: Answer;
  readonly into: Node;
}

/** A protocol in the middle, with `stage` as the two calls that it is. */
class Run {
  readonly #protocol: Trampoline<unknown>;
  #step: Step | undefined;
  #isFilling = false;
  end: End | undefined;

  constructor(phase: Phase) {
    this.#protocol = new Trampoline(phase.start());
    this.#advance(() => this.#protocol.next());
  }

  get call(): ActorCall | undefined {
    const step = this.#step;
    // The protocols yield these only for beacons, which don't exist in the simulation.
    if (step?.call === 'custom' || step?.call === 'probe') throw new Error('a step that cannot be explored');
    if (step?.call !== 'create') return step;
    return this.#isFilling
      ? { call: 'fill', path: step.path, text: step.text }
      : { call: 'create', path: step.path, isMarked: (step.mode & MARK) !== 0 };
  }

  answer(answer: Answer): void {
    if ('refusal' in answer) {
      const refusal = new Refusal(answer.refusal, this.call?.call ?? '');
      this.#isFilling = false;
      this.#advance(() => this.#protocol.throw(refusal));
    } else if (this.#step?.call === 'create' && !this.#isFilling) {
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

export class Actor {
  readonly program: Program;
  readonly nodes: Node[] = [];
  readonly merges: Merge[] = [];
  readonly dead: Node;
  readonly start: Node;
  readonly #landmarks = new Map<string, Node>();

  constructor(program: Program) {
    this.program = program;
    this.dead = this.#make({ phase: 'dead' });
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

  /** The first node of a phase (ACTOR-1), or an end. */
  enter(name: string, complaint?: string): Node {
    const landmark = `${name} ${complaint ?? ''}`;
    let node = this.#landmarks.get(landmark);
    if (node === undefined) {
      const phase = this.program.phases[name];
      const run = phase && new Run(phase);
      if (phase !== undefined && run?.end !== undefined) node = this.#leave(phase, run.end);
      else
        node = this.#make({
          phase: name,
          call: run?.call,
          run,
          ...(complaint === undefined ? {} : { complaint }),
        });
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

  /**
   * Is a merge right? Runs the protocol on from the history that was given up, with answers that the other had, and
   * compares what it calls; where they differ, in words.
   */
  difference({ node, answer, into }: Merge, pick: (count: number) => number): string | undefined {
    const run = this.runTo(node);
    run.answer(answer);
    for (let at = into; ;) {
      const [one, other] = [run.call, at.call].map((call) =>
        JSON.stringify(call?.call === 'pause' ? 'pause' : call),
      );
      if (one !== other) return `${one ?? 'an end'} after one history, ${other ?? 'an end'} after the other`;
      const answers = [...at.children.keys()];
      const key = answers[pick(answers.length)];
      const next = key === undefined ? undefined : at.children.get(key);
      if (key === undefined || next === undefined) return undefined;
      run.answer(answerOf(key));
      if (next.phase !== at.phase || next.parent === undefined) {
        const end = run.end && this.phaseOf(at)?.then(run.end);
        return end === next.phase
          ? undefined
          : `${end ?? 'no end'} after one history, ${next.phase} after the other`;
      }
      at = next;
    }
  }

  #grow(node: Node, answer: Answer): Node {
    const phase = this.phaseOf(node) as Phase;
    const run = node.run ?? this.runTo(node);
    node.run = undefined;
    run.answer(answer);
    const { call } = run;
    if (call === undefined) return this.#leave(phase, run.end as End);
    const before = remember(node.memory, node.call as ActorCall, answer, call, phase.forgets);
    const memory =
      call.call === 'pause'
        ? atPause(before, call, phase.memory?.([...historyOf(node), answer]) ?? '')
        : before;
    const landmark = `${node.phase} ${call.call} ${placeOf(call)} ${keyOfMemory(memory)}`;
    let next = this.#landmarks.get(landmark);
    if (next === undefined) {
      next = this.#make({ phase: node.phase, parent: node, answer, call, memory, run });
      this.#landmarks.set(landmark, next); // ACTOR-2
    } else this.merges.push({ node, answer, into: next });
    return next;
  }

  #leave(phase: Phase, end: End): Node {
    const isSurprise = 'error' in end && !(end.error instanceof Refusal);
    return this.enter(phase.then(end), isSurprise ? String(end.error) : undefined);
  }

  #make(made: Partial<Node> & { phase: string }): Node {
    const node: Node = {
      id: this.nodes.length,
      parent: undefined,
      answer: undefined,
      call: undefined,
      memory: BLANK,
      children: new Map(),
      ...made,
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
