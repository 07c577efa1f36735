/**
 * Can all actors come to their ends from here, if nothing more befalls anyone (law L5)? Asked where the explored
 * graph itself doesn't show it, because its clock has stopped.
 *
 * Rule: one schedule that leads there is enough, since it shows that there is a way: each actor in turn makes calls
 * until it pauses, and when all of them pause, time passes.
 */
import type { Actor, Node } from './actor.js';
import { atPeace, keyOfWorld, outcomeOf, tick, type World } from './world.js';

/** How many calls such a schedule may take. */
const PATIENCE = 5_000;

export class Peace {
  readonly #actors: readonly Actor[];
  readonly #good = new Set<string>();

  constructor(actors: readonly Actor[]) {
    this.#actors = actors;
  }

  comesFrom(start: World, from: readonly Node[]): boolean {
    const nodes = [...from];
    const passed: string[] = [];
    let world = atPeace(start);
    for (let turn = 0, calls = 0; calls < PATIENCE; turn++) {
      if (turn % this.#actors.length === 0) {
        const key = `${nodes.map((node) => node.id).join()} ${keyOfWorld(world)}`;
        if (this.#good.has(key) || nodes.every((node) => node.call === undefined)) {
          for (const each of passed) this.#good.add(each);
          return true;
        }
        passed.push(key);
      }
      const index = turn % this.#actors.length;
      for (let isPausing = false; !isPausing; calls++) {
        const node = nodes[index];
        if (node?.call === undefined) break;
        const outcome = outcomeOf(world, index, node.call);
        if (outcome === undefined) throw new Error('a call that nothing comes of');
        isPausing = node.call.call === 'pause';
        world = outcome.world;
        nodes[index] = (this.#actors[index] as Actor).next(node, outcome.answer);
        if (calls > PATIENCE) return false;
      }
      if (index === this.#actors.length - 1) world = tick(world) ?? world;
    }
    return false;
  }
}
