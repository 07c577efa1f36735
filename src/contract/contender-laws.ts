/** The laws of several contenders: threads and processes exclude each other, and the lock of one that ends is freed. */
import { strict as assert } from 'node:assert';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Peer } from './peers.js';
import { LONG_MS, SHORT_MS, TURNS, type Law } from './law.js';
import { AlreadyLocked, LockTimeout } from '../model/errors.js';

export const contenderLaws: readonly Law[] = [
  {
    row: 'threaded: true',
    name: 'makes each worker thread a holder of its own',
    needsProcesses: true,
    check: async ({ form, make, startPeer, path }) => {
      const [lock, worker] = [make(), await startPeer('worker')];
      await form.acquire(lock);
      assert.equal(await worker.call('isLocked', form, path), true);
      assert.equal(await worker.call('iAmLocking', form, path), false);
      await assert.rejects(worker.call('release', form, path), { code: 'NOT_MY_LOCK' });
      await assert.rejects(worker.call('acquire', form, path, { timeout: 0 }), { code: 'ALREADY_LOCKED' });
      await form.release(lock);
      await worker.call('acquire', form, path, { timeout: LONG_MS });
      await assert.rejects(form.acquire(lock, 0), AlreadyLocked);
      await worker.call('release', form, path);
    },
  },
  {
    row: 'threaded: false',
    name: 'makes the process the holder: any object of it answers, and may release',
    check: async ({ form, make }) => {
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
    check: async ({ form, make, startPeer, path }) => {
      const [lock, other] = [make(), await startPeer()];
      await form.acquire(lock);
      assert.equal(await other.call('isLocked', form, path), true);
      assert.equal((await other.holder(form, path))?.pid, process.pid);
      await assert.rejects(other.call('acquire', form, path, { timeout: 0 }), { code: 'ALREADY_LOCKED' });
      await assert.rejects(other.call('release', form, path), { code: 'NOT_MY_LOCK' });
      const taking = other.call('acquire', form, path, { timeout: LONG_MS });
      await sleep(SHORT_MS);
      await form.release(lock);
      await taking;
      assert.equal((await form.holder(lock))?.pid, other.pid);
      await assert.rejects(form.acquire(lock, 0), AlreadyLocked);
      await other.call('release', form, path);
    },
  },
  {
    row: 'exclusion',
    name: 'processes that contend are never two inside',
    needsProcesses: true,
    check: async ({ form, startPeer, path }) => {
      const peers = await Promise.all([startPeer(), startPeer(), startPeer()]);
      const inside = new Set<Peer>();
      let overlaps = 0;
      for (const peer of peers) {
        peer.onReport = (report) => {
          if (report === 'in') overlaps += inside.add(peer).size > 1 ? 1 : 0;
          else inside.delete(peer);
        };
      }
      await Promise.all(
        peers.map((peer) => peer.call('contend', form, path, { timeout: LONG_MS, turns: TURNS })),
      );
      assert.equal(overlaps, 0);
    },
  },
  {
    row: 'recovery',
    name: 'a dead holder’s lock is free, and the next holder learns of it',
    needsProcesses: true,
    check: async ({ form, make, startPeer, path }) => {
      const [lock, other] = [make(), await startPeer()];
      await other.call('acquire', form, path);
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
    check: async ({ form, make, startPeer, path }) => {
      const [lock, other] = [make(), await startPeer()];
      await other.call('acquire', form, path);
      await other.signal('SIGSTOP');
      await assert.rejects(form.acquire(lock, SHORT_MS), LockTimeout);
      await other.signal('SIGCONT');
      await other.call('release', form, path);
    },
  },
  {
    row: 'recovery',
    name: 'processes that are killed at any moment, waiting or holding, let the others on',
    needsProcesses: true,
    kills: true,
    check: async ({ form, startPeer, path }) => {
      for (let round = 0; round < 2; round++) {
        const peers = await Promise.all([startPeer(), startPeer()]);
        const work = peers.map((peer) => peer.call('contend', form, path, { turns: 1_000 }));
        for (const done of work) done.catch(() => undefined);
        await sleep(10 + Math.random() * SHORT_MS);
        await Promise.all(peers.map((peer) => peer.signal('SIGKILL')));
        // A new process: what waiters left is removed when a process takes its first lock in a directory.
        const next = await startPeer();
        await next.call('acquire', form, path, { timeout: LONG_MS });
        await next.call('release', form, path);
      }
    },
  },
  {
    row: 'exit',
    name: 'a process that exits gives its lock back',
    needsProcesses: true,
    check: async ({ form, make, startPeer, path }) => {
      const [lock, other] = [make(), await startPeer()];
      await other.call('acquire', form, path);
      await assert.rejects(other.call('exit', form, path), /it has ended/);
      assert.equal(await form.holder(lock), null);
    },
  },
];
