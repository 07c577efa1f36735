/**
 * One contender of the torture test: takes the lock in every way there is, as often as it can, until its time is over.
 *
 * Rule: Only two errors are expected: a short timeout and its own abort. It reports all others.
 */
import './delays.js'; // First: it replaces calls that the lock makes.
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker, isMainThread, workerData } from 'node:worker_threads';
import {
  AlreadyLocked,
  LinkLockFile,
  LockFile,
  LockTimeout,
  MkdirLockFile,
  SymlinkLockFile,
  type LockOptions,
} from '../../src/index.js';
import { FIRST_DESCRIPTOR, RefereeClient } from '../support/referee-client.js';
import { Random } from './random.js';
import type { KindName, Task, ThreadTask } from './task.js';

/** A longer wait counts as stuck. */
const PATIENCE_MS = 60_000;
const SHORT_MS = 30;

/** The calls of a lock that the torture test uses. */
interface Lock {
  acquire(how: { timeout: number; signal?: AbortSignal }): Promise<unknown>;
  acquireSync(how: { timeout: number }): unknown;
  release(): Promise<void>;
  releaseSync(): void;
}

/** No lock at all. With it, the torture test must fail. */
class NoLock implements Lock {
  async acquire(): Promise<void> {
    // Nothing keeps anyone out.
  }
  acquireSync(): void {
    // Nothing keeps anyone out.
  }
  async release(): Promise<void> {
    // Nothing to give back.
  }
  releaseSync(): void {
    // Nothing to give back.
  }
}

const MAKERS: Readonly<Record<KindName, (path: string, options: LockOptions) => Lock>> = {
  default: (path, options) => new LockFile(path, options),
  link: (path, options) => new LinkLockFile(path, options),
  mkdir: (path, options) => new MkdirLockFile(path, options),
  symlink: (path, options) => new SymlinkLockFile(path, options),
  none: () => new NoLock(),
};

const nobody = new Int32Array(new SharedArrayBuffer(4));

class Contending {
  readonly #task: ThreadTask;
  readonly #referee: RefereeClient;
  readonly #random: Random;

  constructor(task: ThreadTask) {
    this.#task = task;
    this.#referee = new RefereeClient(task.descriptor);
    this.#random = new Random(task.seed);
  }

  async run(): Promise<void> {
    const until = Number(this.#referee.ask('ready'));
    while (Date.now() < until) {
      try {
        if (this.#task.form === 'async') await this.#once();
        else this.#onceSync();
      } catch (error) {
        this.#tell('error', error instanceof Error ? (error.stack ?? error.message) : String(error), error);
      }
    }
  }

  async #once(): Promise<void> {
    const lock = this.#newLock();
    const signal = this.#random.isChance(0.1)
      ? AbortSignal.timeout(Math.round(this.#random.below(SHORT_MS)))
      : undefined;
    const timeout = this.#timeout();
    try {
      await lock.acquire({ timeout, ...(signal === undefined ? {} : { signal }) });
    } catch (error) {
      if (signal?.aborted === true && error === signal.reason) this.#tell('aborted');
      else this.#giveUp(error, timeout);
      return;
    }
    this.#referee.enter();
    await sleep(this.#random.below(this.#task.holdMs));
    this.#referee.leave();
    await lock.release();
  }

  #onceSync(): void {
    const lock = this.#newLock();
    const timeout = this.#timeout();
    try {
      lock.acquireSync({ timeout });
    } catch (error) {
      this.#giveUp(error, timeout);
      return;
    }
    this.#referee.enter();
    Atomics.wait(nobody, 0, 0, this.#random.below(this.#task.holdMs));
    this.#referee.leave();
    lock.releaseSync();
  }

  #newLock(): Lock {
    const { kinds, path, orphanGraceMs } = this.#task;
    const kind = this.#random.pick(kinds) ?? 'default';
    return MAKERS[kind](path, { orphanGraceMs, io: this.#random.isChance(0.5) ? 'auto' : 'async' });
  }

  /** Mostly as long as it takes; sometimes hardly, or not at all. */
  #timeout(): number {
    if (this.#random.isChance(0.8)) return PATIENCE_MS;
    return this.#random.isChance(0.3) ? 0 : this.#random.below(SHORT_MS);
  }

  #giveUp(error: unknown, timeout: number): void {
    const isExpected = error instanceof (timeout > 0 ? LockTimeout : AlreadyLocked) && timeout < PATIENCE_MS;
    if (!isExpected) throw error;
    this.#tell('timeout');
  }

  #tell(verb: string, message = '', error?: unknown): void {
    const cause =
      error instanceof Error && error.cause instanceof Error ? `\nCause: ${error.cause.stack}` : '';
    this.#referee.tell(`${verb} ${JSON.stringify(message + cause)}`);
  }
}

if (isMainThread) {
  const { forms, inWorkers, ...common } = JSON.parse(process.argv[2] ?? '') as Task;
  forms.forEach((form, index) => {
    const task: ThreadTask = {
      ...common,
      form,
      descriptor: FIRST_DESCRIPTOR + index,
      seed: common.seed + index,
    };
    if (inWorkers) new Worker(new URL(import.meta.url), { workerData: task });
    else void new Contending(task).run();
  });
} else {
  await new Contending(workerData as ThreadTask).run();
}
