/** The laws of a lock that is held: releasing it, inspecting it, breaking it. */
import { strict as assert } from 'node:assert';
import { LONG_MS, type Law } from './law.js';
import { AlreadyLocked, NotLocked, NotMyLock } from '../model/errors.js';

export const holderLaws: readonly Law[] = [
  {
    row: 'release()',
    name: 'is NotLocked if nobody holds it',
    check: async ({ form, make }) => {
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
    check: async ({ form, make }) => {
      const [holder, other] = [make(), make()];
      await form.acquire(holder);
      await assert.rejects(form.release(other), NotMyLock);
      assert.equal(await form.iAmLocking(holder), true);
      await form.release(holder);
    },
  },
  {
    row: 'release() of a hold',
    name: 'releases that hold only, also if another task acquired the same object since',
    check: async ({ form, make }) => {
      const lock = make();
      const first = await form.acquire(lock);
      await form.releaseHold(first);
      const second = await form.acquire(lock);
      assert.equal(await form.isHeld(first), false);
      assert.equal(await form.isHeld(second), true);
      await assert.rejects(form.releaseHold(first), NotMyLock);
      await form.disposeOf(first);
      assert.equal(await form.isHeld(second), true);
      await form.releaseHold(second);
      await assert.rejects(form.releaseHold(second), NotLocked);
    },
  },
  {
    row: 'release() of a hold',
    name: 'finds it ended if the object was told to release it',
    check: async ({ form, make }) => {
      const lock = make();
      const hold = await form.acquire(lock);
      await form.release(lock);
      await assert.rejects(form.releaseHold(hold), NotLocked);
      await form.disposeOf(hold);
    },
  },
  {
    row: 'release() of a hold',
    name: 'is NotMyLock once if the lock was broken, also after the object acquired it again',
    check: async ({ form, make }) => {
      const lock = make();
      for (const again of [false, true]) {
        const broken = await form.acquire(lock);
        await form.breakLock(make());
        assert.equal(await form.isHeld(broken), false);
        const next = again ? await form.acquire(lock, LONG_MS) : undefined;
        await assert.rejects(form.releaseHold(broken), NotMyLock);
        if (next !== undefined) await form.releaseHold(next);
        await assert.rejects(form.releaseHold(broken), NotLocked);
      }
      assert.equal(await form.isLocked(lock), false);
    },
  },
  {
    row: 'isLocked()',
    name: 'is true of anyone’s lock',
    check: async ({ form, make }) => {
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
    check: async ({ form, make }) => {
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
    check: async ({ form, make }) => {
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
    row: 'data',
    name: 'is seen by others, changes while the lock is held, and goes with it',
    check: async ({ form, make }) => {
      const lock = make({ data: { port: null } });
      const hold = await form.acquire(lock);
      assert.deepEqual((await form.holder(make()))?.data, { port: null });
      await form.update(hold, { port: 3_000, urls: ['http://localhost:3000'] });
      assert.deepEqual((await form.holder(make()))?.data, { port: 3_000, urls: ['http://localhost:3000'] });
      assert.equal(await form.isHeld(hold), true);
      await assert.rejects(form.acquire(make(), 0), (error: unknown) => {
        assert.ok(error instanceof AlreadyLocked);
        assert.deepEqual(error.holder?.data, { port: 3_000, urls: ['http://localhost:3000'] });
        return true;
      });
      await form.releaseHold(hold);
      const next = await form.acquire(make());
      assert.equal((await form.holder(lock))?.data, undefined);
      await form.update(next, 'data of a lock that had none');
      assert.equal((await form.holder(lock))?.data, 'data of a lock that had none');
      await form.releaseHold(next);
      await assert.rejects(form.update(next, 1), NotLocked);
    },
  },
  {
    row: 'data',
    name: 'goes with a lock that is broken',
    check: async ({ form, make }) => {
      const hold = await form.acquire(make({ data: 1 }));
      await form.breakLock(make());
      await assert.rejects(form.update(hold, 2), NotMyLock);
      await assert.rejects(form.releaseHold(hold), NotMyLock);
    },
  },
  {
    row: 'breakLock()',
    name: 'does nothing if there is none',
    check: async ({ form, make }) => {
      await form.breakLock(make());
    },
  },
  {
    row: 'breakLock()',
    name: 'removes the lock of any holder, whose release then is NotMyLock and removes no other lock',
    check: async ({ form, make }) => {
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
    check: async ({ form, make }) => {
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
];
