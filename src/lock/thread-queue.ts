/**
 * The queues in memory: the tasks of one thread that want one lock go to the disk one at a time, first in, first out.
 *
 * Rule TURN-1: The first task in a queue holds the lock or is acquiring it. It leaves the queue when it has released
 * the lock or given up.
 * Rule TURN-2: An empty queue is deleted.
 *
 * Not promised: that the synchronous form waits for its turn. It can't, because it blocks the tasks before it.
 */

/** A place in a queue. */
export interface Place {
  /** Called when the place becomes the first; not if it is the first from the start. */
  readonly onTurn: () => void;
}

export class ThreadQueues {
  readonly #queues = new Map<string, Set<Place>>();

  isFree(key: string): boolean {
    return !this.#queues.has(key);
  }

  /** Takes the last place in the queue. Returns true if it is also the first. */
  enter(key: string, place: Place): boolean {
    const queue = this.#queues.get(key);
    if (queue === undefined) this.#queues.set(key, new Set([place]));
    else queue.add(place);
    return queue === undefined;
  }

  /** Gives up a place, wherever it is in the queue. Does nothing if it is not in the queue any more. */
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
