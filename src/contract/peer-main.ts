/** The main module of those other processes and workers: loads the class under test, and does as it is told. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread, parentPort } from 'node:worker_threads';
import { keep, type Subject } from './suite.js';
import type { Order, Report } from './peers.js';
import { formNamed, load } from './form.js';
import { laws } from './laws.js';
import type { LockBase } from '../lock/lock-base.js';

const LONGEST_HOLD_MS = 3;

const subject = JSON.parse(process.argv[2] ?? '{}') as Subject & { readonly runs?: 'laws' };
const make = await load(subject);
const locks = new Map<string, LockBase>();
let goOn: () => void = () => undefined;

function say(report: Report): void {
  if (isMainThread) process.send?.(report);
  else parentPort?.postMessage(report);
}

/** Tells where we are, and waits until that was heard: only then has it happened before what others tell. */
async function report(where: 'in' | 'out'): Promise<void> {
  const heard = new Promise<void>((resolve) => (goOn = resolve));
  say({ report: where });
  await heard;
}

async function obey({ verb, form: name, path, timeout, turns = 0 }: Order): Promise<unknown> {
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
    say({ id: order.id, value: await obey(order) });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    say({ id: order.id, error: { code: code ?? '', message } });
  }
}

function hear(message: Order | 'go on'): void {
  if (message === 'go on') goOn();
  else void answer(message);
}

async function runLaw(index: number): Promise<void> {
  const law = laws[index];
  if (law === undefined) throw new RangeError('no such law');
  await keep(law, subject, formNamed('async'));
}

if (subject.runs === 'laws') {
  parentPort?.on('message', (law: number) => {
    void runLaw(law).then(
      () => parentPort?.postMessage(null),
      (error: unknown) => parentPort?.postMessage(error),
    );
  });
} else {
  if (isMainThread) process.on('message', hear);
  else parentPort?.on('message', hear);
  say('ready');
}
