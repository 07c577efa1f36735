/** A waiter behind one that is stopped, with real processes. */
import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { LockFile } from '../../src/index.js';
import { contend, type Contender } from '../driver/contender.js';
import { temporaryDirectory } from '../support/temporary.js';

/** How long each hold takes, in milliseconds: longer than a turn of the queue. */
const HOLD_MS = 200;
const FEW = 10;

describe('a waiter behind a stopped one', function () {
  this.timeout(60_000);
  let started: Contender[] = [];

  afterEach(async () => {
    await Promise.all(started.map((contender) => contender.end()));
    started = [];
  });

  it('gets its turn within a few hand-overs to one that comes again and again', async function () {
    if (process.platform === 'win32') this.skip();
    const directory = temporaryDirectory();
    const path = directory.join('data');
    const [stopped, waiter] = [contend(), contend()];
    started = [stopped, waiter];
    for (const each of started) await each.make(path, { beacon: false });
    const lock = new LockFile(path, { beacon: false });
    await lock.acquire();
    const late = stopped.acquire();
    await inLine(1);
    stopped.process.kill('SIGSTOP');
    let hasTurn = false;
    const turn = waiter.acquire().then(() => {
      hasTurn = true;
      return waiter.release();
    });
    await inLine(2);
    let handOvers = 0;
    // `hasTurn` changes while this waits.
    for (; !(hasTurn as boolean) && handOvers < FEW; handOvers++) {
      await sleep(HOLD_MS);
      await lock.release();
      await lock.acquire();
    }
    await lock.release();
    stopped.process.kill('SIGCONT');
    await Promise.all([turn, late]);
    await stopped.release();
    expect(handOvers).to.be.lessThan(FEW);

    async function inLine(count: number): Promise<void> {
      while (readdirSync(directory.path).filter((name) => /\.lock\.[0-9a-f]{24}$/.test(name)).length <= count)
        await sleep(5);
    }
  });
});
