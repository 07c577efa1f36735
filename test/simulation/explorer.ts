/**
 * The explorer: every order of every call of every actor, with every mishap that a scenario allows. Breadth first, so
 * that the first failure it finds is the shortest.
 *
 * A state is the world and each actor's node. Worlds and nodes are numbered, and the effect of a call on a world is
 * computed once, so a state is a row of a few numbers, and a step a few look-ups.
 *
 * These laws are checked in every state, or in the whole graph at the end:
 *
 * Rule LAW-1: There are never two holders, except for one whose lock was broken by force.
 * Rule LAW-2: A holder's claim exists as long as it holds the lock, unless the lock was broken by force.
 * Rule LAW-3: A release that reports success removed the claim; if it reports NotMyLock, the lock was broken by force.
 * Rule LAW-4: When all actors have ended, only dead actors have left anything, and the next contender sweeps it.
 * Rule LAW-5: From every state, if no more mishaps happen, every living actor can come to its end.
 * Rule LAW-6: No protocol ends with an error of its own.
 */
import type { Actor, Node, Program } from './actor.js';
import { Moves, WAYS, wayOf, type Row } from './moves.js';
import { Peace } from './peace.js';
import type { Protocols } from './programs.js';
import { remains } from './remains.js';
import { Numbers, Table } from './table.js';
import { mishaps, type Mishap, type World } from './world.js';

export interface Scenario {
  readonly name: string;
  readonly actors: readonly Program[];
  readonly world: World;
  readonly mishaps?: readonly Mishap[];
  /** The laws to check; by default all. */
  readonly laws?: RegExp;
  /** How many states to explore at most. */
  readonly limit?: number;
  /** May an acquire or a break end by an error that a driver threw in? */
  readonly mayFail?: boolean;
  /** The mark of the one who is dead from the start. */
  readonly zombieMark?: string;
  /** By what the witness at the end acquires and sweeps; by default what ships. */
  readonly protocols?: Protocols;
  /** Those who come when all is over, one at a time; by default a contender of each kind. */
  readonly witnesses?: readonly Program[];
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

export class Explorer {
  readonly scenario: Scenario;
  readonly moves: Moves;
  readonly #ways: readonly (Mishap | undefined)[];
  readonly #table: Table;
  readonly #parents = new Numbers();
  /** By which move each state was first reached. */
  readonly #reachedBy = new Numbers();
  /** Where the moves lead that need no mishap, state after state. */
  readonly #edges = new Numbers();
  readonly #edgeEnds = new Numbers();
  readonly #row: Row;
  readonly #next: Row;

  constructor(scenario: Scenario) {
    this.scenario = scenario;
    this.moves = new Moves(scenario);
    this.#ways = [undefined, ...(scenario.mishaps ?? [])];
    this.#row = this.moves.first();
    this.#next = this.moves.first();
    this.#table = new Table(this.#row.length);
  }

  run(onProgress?: (states: number, done: number) => void): Result {
    const { limit = Infinity } = this.scenario;
    this.#add(-1, 0);
    let failure: Failure | undefined;
    let done = 0;
    for (; done < this.#table.size && this.#table.size < limit && failure === undefined; done++) {
      if (done % 100_000 === 0) onProgress?.(this.#table.size, done);
      failure = this.#expand(done);
    }
    const isComplete = failure === undefined && done === this.#table.size;
    if (isComplete && this.#checks('LAW-5')) failure = this.#stuck();
    return {
      states: this.#table.size,
      worlds: this.moves.worlds,
      nodes: this.moves.actors.reduce((sum, actor) => sum + actor.nodes.length, 0),
      isComplete,
      failure,
    };
  }

  #checks(law: string): boolean {
    return this.scenario.laws?.test(law) ?? true;
  }

  /** All that can follow a state. */
  #expand(state: number): Failure | undefined {
    this.#table.read(state, this.#row);
    const broken = this.#check();
    if (broken !== undefined) return { law: broken, moves: this.#movesTo(state) };
    const begin = this.#edges.length;
    for (let actor = 0; actor < this.moves.actors.length; actor++) {
      for (const mishap of this.#ways) {
        if (!this.moves.step(this.#row, actor, mishap, this.#next)) continue;
        const next = this.#add(state, (actor + 1) * WAYS + wayOf(mishap));
        if (mishap === undefined) this.#edges.push(next);
      }
    }
    const isOver = this.#edges.length === begin;
    if (!isOver && this.moves.tick(this.#row, this.#next)) this.#edges.push(this.#add(state, 0));
    this.#edgeEnds.push(this.#edges.length);
    if (!isOver || !this.#checks('LAW-4')) return undefined;
    const left = remains(this.moves.worldOf(this.#row).world, this.scenario);
    return left === undefined ? undefined : { law: left, moves: this.#movesTo(state) };
  }

  /** The number of the state `#next`. */
  #add(parent: number, move: number): number {
    const size = this.#table.size;
    const number = this.#table.add(this.#next);
    if (number === size) {
      this.#parents.push(parent);
      this.#reachedBy.push(move);
    }
    return number;
  }

  #movesTo(state: number): Move[] {
    const moves: Move[] = [];
    for (let each = state; this.#parents.get(each) >= 0; each = this.#parents.get(each)) {
      const move = this.#reachedBy.get(each);
      moves.unshift({ actor: Math.floor(move / WAYS) - 1, mishap: [undefined, ...mishaps][move % WAYS] });
    }
    return moves;
  }

  /** LAW-1, LAW-2, LAW-3 and LAW-6. */
  #check(): string | undefined {
    const { world, standing } = this.moves.worldOf(this.#row);
    let holders = 0;
    for (let index = 0; index < this.moves.actors.length; index++) {
      const node = this.moves.nodeOf(this.#row, index);
      const isBroken = (world.broken & (1 << index)) !== 0;
      const isStanding = (standing & (1 << index)) !== 0;
      const { program } = this.moves.actors[index] as Actor;
      const complaint = complain(node, isStanding, isBroken, this.scenario.mayFail === true);
      if (complaint !== undefined && this.#checks(complaint)) return `${complaint} (${program.name})`;
      if (program.phases[node.phase]?.holds !== true || isBroken) continue;
      holders++;
      if (!isStanding && this.#checks('LAW-2'))
        return `LAW-2: ${program.name} holds the lock, but its claim is gone`;
    }
    return holders > 1 && this.#checks('LAW-1') ? 'LAW-1: two holders' : undefined;
  }

  /** LAW-5: the first state from which not all can come to their ends. */
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
    const peace = new Peace(this.moves);
    for (let state = 0; state < size; state++) {
      if (good[state] === 1) continue;
      this.#table.read(state, this.#row);
      if (!peace.comesFrom(this.#row)) return { law: 'LAW-5: stuck from here', moves: this.#movesTo(state) };
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

/** What is wrong with how a phase ended. */
function complain(node: Node, isStanding: boolean, isBroken: boolean, mayFail: boolean): string | undefined {
  if (node.call !== undefined) return undefined;
  if (node.complaint !== undefined) return `LAW-6: it ended with an error of its own: ${node.complaint}`;
  if (node.phase === 'failed' && !mayFail) return 'LAW-6: it failed, though no call failed';
  if (node.phase === 'released' && isStanding) return 'LAW-3: it was released, but its claim exists';
  if (node.phase === 'released' && isBroken)
    return 'LAW-3: its release reports success, though it was broken';
  if (node.phase === 'robbed' && !isBroken)
    return 'LAW-3: its release reports NotMyLock, though nobody broke it';
  return undefined;
}
