/**
 * A dead holder is replaced at once, by each kind and form, and its files are removed. Real processes, killed by
 * SIGKILL.
 */
import { readdirSync } from 'node:fs';
import { expect } from 'chai';
import { LockFile, MkdirLockFile } from '../../src/index.js';
import { endScripts, imports, run, start } from '../support/script.js';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary.js';
import { kindNames, kinds } from './subjects.js';

/** How many processes are killed side by side. */
const AT_ONCE = 3;

const forms = ['async', "async, io: 'async'", 'sync'] as const;

describe('takeover', () => {
  let directory: TemporaryDirectory;

  beforeEach(() => {
    directory = temporaryDirectory();
  });
  afterEach(endScripts);

  for (const victim of kindNames) {
    it(`a dead ${victim}’s lock is taken by each kind and form at once, and the new holder is informed`, async () => {
      const names = kindNames.flatMap((taker) => forms.map((form) => [taker, form] as const));
      const script = start(
        `for (const name of ${JSON.stringify(names.map((name) => name.join()))})
           await new ${victim}(name, { note: 'for ' + name }).acquire();
         say('held');
         setInterval(() => {}, 1_000);`,
        { cwd: directory.path },
      );
      await script.line();
      await script.kill();
      for (const [taker, form] of names) {
        const name = `${taker},${form}`;
        const lock = new kinds[taker](
          directory.join(name),
          form === "async, io: 'async'" ? { io: 'async' } : {},
        );
        expect(await lock.isLocked()).to.equal(false);
        expect(await lock.holder()).to.include({ pid: script.process.pid, verdict: 'dead' });
        if (form === 'sync') lock.acquireSync(0);
        else await lock.acquire(0);
        expect(lock.clean).to.equal(false);
        expect(lock.previousHolder).to.include({ pid: script.process.pid, note: `for ${name}` });
        await lock.release();
        lock.acquireSync(0);
        expect(lock.clean, 'after a release').to.equal(true);
        expect(lock.previousHolder).to.equal(undefined);
        lock.releaseSync();
      }
      expect(readdirSync(directory.path)).to.deep.equal([]);
    });

    it(`a process killed after any call of a ${victim}’s acquire and release leaves nothing that stays`, async () => {
      const calls = await killedAfterEachCall(victim, '');
      expect(calls).to.be.greaterThan(3);
    }).timeout(120_000);
  }

  it('a process killed after any call of a takeover leaves nothing that stays', async () => {
    const calls = await killedAfterEachCall('LockFile', DIES_HOLDING);
    expect(calls).to.be.greaterThan(6);
  }).timeout(240_000);

  /** Kills a process after its first call, its second …, until it completes. Returns how many calls it makes. */
  async function killedAfterEachCall(victim: string, before: string): Promise<number> {
    for (let first = 1; ; first += AT_ONCE) {
      const calls = Array.from({ length: AT_ONCE }, (_, index) => first + index);
      const killed = await Promise.all(calls.map((call) => isKilledAfter(call, victim, before)));
      if (killed.includes(false)) return first + killed.indexOf(false);
    }
  }

  /**
   * Returns whether the process was killed before it completed. Either way the next contender gets the lock, and no
   * file stays.
   */
  async function isKilledAfter(call: number, victim: string, before: string): Promise<boolean> {
    const own = temporaryDirectory();
    if (before !== '') await run(before, { cwd: own.path });
    const text = `const lock = new ${victim}('config.json').acquireSync(0); lock.releaseSync();`;
    const ending = await run(diesAfter(call) + text, { cwd: own.path });
    const next = new LockFile(own.join('config.json'), { orphanGraceMs: 0 });
    await next.acquire(10_000);
    await next.release();
    expect(readdirSync(own.path), `after call ${call}`).to.deep.equal([]);
    if (ending.signal === null) expect(ending, ending.stderr).to.include({ code: 0 });
    return ending.signal !== null;
  }

  it('the lock of a worker is recovered when its process is dead', async () => {
    const body = `${imports}; await new LockFile('config.json').acquire(); say('held'); setInterval(() => {}, 1_000);`;
    const url = `data:text/javascript,${encodeURIComponent(body)}`;
    const script = start(
      `import { Worker } from 'node:worker_threads'; new Worker(new URL(${JSON.stringify(url)}));`,
      { cwd: directory.path },
    );
    expect(await script.line()).to.equal('held');
    await script.kill();
    const lock = await new MkdirLockFile(directory.join('config.json')).acquire(0);
    expect(lock.previousHolder?.thread).to.be.greaterThan(0);
    await lock.release();
  });
});

const DIES_HOLDING = `new LockFile('config.json').acquireSync(0); process.kill(process.pid, 'SIGKILL');`;

/** Patches the calls by which a lock changes the disk: after the n-th one the process is killed. */
function diesAfter(calls: number): string {
  return `
    import { syncBuiltinESMExports } from 'node:module';
    import mutable from 'node:fs';
    let left = ${calls};
    for (const name of ['openSync', 'writeFileSync', 'linkSync', 'symlinkSync', 'mkdirSync', 'renameSync', 'unlinkSync', 'rmdirSync']) {
      const original = mutable[name];
      mutable[name] = (...args) => {
        try {
          return original(...args);
        } finally {
          if (--left === 0) process.kill(process.pid, 'SIGKILL');
        }
      };
    }
    syncBuiltinESMExports();
  `;
}
