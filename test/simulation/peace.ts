/**
 * Can all actors come to their ends from here, if no more mishaps happen (LAW-5)? Checked where the explored graph
 * doesn't show it, because its clock has stopped.
 *
 * Rule: One schedule that leads there is enough: each actor in turn makes calls until it pauses, and when all of them
 * pause, time passes.
 */
import type { Moves, Row } from './moves.js';
import { Table } from './table.js';

/** How many calls such a schedule may take. */
const PATIENCE = 5_000;

export class Peace {
  readonly #moves: Moves;
  /** Where schedules came by, and whether they came to their end from there. */
  readonly #table: Table;
  readonly #isGood: boolean[] = [];

  constructor(moves: Moves) {
    this.#moves = moves;
    this.#table = new Table(moves.actors.length + 1);
  }

  comesFrom(start: Row): boolean {
    const row = this.#moves.calm(start);
    const passed: number[] = [];
    let isGood = false;
    for (let calls = 0; calls < PATIENCE && !isGood;) {
      const size = this.#table.size;
      const number = this.#table.add(row);
      isGood = this.#isGood[number] === true || this.#isOver(row);
      if (number < size && !isGood) break;
      passed.push(number);
      for (let actor = 0; actor < this.#moves.actors.length; actor++) calls += this.#untilPause(row, actor);
      this.#moves.tick(row, row);
    }
    for (const each of passed) this.#isGood[each] = isGood;
    return isGood;
  }

  #isOver(row: Row): boolean {
    return this.#moves.actors.every((_, actor) => this.#moves.nodeOf(row, actor).call === undefined);
  }

  /** An actor's calls up to its next pause; how many those were. */
  #untilPause(row: Row, actor: number): number {
    let calls = 0;
    for (let isPausing = false; !isPausing && calls < PATIENCE; calls++) {
      isPausing = this.#moves.nodeOf(row, actor).call?.call === 'pause';
      if (!this.#moves.step(row, actor, undefined, row)) break;
    }
    return calls;
  }
}
