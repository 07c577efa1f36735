/** The main module of a peer, process or worker: loads the class under test, and obeys the orders of the suite. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread, parentPort } from 'node:worker_threads';
import { checkLaw, type Subject } from './suite.js';
import type { Order, Report } from './peers.js';
import { formNamed, load } from './form.js';
import { laws } from './laws.js';
import type { LockBase } from '../lock/lock-base.js';

const LONGEST_HOLD_MS = 3;

const subject = JSON.parse(process.argv[2] ?? '{}') as Subject & { readonly runs?: 'laws' };
const make = await load(subject);
const locks = new Map<string, LockBase>();
let proceed: () => void = () => undefined;

function send(report: Report): void {
  if (isMainThread) process.send?.(report);
  else parentPort?.postMessage(report);
}

/** Reports where this peer is, and waits for the answer, so that the suite sees the reports of all peers in order. */
async function report(where: 'in' | 'out'): Promise<void> {
  const answered = new Promise<void>((resolve) => (proceed = resolve));
  send({ report: where });
  await answered;
}

async function execute({ verb, form: name, path, timeout, turns = 0 }: Order): Promise<unknown> {
  const form = formNamed(name);
  const lock = locks.get(path) ?? make(path);
  locks.set(path, lock);
  switch (verb) {
    case 'acquire':
      await form.acquire(lock, timeout);
      return undefined;
    case 'contend':
      for (let turn = 0; turn < turns; turn++) {
        await form.acquire(lock, timeout);
        await report('in');
        await sleep(Math.random() * LONGEST_HOLD_MS);
        await report('out');
        await form.release(lock);
      }
      return undefined;
    case 'exit':
      return process.exit(0);
    case 'release':
    case 'isLocked':
    case 'iAmLocking':
    case 'holder':
    case 'breakLock':
      return await form[verb](lock);
  }
}

async function answer(order: Order): Promise<void> {
  try {
    send({ id: order.id, value: await execute(order) });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    send({ id: order.id, error: { code: code ?? '', message } });
  }
}

function receive(message: Order | 'continue'): void {
  if (message === 'continue') proceed();
  else void answer(message);
}

async function runLaw(index: number): Promise<void> {
  const law = laws[index];
  if (law === undefined) throw new RangeError('no such law');
  await checkLaw(law, subject, formNamed('async'));
}

if (subject.runs === 'laws') {
  parentPort?.on('message', (law: number) => {
    void runLaw(law).then(
      () => parentPort?.postMessage(null),
      (error: unknown) => parentPort?.postMessage(error),
    );
  });
} else {
  if (isMainThread) process.on('message', receive);
  else parentPort?.on('message', receive);
  send('ready');
}
