/**
 * Peers: other processes and workers that use the lock under test, on orders from the suite.
 *
 * Rule: every peer ends with the law that started it.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Holder } from '../model/holder.js';
import type { Form, LockModule } from './form.js';

export type Verb =
  'acquire' | 'release' | 'isLocked' | 'iAmLocking' | 'holder' | 'breakLock' | 'contend' | 'exit';

/** A message from the suite to a peer: a call to make. */
export interface Order {
  readonly id: number;
  readonly verb: Verb;
  readonly form: Form['name'];
  readonly path: string;
  readonly timeout?: number | undefined;
  readonly turns?: number | undefined;
}

/** A message from a peer: the outcome of an order, or that it enters or leaves the critical section. */
export type Report =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: { readonly code: string; readonly message: string } }
  | { readonly report: 'in' | 'out' }
  | 'ready';

const peerMain = new URL('peer-main.js', import.meta.url);

/** One other process or worker. */
export class Peer {
  readonly pid: number;
  /** Called when the peer enters or leaves the critical section. The peer continues after the call. */
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
    endpoint.on('message', (report: Report) => this.#receive(report));
    endpoint.on('exit', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('it has ended'));
    });
  }

  static async start(where: 'process' | 'worker', subject: LockModule): Promise<Peer> {
    const argument = JSON.stringify({ ...subject, module: String(subject.module) });
    const endpoint =
      where === 'worker'
        ? new Worker(peerMain, { argv: [argument] })
        : fork(peerMain, [argument], { execArgv: [], serialization: 'advanced' });
    const peer = new Peer(endpoint);
    await once(endpoint, 'message');
    return peer;
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

  /** Sends a signal to a process, and after SIGKILL waits for its end. Does nothing to a worker. */
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

  #send(message: Order | 'continue'): void {
    if (this.#endpoint instanceof Worker) this.#endpoint.postMessage(message);
    // A peer may have been killed just now. Its exit reports that; an error here would be unhandled.
    else this.#endpoint.send(message, () => undefined);
  }

  #receive(report: Report): void {
    if (report === 'ready') return;
    if ('report' in report) {
      this.onReport(report.report);
      this.#send('continue');
      return;
    }
    const waiting = this.#waiting.get(report.id);
    this.#waiting.delete(report.id);
    if ('value' in report) waiting?.resolve(report.value);
    else waiting?.reject(Object.assign(new Error(report.error.message), { code: report.error.code }));
  }
}

/** All peers that one law started. */
export class Peers {
  readonly #subject: LockModule;
  readonly #peers: Peer[] = [];

  constructor(subject: LockModule) {
    this.#subject = subject;
  }

  async start(where: 'process' | 'worker' = 'process'): Promise<Peer> {
    const peer = await Peer.start(where, this.#subject);
    this.#peers.push(peer);
    return peer;
  }

  async end(): Promise<void> {
    await Promise.all(this.#peers.splice(0).map((peer) => peer.end()));
  }
}

/** A worker that checks whole laws, one after the other. While it is idle, it doesn't keep the process alive. */
export class LawWorker {
  readonly #argument: string;
  #worker: Worker | undefined;

  constructor(subject: LockModule) {
    this.#argument = JSON.stringify({ ...subject, module: String(subject.module), runs: 'laws' });
  }

  async run(law: number): Promise<void> {
    const worker = (this.#worker ??= new Worker(peerMain, { argv: [this.#argument] }));
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
