/**
 * A process that contends for locks on command. `contend()` starts it from this same file, which is both ends.
 *
 * Rule: the process ends with its parent, and `end` leaves no process, whatever a test did to it.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import {
  type LockBase,
  LockFile,
  MkdirLockFile,
  SymlinkLockFile,
  type AcquireOptions,
  type LockOptions,
} from '../../src/index.js';

export const kinds = { link: LockFile, mkdir: MkdirLockFile, symlink: SymlinkLockFile } as const;

interface Command {
  readonly id: number;
  readonly call: 'make' | 'acquire' | 'acquireSync' | 'release' | 'previousPid';
  readonly path?: string;
  readonly kind?: keyof typeof kinds;
  readonly options?: LockOptions;
  readonly how?: number | AcquireOptions;
}

interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly error?: string;
}

export class Contender {
  readonly process: ChildProcess;
  #next = 0;

  constructor(process: ChildProcess) {
    this.process = process;
  }

  get pid(): number {
    return this.process.pid ?? 0;
  }

  make(path: string, options: LockOptions = {}, kind: keyof typeof kinds = 'link'): Promise<unknown> {
    return this.#ask({ call: 'make', path, options, kind });
  }

  acquire(how?: number | AcquireOptions): Promise<unknown> {
    return this.#ask({ call: 'acquire', ...(how === undefined ? {} : { how }) });
  }

  acquireSync(): Promise<unknown> {
    return this.#ask({ call: 'acquireSync' });
  }

  release(): Promise<unknown> {
    return this.#ask({ call: 'release' });
  }

  previousPid(): Promise<unknown> {
    return this.#ask({ call: 'previousPid' });
  }

  async end(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    const exit = once(this.process, 'exit');
    this.process.kill(signal);
    await exit;
  }

  #ask(command: Omit<Command, 'id'>): Promise<unknown> {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      const listen = (answer: Answer) => {
        if (answer.id !== id) return;
        this.process.off('message', listen);
        if (answer.error === undefined) resolve(answer.value);
        else reject(new Error(answer.error));
      };
      this.process.on('message', listen);
      this.process.send({ id, ...command });
    });
  }
}

export function contend(): Contender {
  return new Contender(fork(fileURLToPath(import.meta.url), ['contend']));
}

function obey(): void {
  let lock: LockBase = new LockFile('nothing');
  const act = async ({ call, path = '', kind = 'link', options, how }: Command): Promise<unknown> => {
    if (call === 'make') lock = new kinds[kind](path, options);
    else if (call === 'acquire') await lock.acquire(how);
    else if (call === 'acquireSync') lock.acquireSync();
    else if (call === 'release') await lock.release();
    else return lock.previousHolder?.pid;
    return undefined;
  };
  process.on('message', (command: Command) => {
    act(command).then(
      (value) => process.send?.({ id: command.id, value }),
      (error: unknown) => process.send?.({ id: command.id, error: String(error) }),
    );
  });
}

if (process.argv[2] === 'contend' && process.argv[1] === fileURLToPath(import.meta.url)) obey();
