/** Many tasks of one process on one lock: they take turns in order, and leave other processes their turns. */
import { expect } from 'chai';
import { LockFile } from '../../src/index.js';
import { memoryFilesystem, temporaryDirectory } from '../support/temporary.js';
import { contend } from './contender.js';

describe('tasks of one thread', function () {
  this.timeout(120_000);

  it('have the lock one at a time, first in, first out, 10,000 of them', async () => {
    const path = temporaryDirectory(process.platform === 'linux' ? memoryFilesystem : undefined).join('data');
    const order: number[] = [];
    let inside = 0;
    const task = async (index: number) => {
      const lock = await new LockFile(path).acquire();
      expect(++inside).to.equal(1);
      order.push(index);
      inside--;
      await lock.release();
    };
    const indices = Array.from({ length: 10_000 }, (_, index) => index);
    await Promise.all(indices.map(task));
    expect(order).to.deep.equal(indices);
  });

  it('let another process have its turn meanwhile', async () => {
    const path = temporaryDirectory().join('data');
    const other = contend();
    try {
      await other.make(path);
      let isOver = false;
      const tasks = Array.from({ length: 8 }, async () => {
        while (!isOver) {
          const lock = await new LockFile(path).acquire();
          await new Promise((resolve) => setImmediate(resolve));
          await lock.release();
        }
      });
      for (let turns = 0; turns < 5; turns++) {
        await other.acquire(30_000);
        await other.release();
      }
      isOver = true;
      await Promise.all(tasks);
    } finally {
      await other.end();
    }
  });
});
