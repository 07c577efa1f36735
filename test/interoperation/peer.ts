/** A process that takes another library's locks, and the referee that watches it and us. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LockBase } from '../../src/index.js';

type Reply = { value: unknown } | { error: string } | { report: 'in' | 'out' };

/**
 * Counts the holders. Each side reports after it acquires the lock and before it releases it, and a process waits for
 * the answer; so two reported at once held the lock at once.
 */
export class Referee {
  turns = 0;
  overlaps = 0;
  readonly #inside = new Set<unknown>();

  enters(who: unknown): void {
    this.turns++;
    this.#inside.add(who);
    if (this.#inside.size > 1) this.overlaps++;
  }

  leaves(who: unknown): void {
    this.#inside.delete(who);
  }
}

export class Peer {
  readonly process: ChildProcess;
  readonly #replies: AsyncIterator<string>;
  readonly #name: string;

  private constructor(command: string, args: readonly string[]) {
    this.#name = args.slice(-2).join(' ');
    this.process = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.process.stdin?.on('error', () => undefined); // It was killed; its exit reports that.
    if (this.process.stdout === null) throw new Error('no pipe');
    this.#replies = createInterface({ input: this.process.stdout })[Symbol.asyncIterator]();
  }

  static async start(command: string, args: readonly string[]): Promise<Peer> {
    const peer = new Peer(command, args);
    await peer.#reply();
    return peer;
  }

  get pid(): number {
    return this.process.pid ?? 0;
  }

  /** Sends a command and returns the answer; throws an error with the name that the process threw. */
  async tell(what: string, argument?: number, referee?: Referee): Promise<unknown> {
    this.#send(JSON.stringify({ do: what, with: argument ?? null }));
    for (;;) {
      const reply = await this.#reply();
      if ('error' in reply) throw new Error(reply.error);
      if ('value' in reply) return reply.value;
      if (reply.report === 'in') referee?.enters(this);
      else referee?.leaves(this);
      this.#send('go on');
    }
  }

  async kill(): Promise<void> {
    const ended = once(this.process, 'exit');
    if (this.process.exitCode === null && this.process.signalCode === null) {
      this.process.kill('SIGKILL');
      await ended;
    }
  }

  #send(line: string): void {
    this.process.stdin?.write(`${line}\n`);
  }

  async #reply(): Promise<Reply> {
    const line = await this.#replies.next();
    if (line.done === true) throw new Error(`${this.#name} has ended`);
    return JSON.parse(line.value) as Reply;
  }
}

/** Acquires and releases our lock `turns` times, and reports each to the referee. */
export async function takeTurns(lock: LockBase, turns: number, referee: Referee): Promise<void> {
  for (let turn = 0; turn < turns; turn++) {
    await lock.acquire(60_000);
    referee.enters(lock);
    await sleep(Math.random());
    referee.leaves(lock);
    await lock.release();
    await sleep(Math.random() * 2); // Otherwise the other side, which polls, rarely gets the lock.
  }
}
