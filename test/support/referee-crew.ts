/**
 * The contenders, seen from the referee: processes that it starts, listens to, kills and reaps.
 *
 * Rule: each contending thread has a socket pair, and only its process has the other end. It closes when the process
 * dies, however it dies.
 * Rule: no process outlives `dismiss`, and none outlives the referee for long: a contender ends when nobody answers.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import type { Duplex, Readable } from 'node:stream';
import { FIRST_DESCRIPTOR } from './referee-client.js';
import type { Referee } from './referee.js';

/** One thread that contends. */
export class Contender {
  readonly process: ContenderProcess;
  /** Its index among its process's threads. */
  readonly thread: number;
  /** When it last entered, by `clock()`. */
  enteredAt: number | undefined;
  readonly #line: Duplex;

  constructor(process: ContenderProcess, thread: number, line: Duplex) {
    this.process = process;
    this.thread = thread;
    this.#line = line;
  }

  /** Answers its question. */
  answer(text: string): void {
    this.#line.write(`${text}\n`);
  }
}

/** Receives the contenders' reports, without their times, and answers their questions. */
export type Listener = (words: readonly string[], contender: Contender) => void;

export class ContenderProcess {
  readonly contenders: readonly Contender[];
  /** Resolves when the process is gone and all of its reports have been read. */
  readonly ended: Promise<void>;
  isKilled = false;
  readonly #diedInside = new Set<Contender>();
  readonly #child: ChildProcess;
  readonly #crew: Crew;

  constructor(crew: Crew, child: ChildProcess, listener: Listener) {
    this.#crew = crew;
    this.#child = child;
    const lines = child.stdio.slice(FIRST_DESCRIPTOR) as Duplex[];
    this.contenders = lines.map((line, thread) => {
      const contender = new Contender(this, thread, line);
      this.#hear(contender, line, listener);
      return contender;
    });
    this.ended = this.#end();
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get isInside(): boolean {
    return this.contenders.some((contender) => this.#crew.referee.isInside(contender));
  }

  /** Was this thread inside when the process died? Call this after `ended`. */
  diedInside(thread: number): boolean {
    return this.#diedInside.has(this.contenders[thread] as Contender);
  }

  kill(): void {
    if (this.isKilled) return;
    for (const contender of this.contenders) this.#crew.referee.kills(contender);
    this.isKilled = true;
    this.#child.kill('SIGKILL');
  }

  /** Stops the process until `resume`. */
  stop(): void {
    this.#child.kill('SIGSTOP');
  }

  resume(): void {
    this.#child.kill('SIGCONT');
  }

  #hear(contender: Contender, line: Duplex, listener: Listener): void {
    const { referee } = this.#crew;
    let rest = '';
    line.setEncoding('utf8');
    line.on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const each of lines) {
        const [verb = '', ...words] = each.split(' ');
        if (verb === 'enter') {
          contender.enteredAt = Number(words.shift());
          referee.enter(contender, contender.enteredAt);
        }
        if (verb === 'leave') referee.leave(contender, Number(words.shift()));
        listener([verb, ...words], contender);
      }
    });
    // The process ended before it read our answer, or was dead when we answered: neither is news.
    line.on('error', () => undefined);
  }

  async #end(): Promise<void> {
    let complaint = '';
    (this.#child.stderr as Readable).setEncoding('utf8').on('data', (text: string) => (complaint += text));
    await new Promise<void>((resolve) => {
      this.#child.once('close', (code, signal) => {
        for (const contender of this.contenders) {
          if (this.#crew.referee.died(contender)) this.#diedInside.add(contender);
        }
        const how = signal ?? `exit code ${String(code)}`;
        if (!this.isKilled && code !== 0)
          this.#crew.failures.push(`a contender ended by ${how}\n${complaint}`);
        resolve();
      });
    });
  }
}

export class Crew {
  readonly referee: Referee<Contender>;
  /** The exit codes or signals of contenders that ended without being killed here. */
  readonly failures: string[] = [];
  readonly #environment: NodeJS.ProcessEnv;
  readonly #standing = new Set<ContenderProcess>();

  /** @param environment Variables that contenders get in addition to ours. */
  constructor(referee: Referee<Contender>, environment: NodeJS.ProcessEnv = {}) {
    this.referee = referee;
    this.#environment = environment;
  }

  /** The processes that run or are being killed. */
  get processes(): readonly ContenderProcess[] {
    return [...this.#standing];
  }

  /**
   * Starts one process.
   *
   * @param script The file to run, with `task` as JSON in its first argument. Its threads report on
   *   `FIRST_DESCRIPTOR` and the descriptors after it.
   */
  start(script: string, task: unknown, threads: number, listener: Listener): ContenderProcess {
    // A contender's coverage depends on when it is killed, so it must not count.
    const env = { ...process.env, ...this.#environment };
    delete env['NODE_V8_COVERAGE'];
    const child = spawn(process.execPath, [script, JSON.stringify(task)], {
      env,
      stdio: ['ignore', 'ignore', 'pipe', ...Array.from({ length: threads }, () => 'pipe' as const)],
    });
    const contender = new ContenderProcess(this, child, listener);
    this.#standing.add(contender);
    void contender.ended.then(() => this.#standing.delete(contender));
    return contender;
  }

  /** Kills all processes that still run, and resolves when all are gone. */
  async dismiss(): Promise<void> {
    const standing = this.processes;
    for (const contender of standing) contender.kill();
    await Promise.all(standing.map((contender) => contender.ended));
  }
}
