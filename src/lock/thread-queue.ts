/**
 * The queues in memory: those of one thread who want one lock go to the disk one at a time, first in, first out.
 *
 * Rule TURN-1: the first in a queue holds the lock or is after it; it leaves when it has given the lock back or given up.
 * Rule TURN-2: a queue that nobody stands in is not kept.
 *
 * Not promised: that the synchronous form waits its turn. It can't, since whoever is before it could never move.
 */

/** A place in a queue. */
export interface Place {
  /** Called when it becomes the first; not if it is so from the start. */
  readonly onTurn: () => void;
}

export class ThreadQueues {
  readonly #queues = new Map<string, Set<Place>>();

  isFree(key: string): boolean {
    return !this.#queues.has(key);
  }

  /** Takes the last place; true if that is the first. */
  enter(key: string, place: Place): boolean {
    const queue = this.#queues.get(key);
    if (queue === undefined) this.#queues.set(key, new Set([place]));
    else queue.add(place);
    return queue === undefined;
  }

  /** Gives a place up, wherever in the queue it is, or was. */
  leave(key: string, place: Place): void {
    const queue = this.#queues.get(key);
    if (queue === undefined) return;
    const [first] = queue;
    if (!queue.delete(place)) return;
    const [next] = queue;
    if (next === undefined)
      this.#queues.delete(key); // TURN-2
    else if (place === first) next.onTurn(); // TURN-1
  }
}
