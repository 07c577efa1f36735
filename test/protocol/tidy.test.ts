/** What a killed waiter leaves: the next release removes it, though no new process comes. */
import { readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { LockFile } from '../../src/index.js';
import { isTidyDue } from '../../src/lock/tidying.js';
import { contend } from '../driver/contender.js';
import { temporaryDirectory } from '../support/temporary.js';

/** On a slow disk, a release reads the directory less often. */
async function untilDue(directory: string): Promise<void> {
  while (!isTidyDue(directory)) await sleep(5);
}

describe('a release', () => {
  for (const form of ['async', 'sync'] as const) {
    it(`removes the private file of a waiter that was killed, ${form}`, async () => {
      const directory = temporaryDirectory();
      const path = directory.join('data');
      const lock = await new LockFile(path, { beacon: false }).acquire();
      const waiter = contend();
      await waiter.make(path, { beacon: false });
      void waiter.acquire().catch(() => undefined);
      const isWritten = (name: string) => statSync(directory.join(name)).size > 0;
      while (readdirSync(directory.path).filter(isWritten).length < 3) await sleep(5);
      await waiter.end();
      await untilDue(directory.path);
      if (form === 'sync') lock.releaseSync();
      else await lock.release();
      expect(readdirSync(directory.path)).to.deep.equal([]);
    });
  }

  it('removes a private file without a text, some seconds after its owner was killed', async () => {
    const directory = temporaryDirectory();
    const path = directory.join('data');
    const lock = await new LockFile(path, { beacon: false }).acquire();
    const [old, fresh] = ['a', 'b'].map((digit) => `${path}.lock.${digit.repeat(24)}`) as [string, string];
    for (const each of [old, fresh]) writeFileSync(each, '');
    const before = Date.now() / 1_000 - 6;
    utimesSync(old, before, before);
    await untilDue(directory.path);
    await lock.release();
    expect(readdirSync(directory.path)).to.deep.equal([`data.lock.${'b'.repeat(24)}`]);
    directory.expect(`data.lock.${'b'.repeat(24)}`);
  });
});
