/**
 * Other processes, and workers, that hold the lock under test and do as they are told.
 *
 * Rule: all of them end with the law that started them.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Holder } from '../model/holder.js';
import type { Form, LockModule } from './form.js';

export type Verb =
  'acquire' | 'release' | 'isLocked' | 'iAmLocking' | 'holder' | 'breakLock' | 'contend' | 'exit';

/** What a member is told. */
export interface Order {
  readonly id: number;
  readonly verb: Verb;
  readonly form: Form['name'];
  readonly path: string;
  readonly timeout?: number | undefined;
  readonly turns?: number | undefined;
}

/** What a member says: the outcome of an order, or that it enters or leaves the critical section. */
export type Report =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: { readonly code: string; readonly message: string } }
  | { readonly report: 'in' | 'out' }
  | 'ready';

const agent = new URL('peer-main.js', import.meta.url);

/** One that holds locks elsewhere. */
export class Peer {
  readonly pid: number;
  /** Called when it enters or leaves the critical section; answered before it goes on. */
  onReport: (report: 'in' | 'out') => void = () => undefined;
  readonly #endpoint: ChildProcess | Worker;
  readonly #waiting = new Map<
    number,
    { resolve: (value: unknown) => void; reject: (error: Error) => void }
  >();
  #last = 0;

  private constructor(endpoint: ChildProcess | Worker) {
    this.#endpoint = endpoint;
    this.pid = endpoint instanceof Worker ? process.pid : (endpoint.pid ?? 0);
    endpoint.on('message', (report: Report) => this.#hear(report));
    endpoint.on('exit', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('it has ended'));
    });
  }

  static async start(where: 'process' | 'worker', subject: LockModule): Promise<Peer> {
    const about = JSON.stringify({ ...subject, module: String(subject.module) });
    const endpoint =
      where === 'worker'
        ? new Worker(agent, { argv: [about] })
        : fork(agent, [about], { execArgv: [], serialization: 'advanced' });
    const member = new Peer(endpoint);
    await once(endpoint, 'message');
    return member;
  }

  call(
    verb: Verb,
    form: Form,
    path: string,
    more: { timeout?: number; turns?: number } = {},
  ): Promise<unknown> {
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#send({ id, verb, form: form.name, path, ...more });
    });
  }

  async holder(form: Form, path: string): Promise<Holder | null> {
    return (await this.call('holder', form, path)) as Holder | null;
  }

  /** Sends a signal; waits for the end if it is SIGKILL. Processes only. */
  async signal(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): Promise<void> {
    if (this.#endpoint instanceof Worker) return;
    const ended = once(this.#endpoint, 'exit');
    this.#endpoint.kill(signal);
    if (signal === 'SIGKILL') await ended;
  }

  async end(): Promise<void> {
    if (this.#endpoint instanceof Worker) {
      await this.#endpoint.terminate();
    } else if (this.#endpoint.exitCode === null && this.#endpoint.signalCode === null) {
      await this.signal('SIGKILL');
    }
  }

  #send(message: Order | 'go on'): void {
    if (this.#endpoint instanceof Worker) this.#endpoint.postMessage(message);
    // Who has just been killed can't be told anything any more: its end tells that, and not an error out of nowhere.
    else this.#endpoint.send(message, () => undefined);
  }

  #hear(report: Report): void {
    if (report === 'ready') return;
    if ('report' in report) {
      this.onReport(report.report);
      this.#send('go on');
      return;
    }
    const waiting = this.#waiting.get(report.id);
    this.#waiting.delete(report.id);
    if ('value' in report) waiting?.resolve(report.value);
    else waiting?.reject(Object.assign(new Error(report.error.message), { code: report.error.code }));
  }
}

/** All that one law started. */
export class Peers {
  readonly #subject: LockModule;
  readonly #members: Peer[] = [];

  constructor(subject: LockModule) {
    this.#subject = subject;
  }

  async start(where: 'process' | 'worker' = 'process'): Promise<Peer> {
    const member = await Peer.start(where, this.#subject);
    this.#members.push(member);
    return member;
  }

  async end(): Promise<void> {
    await Promise.all(this.#members.splice(0).map((member) => member.end()));
  }
}

/** A worker that runs whole laws, one after the other. It keeps no process alive while it has none to run. */
export class LawWorker {
  readonly #about: string;
  #worker: Worker | undefined;

  constructor(subject: LockModule) {
    this.#about = JSON.stringify({ ...subject, module: String(subject.module), runs: 'laws' });
  }

  async run(law: number): Promise<void> {
    const worker = (this.#worker ??= new Worker(agent, { argv: [this.#about] }));
    worker.ref();
    const ended = new AbortController();
    const failure = once(worker, 'error', { signal: ended.signal });
    const answer = once(worker, 'message', { signal: ended.signal });
    worker.postMessage(law);
    try {
      const [outcome] = (await Promise.race([answer, failure])) as [unknown];
      if (outcome instanceof Error) throw outcome;
    } finally {
      ended.abort();
      await Promise.allSettled([answer, failure]);
      worker.unref();
    }
  }

  async end(): Promise<void> {
    await this.#worker?.terminate();
    this.#worker = undefined;
  }
}
