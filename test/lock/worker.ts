/** The other end of the forms "in a worker": makes calls on its own locks, and answers. */
import { parentPort } from 'node:worker_threads';
import type { LockBase } from '../../src/index.js';
import { call, kinds, type Answer, type Question } from './subjects.js';

const locks = new Map<number, LockBase>();

parentPort?.on('message', (question: Question) => {
  void answer(question).then((words) => parentPort?.postMessage(words));
});

async function answer({
  id,
  lock,
  form,
  kind,
  path,
  options,
  name: callName,
  argument,
}: Question): Promise<Answer> {
  try {
    const subject = locks.get(lock) ?? new kinds[kind](path, options);
    locks.set(lock, subject);
    return { id, value: await call(subject, form, callName, argument) };
  } catch (thrown) {
    const error = thrown as Error;
    const { name, message } = error;
    const fields = Object.fromEntries(Object.entries(error));
    return { id, error: { ...fields, name, message } };
  }
}
