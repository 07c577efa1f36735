/** The laws. Each is a row of the table of what callers may rely on, and holds in every form. */
import { strict as assert } from 'node:assert';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Member } from './contract-crew.js';
import type { Form } from './contract-form.js';
import { AlreadyLocked, LockFailed, LockTimeout, NotLocked, NotMyLock } from './errors.js';
import type { LockBase } from './lock-file.js';
import type { LockOptions } from './options.js';

/** What a law is kept with. */
export interface World {
  readonly form: Form;
  /** What is locked; the same for all, unless they say otherwise. */
  readonly path: string;
  readonly make: (options?: LockOptions, path?: string) => LockBase;
  readonly join: (where?: 'process' | 'worker') => Promise<Member>;
}

export interface Law {
  readonly row: string;
  readonly name: string;
  /** Only in one form. */
  readonly form?: Form['name'];
  /** Starts processes of its own, which it needs do from the main thread only. */
  readonly needsProcesses?: true;
  /** Kills at any moment, also while a private file is made. */
  readonly kills?: true;
  readonly keep: (world: World) => Promise<void>;
}

/** Long enough that a busy machine doesn't end it, short enough to wait for. */
const SHORT_MS = 40;
const LONG_MS = 20_000;
const TURNS = 12;

async function times(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

export const laws: readonly Law[] = [
  {
    row: 'acquire()',
    name: 'takes a free lock, and again after it was given back',
    keep: async ({ form, make }) => {
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
    keep: async ({ form, make, path }) => {
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
    keep: async ({ form, make }) => {
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
    keep: async ({ form, make }) => {
      const [holder, waiter] = [make({ note: 'a long job' }), make()];
      await form.acquire(holder);
      const passed = await times(() =>
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
    keep: async ({ form, make }) => {
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
    row: 'acquire()',
    name: 'takes the timeout of the constructor, unless it is told another',
    keep: async ({ form, make }) => {
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
    keep: async ({ form, make }) => {
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
    keep: async ({ form, make, path }) => {
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
    keep: async ({ form, make }) => {
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
    keep: async ({ form, make }) => {
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
  {
    row: 'release()',
    name: 'is NotLocked if nobody holds it',
    keep: async ({ form, make }) => {
      const lock = make();
      await assert.rejects(form.release(lock), NotLocked);
      await form.acquire(lock);
      await form.release(lock);
      await assert.rejects(form.release(lock), NotLocked);
    },
  },
  {
    row: 'release()',
    name: 'is NotMyLock if somebody else does, whose lock it stays',
    keep: async ({ form, make }) => {
      const [holder, other] = [make(), make()];
      await form.acquire(holder);
      await assert.rejects(form.release(other), NotMyLock);
      assert.equal(await form.iAmLocking(holder), true);
      await form.release(holder);
    },
  },
  {
    row: 'isLocked()',
    name: 'is true of anyone’s lock',
    keep: async ({ form, make }) => {
      const [holder, other] = [make(), make()];
      assert.equal(await form.isLocked(other), false);
      await form.acquire(holder);
      assert.equal(await form.isLocked(other), true);
      await form.release(holder);
      assert.equal(await form.isLocked(other), false);
    },
  },
  {
    row: 'iAmLocking()',
    name: 'is true of the caller’s lock only',
    keep: async ({ form, make }) => {
      const [holder, other] = [make(), make()];
      assert.equal(await form.iAmLocking(holder), false);
      await form.acquire(holder);
      assert.equal(await form.iAmLocking(holder), true);
      assert.equal(await form.iAmLocking(other), false);
      await form.release(holder);
      assert.equal(await form.iAmLocking(holder), false);
    },
  },
  {
    row: 'holder()',
    name: 'tells who holds it, since when, and why',
    keep: async ({ form, make }) => {
      const lock = make({ note: 'nightly import' });
      assert.equal(await form.holder(lock), null);
      const before = Date.now();
      await form.acquire(lock);
      const holder = await form.holder(make());
      assert.equal(holder?.pid, process.pid);
      assert.equal(holder.note, 'nightly import');
      assert.equal(holder.verdict, 'alive');
      assert.ok(holder.since !== undefined && holder.since >= before && holder.since <= Date.now());
      await form.release(lock);
    },
  },
  {
    row: 'breakLock()',
    name: 'does nothing if there is none',
    keep: async ({ form, make }) => {
      await form.breakLock(make());
    },
  },
  {
    row: 'breakLock()',
    name: 'removes whoever’s lock, whose release then is NotMyLock and removes nobody else’s',
    keep: async ({ form, make }) => {
      const [old, breaker, next] = [make(), make(), make()];
      await form.acquire(old);
      await form.breakLock(breaker);
      assert.equal(await form.isLocked(breaker), false);
      assert.equal(await form.iAmLocking(old), false);
      await form.acquire(next, LONG_MS);
      await assert.rejects(form.release(old), NotMyLock);
      assert.equal(await form.iAmLocking(next), true);
      await form.release(next);
    },
  },
  {
    row: 'using',
    name: 'acquires with the constructor’s timeout, and gives back however the block ends',
    keep: async ({ form, make }) => {
      const lock = make({ timeout: LONG_MS });
      await form.using(lock, async () => {
        assert.equal(await form.iAmLocking(lock), true);
        await assert.rejects(
          form.using(make({ timeout: 0 }), () => Promise.resolve()),
          AlreadyLocked,
        );
      });
      const broken = form.using(lock, () => Promise.reject(new Error('the work failed')));
      await assert.rejects(broken, /the work failed/);
      assert.equal(await form.isLocked(lock), false);
    },
  },
  {
    row: 'threaded: true',
    name: 'makes each worker thread a holder of its own',
    needsProcesses: true,
    keep: async ({ form, make, join: hire, path }) => {
      const [lock, worker] = [make(), await hire('worker')];
      await form.acquire(lock);
      assert.equal(await worker.tell('isLocked', form, path), true);
      assert.equal(await worker.tell('iAmLocking', form, path), false);
      await assert.rejects(worker.tell('release', form, path), { code: 'NOT_MY_LOCK' });
      await assert.rejects(worker.tell('acquire', form, path, { timeout: 0 }), { code: 'ALREADY_LOCKED' });
      await form.release(lock);
      await worker.tell('acquire', form, path, { timeout: LONG_MS });
      await assert.rejects(form.acquire(lock, 0), AlreadyLocked);
      await worker.tell('release', form, path);
    },
  },
  {
    row: 'threaded: false',
    name: 'makes the process the holder: any object of it answers, and may release',
    keep: async ({ form, make }) => {
      const [one, other] = [make({ threaded: false }), make({ threaded: false })];
      await form.acquire(one);
      assert.equal(await form.iAmLocking(other), true);
      await assert.rejects(form.acquire(other, 0), AlreadyLocked);
      await form.release(other);
      assert.equal(await form.iAmLocking(one), false);
      await form.acquire(other, 0);
      await form.release(other);
    },
  },
  {
    row: 'exclusion',
    name: 'a lock excludes another process, which gets it when it is given back',
    needsProcesses: true,
    keep: async ({ form, make, join: hire, path }) => {
      const [lock, other] = [make(), await hire()];
      await form.acquire(lock);
      assert.equal(await other.tell('isLocked', form, path), true);
      assert.equal((await other.holder(form, path))?.pid, process.pid);
      await assert.rejects(other.tell('acquire', form, path, { timeout: 0 }), { code: 'ALREADY_LOCKED' });
      await assert.rejects(other.tell('release', form, path), { code: 'NOT_MY_LOCK' });
      const taking = other.tell('acquire', form, path, { timeout: LONG_MS });
      await sleep(SHORT_MS);
      await form.release(lock);
      await taking;
      assert.equal((await form.holder(lock))?.pid, other.pid);
      await assert.rejects(form.acquire(lock, 0), AlreadyLocked);
      await other.tell('release', form, path);
    },
  },
  {
    row: 'exclusion',
    name: 'processes that contend are never two inside',
    needsProcesses: true,
    keep: async ({ form, join: hire, path }) => {
      const crew = await Promise.all([hire(), hire(), hire()]);
      const inside = new Set<Member>();
      let overlaps = 0;
      for (const member of crew) {
        member.onReport = (report) => {
          if (report === 'in') overlaps += inside.add(member).size > 1 ? 1 : 0;
          else inside.delete(member);
        };
      }
      await Promise.all(
        crew.map((member) => member.tell('contend', form, path, { timeout: LONG_MS, turns: TURNS })),
      );
      assert.equal(overlaps, 0);
    },
  },
  {
    row: 'recovery',
    name: 'a dead holder’s lock is free, and whoever takes it is told of its holder',
    needsProcesses: true,
    keep: async ({ form, make, join: hire, path }) => {
      const [lock, other] = [make(), await hire()];
      await other.tell('acquire', form, path);
      await other.signal('SIGKILL');
      assert.equal(await form.isLocked(lock), false);
      assert.equal((await form.holder(lock))?.verdict, 'dead');
      await form.acquire(lock, 0);
      assert.equal(lock.clean, false);
      assert.equal(lock.previousHolder?.pid, other.pid);
      await form.release(lock);
      await form.acquire(lock, 0);
      assert.equal(lock.clean, true);
      await form.release(lock);
    },
  },
  {
    row: 'recovery',
    name: 'a stopped holder keeps its lock',
    needsProcesses: true,
    keep: async ({ form, make, join: hire, path }) => {
      const [lock, other] = [make(), await hire()];
      await other.tell('acquire', form, path);
      await other.signal('SIGSTOP');
      await assert.rejects(form.acquire(lock, SHORT_MS), LockTimeout);
      await other.signal('SIGCONT');
      await other.tell('release', form, path);
    },
  },
  {
    row: 'recovery',
    name: 'processes that are killed at any moment, waiting or holding, let the others on',
    needsProcesses: true,
    kills: true,
    keep: async ({ form, join: hire, path }) => {
      for (let round = 0; round < 2; round++) {
        const crew = await Promise.all([hire(), hire()]);
        const work = crew.map((member) => member.tell('contend', form, path, { turns: 1_000 }));
        for (const done of work) done.catch(() => undefined);
        await sleep(10 + Math.random() * SHORT_MS);
        await Promise.all(crew.map((member) => member.signal('SIGKILL')));
        // Another process, since a directory is swept of what waiters left when a process first locks in it.
        const next = await hire();
        await next.tell('acquire', form, path, { timeout: LONG_MS });
        await next.tell('release', form, path);
      }
    },
  },
  {
    row: 'exit',
    name: 'a process that exits gives its lock back',
    needsProcesses: true,
    keep: async ({ form, make, join: hire, path }) => {
      const [lock, other] = [make(), await hire()];
      await other.tell('acquire', form, path);
      await assert.rejects(other.tell('exit', form, path), /it has ended/);
      assert.equal(await form.holder(lock), null);
    },
  },
];
