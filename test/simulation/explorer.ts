/**
 * The explorer: every order of every call of every actor, and whatever a scenario lets befall them, breadth first,
 * so that the first failure it finds is the shortest.
 *
 * A state is the world and each actor's node. Worlds and nodes are numbered, and what a call does to a world is
 * computed once, so a state is a row of a few numbers, and a step a few look-ups.
 *
 * Checked of every state, and of the whole graph at the end:
 *
 * Rule L1: never two holders, other than one whose lock was broken by force.
 * Rule L2: whose lock was not broken by force finds it standing as long as it holds it.
 * Rule L3: a release that reports success removed the claim; one that reports NotMyLock was broken by force.
 * Rule L4: when all are done, nothing is on the disk but what the dead left, and that the next contender sweeps.
 * Rule L5: from every state, if nothing more befalls anyone, every actor that lives can come to its end.
 * Rule L6: no protocol ends by an error of its own.
 */
import { Actor, keyOf, type ActorCall, type Answer, type Node, type Program } from './actor.js';
import type { Protocols } from './programs.js';
import { Peace } from './peace.js';
import { remains } from './remains.js';
import { Numbers, Table } from './table.js';
import { keyOfWorld, mishaps, outcomeOf, tick, type Mishap, type World } from './world.js';

export interface Scenario {
  readonly name: string;
  readonly actors: readonly Program[];
  readonly world: World;
  readonly mishaps?: readonly Mishap[];
  /** How many states to explore at most. */
  readonly limit?: number;
  /** May an acquire or a break end by an error that a driver threw in? */
  readonly mayFail?: boolean;
  /** The mark of the one who is dead from the start. */
  readonly zombieMark?: string;
  /** By what the witness at the end acquires and sweeps; by default what ships. */
  readonly protocols?: Protocols;
}

/** One move of the explorer: an actor's call and what befell it, or the passing of time. */
export interface Move {
  /** Its number; -1: time passes. */
  readonly actor: number;
  readonly mishap: Mishap | undefined;
}

export interface Failure {
  readonly law: string;
  readonly moves: readonly Move[];
}

export interface Result {
  readonly states: number;
  readonly worlds: number;
  readonly nodes: number;
  readonly isComplete: boolean;
  readonly failure: Failure | undefined;
}

const OPS = 2 ** 14;
const WAYS = mishaps.length + 1;

/** A number for each value, by its key. */
class Numbered<T> {
  readonly values: T[] = [];
  readonly #numbers = new Map<string, number>();

  number(key: string, value: T): number {
    let number = this.#numbers.get(key);
    if (number === undefined) {
      number = this.values.length;
      this.values.push(value);
      this.#numbers.set(key, number);
    }
    return number;
  }
}

interface Op {
  readonly actor: number;
  readonly call: ActorCall;
  readonly forces: boolean;
}

interface KnownWorld {
  readonly world: World;
  /** Whose claim stands at the lock's name; bits. */
  readonly standing: number;
}

export class Explorer {
  readonly scenario: Scenario;
  readonly actors: readonly Actor[];
  readonly #worlds = new Numbered<KnownWorld>();
  readonly #answers = new Numbered<Answer>();
  readonly #ops = new Numbered<Op>();
  /** By world, op and way: the world and the answer that come of it; -1: it can't be. */
  readonly #outcomes = new Map<number, number>();
  readonly #ticks = new Map<number, number>();
  readonly #opOf: number[][] = [];
  readonly #children: Map<number, number>[];
  readonly #ways: readonly (Mishap | undefined)[];
  readonly #table: Table;
  readonly #parents = new Numbers();
  readonly #moves = new Numbers();
  readonly #edges = new Numbers();
  readonly #edgeEnds = new Numbers();
  readonly #row: Uint32Array;
  readonly #next: Uint32Array;

  constructor(scenario: Scenario) {
    this.scenario = scenario;
    this.actors = scenario.actors.map((program) => new Actor(program));
    this.#children = this.actors.map(() => new Map<number, number>());
    this.#opOf = this.actors.map(() => []);
    this.#ways = [undefined, ...(scenario.mishaps ?? [])];
    this.#table = new Table(1 + this.actors.length);
    this.#row = new Uint32Array(this.#table.width);
    this.#next = new Uint32Array(this.#table.width);
  }

  run(onProgress?: (states: number, done: number) => void): Result {
    const { limit = Infinity } = this.scenario;
    this.#next.set(this.#firstRow());
    this.#add(-1, 0);
    let failure: Failure | undefined;
    let done = 0;
    for (; done < this.#table.size && this.#table.size < limit && failure === undefined; done++) {
      if (done % 100_000 === 0) onProgress?.(this.#table.size, done);
      failure = this.#expand(done);
    }
    const isComplete = done === this.#table.size;
    if (failure === undefined && isComplete) failure = this.#stuck();
    return {
      states: this.#table.size,
      worlds: this.#worlds.values.length,
      nodes: this.actors.reduce((sum, actor) => sum + actor.nodes.length, 0),
      isComplete,
      failure,
    };
  }

  #firstRow(): number[] {
    return [this.#numberWorld(this.scenario.world), ...this.actors.map((actor) => actor.start.id)];
  }

  /** All that can follow a state. */
  #expand(state: number): Failure | undefined {
    this.#table.read(state, this.#row);
    const broken = this.#check();
    if (broken !== undefined) return { law: broken, moves: this.#movesTo(state) };
    let isOver = true;
    for (let actor = 0; actor < this.actors.length; actor++) {
      const node = this.#nodeOf(this.#row, actor);
      if (node.call === undefined) continue;
      isOver = false;
      for (const mishap of this.#ways) {
        if (!this.#step(actor, node, mishap)) continue;
        const next = this.#add(state, (actor + 1) * WAYS + wayOf(mishap));
        if (mishap === undefined) this.#edges.push(next);
      }
    }
    if (!isOver) {
      const world = this.#tick(this.#row[0] as number);
      if (world >= 0) {
        this.#next.set(this.#row);
        this.#next[0] = world;
        this.#edges.push(this.#add(state, 0));
      }
    }
    this.#edgeEnds.push(this.#edges.length);
    if (!isOver) return undefined;
    const left = remains(this.#worldAt(this.#row).world, this.scenario);
    return left === undefined ? undefined : { law: left, moves: this.#movesTo(state) };
  }

  /** Makes `#next` what follows `#row` by an actor's call; false if it can't be. */
  #step(actor: number, node: Node, mishap: Mishap | undefined): boolean {
    const phase = (this.actors[actor] as Actor).phaseOf(node);
    if (mishap === 'abort' && phase?.patient !== true) return false;
    if (mishap === 'exit' && phase?.atExit === undefined) return false;
    const op = this.#opFor(actor, node);
    const outcome = this.#outcome(this.#row[0] as number, op, mishap);
    if (outcome < 0) return false;
    this.#next.set(this.#row);
    this.#next[0] = Math.floor(outcome / OPS);
    this.#next[actor + 1] = this.#follow(actor, node, outcome % OPS, mishap);
    return true;
  }

  #follow(actor: number, node: Node, answer: number, mishap: Mishap | undefined): number {
    const automaton = this.actors[actor] as Actor;
    if (mishap === 'kill') return automaton.dead.id;
    if (mishap === 'exit') return automaton.enter(automaton.phaseOf(node)?.atExit ?? '').id;
    const children = this.#children[actor] as Map<number, number>;
    const key = node.id * OPS + answer;
    let next = children.get(key);
    if (next === undefined) {
      next = automaton.next(node, this.#answers.values[answer] as Answer).id;
      children.set(key, next);
    }
    return next;
  }

  #opFor(actor: number, node: Node): number {
    const ops = this.#opOf[actor] as number[];
    return (ops[node.id] ??= this.#numberOp(actor, node));
  }

  #numberOp(actor: number, node: Node): number {
    const call = node.call as ActorCall;
    const forces = (this.actors[actor] as Actor).phaseOf(node)?.forces === true;
    const key = `${actor} ${forces} ${call.call === 'pause' ? 'pause' : JSON.stringify(call)}`;
    const number = this.#ops.number(key, { actor, call, forces });
    if (number >= OPS) throw new Error('more calls than the explorer numbers');
    return number;
  }

  #outcome(world: number, op: number, mishap: Mishap | undefined): number {
    const key = (world * OPS + op) * WAYS + wayOf(mishap);
    let outcome = this.#outcomes.get(key);
    if (outcome === undefined) this.#outcomes.set(key, (outcome = this.#compute(world, op, mishap)));
    return outcome;
  }

  #compute(number: number, opNumber: number, mishap: Mishap | undefined): number {
    const before = this.#worlds.values[number] as KnownWorld;
    const op = this.#ops.values[opNumber] as Op;
    const outcome = outcomeOf(before.world, op.actor, op.call, mishap);
    if (outcome === undefined) return -1;
    const standing = this.#standing(outcome.world);
    const gone = before.standing & ~standing & ~outcome.world.dead;
    const broken = (outcome.world.broken & ~standing) | (op.forces ? gone : 0);
    const answer = this.#answers.number(keyOf(outcome.answer), outcome.answer);
    if (answer >= OPS) throw new Error('more answers than the explorer numbers');
    return this.#numberWorld({ ...outcome.world, broken }) * OPS + answer;
  }

  #tick(world: number): number {
    let next = this.#ticks.get(world);
    if (next === undefined) {
      const ticked = tick((this.#worlds.values[world] as KnownWorld).world);
      this.#ticks.set(world, (next = ticked === undefined ? -1 : this.#numberWorld(ticked)));
    }
    return next;
  }

  #numberWorld(world: World): number {
    return this.#worlds.number(keyOfWorld(world), { world, standing: this.#standing(world) });
  }

  #standing(world: World): number {
    let standing = 0;
    for (const [index, { stands }] of this.scenario.actors.entries())
      if (stands(world.disk)) standing |= 1 << index;
    return standing;
  }

  #worldAt(row: Uint32Array): KnownWorld {
    return this.#worlds.values[row[0] as number] as KnownWorld;
  }

  #nodeOf(row: Uint32Array, actor: number): Node {
    return (this.actors[actor] as Actor).nodes[row[actor + 1] as number] as Node;
  }

  /** The number of the state `#next`. */
  #add(parent: number, move: number): number {
    const size = this.#table.size;
    const number = this.#table.add(this.#next);
    if (number === size) {
      this.#parents.push(parent);
      this.#moves.push(move);
    }
    return number;
  }

  #movesTo(state: number): Move[] {
    const moves: Move[] = [];
    for (let each = state; this.#parents.get(each) >= 0; each = this.#parents.get(each)) {
      const move = this.#moves.get(each);
      moves.unshift({ actor: Math.floor(move / WAYS) - 1, mishap: [undefined, ...mishaps][move % WAYS] });
    }
    return moves;
  }

  /** L1, L2, L3, L6. */
  #check(): string | undefined {
    const { world, standing } = this.#worldAt(this.#row);
    let holders = 0;
    for (const [index, actor] of this.actors.entries()) {
      const node = this.#nodeOf(this.#row, index);
      const bit = 1 << index;
      const { name } = actor.program;
      if (node.complaint !== undefined) return `L6: ${name} ended by an error of its own: ${node.complaint}`;
      if (actor.phaseOf(node)?.holds === true && (world.broken & bit) === 0) {
        holders++;
        if ((standing & bit) === 0) return `L2: ${name} holds the lock, and its claim is gone`;
      }
      if (node.phase === 'failed' && this.scenario.mayFail !== true)
        return `L6: ${name} failed, and nothing was refused`;
      if (node.phase === 'released' && (standing & bit) !== 0)
        return `L3: ${name} released it, and it stands`;
      if (node.phase === 'released' && (world.broken & bit) !== 0)
        return `L3: ${name}'s release reports success, though its lock was broken`;
      if (node.phase === 'robbed' && (world.broken & bit) === 0)
        return `L3: ${name}'s release reports NotMyLock, though nobody broke its lock`;
    }
    return holders > 1 ? 'L1: two holders' : undefined;
  }

  /** L5: the first state from which not all can come to their ends. */
  #stuck(): Failure | undefined {
    const size = this.#table.size;
    const good = new Uint8Array(size);
    for (let isSettled = false; !isSettled;) {
      isSettled = true;
      for (let state = size - 1; state >= 0; state--) {
        if (good[state] === 1 || !this.#isGood(state, good)) continue;
        good[state] = 1;
        isSettled = false;
      }
    }
    const peace = new Peace(this.actors);
    for (let state = 0; state < size; state++) {
      if (good[state] === 1) continue;
      this.#table.read(state, this.#row);
      const nodes = this.actors.map((_, actor) => this.#nodeOf(this.#row, actor));
      if (!peace.comesFrom(this.#worldAt(this.#row).world, nodes))
        return { law: 'L5: stuck from here', moves: this.#movesTo(state) };
    }
    return undefined;
  }

  #isGood(state: number, good: Uint8Array): boolean {
    const start = state === 0 ? 0 : this.#edgeEnds.get(state - 1);
    const end = this.#edgeEnds.get(state);
    if (start === end) return true;
    for (let edge = start; edge < end; edge++) if (good[this.#edges.get(edge)] === 1) return true;
    return false;
  }
}

function wayOf(mishap: Mishap | undefined): number {
  return mishap === undefined ? 0 : mishaps.indexOf(mishap) + 1;
}
