/** The laws of acquiring: how long it waits, what ends the wait, and in which order waiters get the lock. */
import { strict as assert } from 'node:assert';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LONG_MS, SHORT_MS, TURNS, type Law } from './law.js';
import { AlreadyLocked, LockFailed, LockTimeout } from '../model/errors.js';

/** Returns how long `work` takes, in milliseconds. */
async function measure(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

export const acquireLaws: readonly Law[] = [
  {
    row: 'acquire()',
    name: 'takes a free lock, and again after it was given back',
    check: async ({ form, make }) => {
      const lock = make();
      for (let round = 0; round < 3; round++) {
        await form.acquire(lock);
        assert.equal(await form.isLocked(lock), true);
        await form.release(lock);
        assert.equal(await form.isLocked(lock), false);
      }
      assert.equal(lock.clean, true);
      assert.equal(lock.previousHolder, undefined);
    },
  },
  {
    row: 'acquire()',
    name: 'locks a path that need not exist, each path by itself',
    check: async ({ form, make, path }) => {
      const one = make();
      const other = make({}, `${path}-2`);
      await form.acquire(one, 0);
      await form.acquire(other, 0);
      await form.release(one);
      await form.release(other);
    },
  },
  {
    row: 'acquire()',
    name: 'waits for ever by default, until the holder gives it back',
    form: 'async',
    check: async ({ form, make }) => {
      const [holder, waiter] = [make(), make()];
      await form.acquire(holder);
      let taken = false;
      const waiting = form.acquire(waiter).then(() => (taken = true));
      await sleep(SHORT_MS);
      assert.equal(taken, false);
      await form.release(holder);
      await waiting;
      await form.release(waiter);
    },
  },
  {
    row: 'acquire(timeout > 0)',
    name: 'is LockTimeout when it has passed, and names the holder',
    check: async ({ form, make }) => {
      const [holder, waiter] = [make({ note: 'a long job' }), make()];
      await form.acquire(holder);
      const passed = await measure(() =>
        assert.rejects(form.acquire(waiter, SHORT_MS), (error: unknown) => {
          assert.ok(error instanceof LockTimeout);
          assert.equal(error.holder?.pid, process.pid);
          assert.match(error.message, /a long job/);
          return true;
        }),
      );
      assert.ok(passed >= SHORT_MS - 1, `it waited ${String(passed)} ms`);
      await form.release(holder);
    },
  },
  {
    row: 'acquire(0), acquire(-1)',
    name: 'is AlreadyLocked at once',
    check: async ({ form, make }) => {
      const [holder, other] = [make(), make()];
      await form.acquire(holder, 0);
      await assert.rejects(form.acquire(other, 0), AlreadyLocked);
      await assert.rejects(form.acquire(other, -1), AlreadyLocked);
      await form.release(holder);
      await form.acquire(other, -1);
      await form.release(other);
    },
  },
  {
    row: 'tryAcquire()',
    name: 'gives a hold, or null at once, whatever the timeout of the constructor',
    check: async ({ form, make, path }) => {
      const [one, other] = [make(), make()];
      const hold = await form.tryAcquire(one);
      assert.ok(hold !== null);
      const took = await measure(async () => assert.equal(await form.tryAcquire(other), null));
      assert.ok(took < LONG_MS, `it took ${String(took)} ms`);
      assert.equal(await form.tryAcquire(one), null);
      await form.releaseHold(hold);
      const next = await form.tryAcquire(other);
      assert.ok(next !== null);
      await form.releaseHold(next);
      await assert.rejects(form.tryAcquire(make({}, join(path, 'no such directory', 'file'))), LockFailed);
    },
  },
  {
    row: 'acquire()',
    name: 'takes the timeout of the constructor, unless it is told another',
    check: async ({ form, make }) => {
      const holder = make();
      await form.acquire(holder);
      await assert.rejects(form.acquire(make({ timeout: 0 })), AlreadyLocked);
      await assert.rejects(form.acquire(make({ timeout: SHORT_MS })), LockTimeout);
      await assert.rejects(form.acquire(make({ timeout: LONG_MS }), 0), AlreadyLocked);
      await assert.rejects(form.acquire(make({ timeout: 0 }), { timeout: 1 }), LockTimeout);
      await form.release(holder);
    },
  },
  {
    row: 'acquire({ signal })',
    name: 'ends with the reason of the signal, and holds nothing',
    form: 'async',
    check: async ({ form, make }) => {
      const holder = make();
      await form.acquire(holder);
      const reason = new Error('enough');
      const controller = new AbortController();
      const waiting = form.acquire(make(), { signal: controller.signal });
      setTimeout(() => {
        controller.abort(reason);
      }, 5);
      await assert.rejects(waiting, (error) => error === reason);
      await form.release(holder);
      assert.equal(await form.isLocked(holder), false);
    },
  },
  {
    row: 'acquire()',
    name: 'is LockFailed where a lock can’t be made, with the system’s error as its cause',
    check: async ({ form, make, path }) => {
      const lock = make({}, join(path, 'no such directory', 'file'));
      await assert.rejects(form.acquire(lock, LONG_MS), (error: unknown) => {
        assert.ok(error instanceof LockFailed);
        assert.ok(error.cause instanceof Error);
        return true;
      });
    },
  },
  {
    row: 'acquire()',
    name: 'is not re-entrant',
    check: async ({ form, make }) => {
      const lock = make();
      await form.acquire(lock);
      await assert.rejects(form.acquire(lock, 0), AlreadyLocked);
      await assert.rejects(form.acquire(lock, SHORT_MS), LockTimeout);
      assert.equal(await form.iAmLocking(lock), true);
      await form.release(lock);
    },
  },
  {
    row: 'acquire()',
    name: 'of many in one thread lets in one at a time, in their order',
    form: 'async',
    check: async ({ form, make }) => {
      const order: number[] = [];
      let inside = 0;
      await Promise.all(
        Array.from({ length: TURNS }, async (_, index) => {
          const lock = make();
          await form.acquire(lock);
          assert.equal(++inside, 1);
          order.push(index);
          await sleep(1);
          inside--;
          await form.release(lock);
        }),
      );
      assert.deepEqual(order, [...order.keys()]);
    },
  },
];
