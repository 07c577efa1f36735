/**
 * The moves of a scenario, numbered: a state is a row of numbers, the world's first and then each actor's node, and a
 * move is a few look-ups, once it was made for the first time.
 */
import { Actor, historyOf, type Node } from './actor.js';
import { keyOf, type ActorCall, type Answer } from './answer.js';
import type { Scenario } from './explorer.js';
import {
  atPeace,
  cut,
  isCut,
  keyOfWorld,
  mishaps,
  outcomeOf,
  tick,
  type Mishap,
  type World,
} from './world.js';

export type Row = Uint32Array;

/** More than there are different calls or answers. */
const MANY = 2 ** 14;
export const WAYS = mishaps.length + 1;

export function wayOf(mishap: Mishap | undefined): number {
  return mishap === undefined ? 0 : mishaps.indexOf(mishap) + 1;
}

/** A number for each value, by its key. */
class Numbered<T> {
  readonly values: T[] = [];
  readonly #numbers = new Map<string, number>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  number(key: string, value: () => T): number {
    let number = this.#numbers.get(key);
    if (number === undefined) {
      number = this.values.length;
      if (number === this.#limit) throw new Error(`more than the ${this.#limit} that are numbered`);
      this.values.push(value());
      this.#numbers.set(key, number);
    }
    return number;
  }
}

interface Op {
  readonly actor: number;
  readonly call: ActorCall;
  /** What its actor may remove by force; empty: nothing. */
  readonly forces: string;
}

export interface KnownWorld {
  readonly world: World;
  /** Whose claim stands at the lock's name; bits. */
  readonly standing: number;
}

export class Moves {
  readonly scenario: Scenario;
  readonly actors: readonly Actor[];
  readonly #worlds = new Numbered<KnownWorld>(2 ** 24);
  readonly #answers = new Numbered<Answer>(MANY);
  readonly #ops = new Numbered<Op>(MANY);
  /** By world, op and way: the world and the answer that come of it; -1: it can't be. */
  readonly #outcomes = new Map<number, number>();
  readonly #ticks = new Map<number, number>();
  readonly #opOf: number[][];
  readonly #children: Map<number, number>[];

  constructor(scenario: Scenario) {
    this.scenario = scenario;
    this.actors = scenario.actors.map((program) => new Actor(program));
    this.#children = this.actors.map(() => new Map<number, number>());
    this.#opOf = this.actors.map(() => []);
  }

  get worlds(): number {
    return this.#worlds.values.length;
  }

  first(): Row {
    return Uint32Array.of(
      this.#numberWorld(this.scenario.world),
      ...this.actors.map((actor) => actor.start.id),
    );
  }

  worldOf(row: Row): KnownWorld {
    return this.#worlds.values[row[0] as number] as KnownWorld;
  }

  nodeOf(row: Row, actor: number): Node {
    return (this.actors[actor] as Actor).nodes[row[actor + 1] as number] as Node;
  }

  /** Makes `next` what follows `row` by an actor's call; false if it can't be. */
  step(row: Row, actor: number, mishap: Mishap | undefined, next: Row): boolean {
    if (mishap !== undefined && isCut(mishap)) return actor === 0 && this.#cut(row, mishap, next);
    const node = this.nodeOf(row, actor);
    if (node.call === undefined || !this.#may(actor, node, mishap)) return false;
    const outcome = this.#outcome(row[0] as number, this.#opFor(actor, node), mishap);
    if (outcome < 0) return false;
    next.set(row);
    next[0] = Math.floor(outcome / MANY);
    next[actor + 1] = this.#follow(actor, node, outcome % MANY, mishap);
    return true;
  }

  /** A power cut: every running actor dies; those at their start come when the machine is up again. */
  #cut(row: Row, mishap: Mishap, next: Row): boolean {
    const running = this.actors.map((actor, index) => {
      const node = this.nodeOf(row, index);
      return node.call !== undefined && node !== actor.start;
    });
    const bits = running.reduce((sum, runs, index) => (runs ? sum | (1 << index) : sum), 0);
    const world = cut(this.worldOf(row).world, mishap, bits);
    if (world === undefined) return false;
    next.set(row);
    next[0] = this.#numberWorld(world);
    for (const [index, actor] of this.actors.entries())
      if (running[index] === true) next[index + 1] = actor.dead.id;
    return true;
  }

  /** Lets time pass; false if it makes no difference. */
  tick(row: Row, next: Row): boolean {
    const number = row[0] as number;
    let world = this.#ticks.get(number);
    if (world === undefined) {
      const ticked = tick(this.worldOf(row).world);
      this.#ticks.set(number, (world = ticked === undefined ? -1 : this.#numberWorld(ticked)));
    }
    if (world < 0) return false;
    next.set(row);
    next[0] = world;
    return true;
  }

  /** The same state, when nothing more befalls anyone. */
  calm(row: Row): Row {
    const next = Uint32Array.from(row);
    next[0] = this.#numberWorld(atPeace(this.worldOf(row).world));
    return next;
  }

  #may(actor: number, node: Node, mishap: Mishap | undefined): boolean {
    if (mishap === undefined) return true;
    const { program } = this.actors[actor] as Actor;
    const phase = program.phases[node.phase];
    if (mishap === 'kill') return program.mayDie !== false;
    if (mishap === 'abort') return phase?.patient === true;
    if (mishap === 'wake') return phase?.lines === true;
    if (mishap === 'exit') return phase?.atExit !== undefined;
    return program.mayDie !== false;
  }

  #follow(actor: number, node: Node, answer: number, mishap: Mishap | undefined): number {
    const automaton = this.actors[actor] as Actor;
    if (mishap === 'kill') return automaton.dead.id;
    if (mishap === 'exit') return automaton.enter(automaton.phaseOf(node)?.atExit ?? '').id;
    const children = this.#children[actor] as Map<number, number>;
    const key = node.id * MANY + answer;
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
    const forces = (this.actors[actor] as Actor).phaseOf(node)?.forces?.(historyOf(node)) ?? '';
    const key = `${actor} ${forces} ${call.call === 'pause' ? 'pause' : JSON.stringify(call)}`;
    return this.#ops.number(key, () => ({ actor, call, forces }));
  }

  #outcome(world: number, op: number, mishap: Mishap | undefined): number {
    const key = (world * MANY + op) * WAYS + wayOf(mishap);
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
    const broken = (outcome.world.broken & ~standing) | (gone & this.#breakable(op));
    const answer = this.#answers.number(keyOf(outcome.answer), () => outcome.answer);
    return this.#numberWorld({ ...outcome.world, broken }) * MANY + answer;
  }

  /** Whose locks an op may remove: a forced break, those that it saw (RELEASE-2). */
  #breakable({ forces }: Op): number {
    let breakable = 0;
    for (const [index, { mark, isNameless }] of this.scenario.actors.entries())
      if (forces !== '' && (isNameless === true || forces.includes(mark))) breakable |= 1 << index;
    return breakable;
  }

  #numberWorld(world: World): number {
    return this.#worlds.number(keyOfWorld(world), () => ({ world, standing: this.#standing(world) }));
  }

  #standing(world: World): number {
    let standing = 0;
    for (const [index, { stands }] of this.scenario.actors.entries())
      if (stands(world.disk)) standing |= 1 << index;
    return standing;
  }
}
