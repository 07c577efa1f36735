/**
 * After a power cut the next contender has the lock at once, and nothing stays behind: of each kind, on real file systems
 * whose power is cut while the names are on the disk and the texts are not.
 *
 * A real restart kills everyone and gives the machine another boot id. Here the processes are killed. A record that
 * survived then has a dead pid; one that is lost tells nothing of either. What is left besides is made as old as it would be
 * after a restart.
 */
import { lstatSync, lutimesSync, readdirSync } from 'node:fs';
import { tmpdir, uptime } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { endScripts, run, start } from '../support/script.js';
import { LoopDisk, fileSystems, missingFor } from './loop-disk.js';

/** Power cuts of each file system while every kind is held; `npm test` makes one. */
const CUTS = Number(process.env['HOLDFAST_POWER_CUTS'] ?? 1);

/** A lock that is held, or given back or recovered all the time. */
const KINDS = ['LockFile', 'MkdirLockFile', 'SymlinkLockFile', 'PidLockFile', 'updateJson'] as const;

const prelude = `
  const KINDS = ${JSON.stringify(KINDS)};
  const lockOf = (kind) => new holdfast[kind === 'updateJson' ? 'LockFile' : kind](kind);`;

/** Holds a lock of each kind. */
const HOLDER = `${prelude}
  for (const kind of KINDS) {
    if (kind !== 'updateJson') await lockOf(kind).acquire();
    else await new Promise((resolve) => void holdfast.updateJson(kind, () => new Promise(resolve)));
  }
  say('held');
  setInterval(() => {}, 1_000);`;

/** Takes and gives back each of them, as fast as it can, and now and then is killed in the middle. */
const WORKER = `${prelude}
  say('works');
  for (const kind of KINDS) {
    void (async () => {
      for (;;) {
        const work = () => new Promise((resolve) => setTimeout(resolve, Math.random() * 5));
        if (kind === 'updateJson') await holdfast.updateJson(kind, async (old = 0) => (await work(), old + 1));
        else {
          const lock = await lockOf(kind).acquire();
          await work();
          await lock.release();
        }
      }
    })();
  }
  if (Math.random() < 0.5) setTimeout(() => process.kill(process.pid, 'SIGKILL'), 100 + Math.random() * 50);`;

/** Waits for each of them, with a place in line where there is one. */
const WAITER = `${prelude}
  for (const kind of KINDS) void lockOf(kind).acquire();
  setTimeout(() => say('waits'), 300);
  setInterval(() => {}, 1_000);`;

/** Takes one of them, and gives it back; says how long that took, and whether it was told of a death. */
const NEXT = (kind: string) => `${prelude}
  const kind = ${JSON.stringify(kind)};
  const begun = performance.now();
  const lock = lockOf(kind);
  try {
    await lock.acquire(5_000);
    say([kind, lock.clean, Math.round(performance.now() - begun)].join());
    await lock.release();
    if (kind === 'updateJson') await holdfast.updateJson(kind, (old = 0) => old + 1); // Sweeps what an update left.
  } catch (error) {
    say([kind, error.message].join());
  }`;

/** The sizes of what is there, by name. */
const sizes = (path: string): Record<string, number> =>
  Object.fromEntries(
    (readdirSync(path, { recursive: true }) as string[]).map((name) => [
      name,
      lstatSync(join(path, name)).size,
    ]),
  );

/** As it would be when the machine is up again, whose restart here takes no time. */
function makeOld(path: string): void {
  const started = Date.now() / 1_000 - uptime() - 60;
  for (const name of readdirSync(path))
    if (name !== 'lost+found') lutimesSync(join(path, name), started, started);
}

const lockNames = KINDS.map((kind) => (kind === 'PidLockFile' ? kind : `${kind}.lock`));

for (const fileSystem of fileSystems) {
  describe(`after a power cut on ${fileSystem}`, function () {
    this.timeout(60_000 * CUTS);
    let disk: LoopDisk;

    before(function () {
      const missing = missingFor(fileSystem);
      if (missing === undefined) return;
      console.log(`        (not run: it takes ${missing})`);
      this.skip();
    });

    beforeEach(() => {
      disk = new LoopDisk(fileSystem, tmpdir());
    });
    afterEach(async () => {
      await endScripts();
      disk.remove();
    });

    it('each kind of lock that was held, or waited for, is recovered at once', async () => {
      for (let cut = 1; cut <= CUTS; cut++) {
        const options = { cwd: disk.path, nodeOptions: ['--no-warnings'] };
        const holder = start(HOLDER, options);
        await holder.line();
        const waiter = start(WAITER, options);
        await waiter.line();
        disk.commit();
        disk.cut();
        await endScripts();
        await disk.restart();
        const left = sizes(disk.path);
        expect(left, 'the names are there').to.include.all.keys(lockNames);
        expect(left['LockFile.lock'], 'without a text').to.equal(0);
        const lines = await next(disk.path, left);
        for (const [index, kind] of KINDS.entries())
          expect(lines[index], lines.join('\n')).to.include(`${kind},false,`);
        if (CUTS > 1) console.log(`        ${String(cut)}: ${lines.join(' ')} of ${JSON.stringify(left)}`);
      }
    });

    it('they are recovered at once, whatever everyone was doing', async () => {
      for (let cut = 1; cut <= CUTS; cut++) {
        const options = { cwd: disk.path };
        const workers = Array.from({ length: 3 }, () => start(WORKER, options));
        for (const worker of workers) await worker.line();
        await sleep(100 + Math.random() * 100);
        disk.commit();
        await sleep(Math.random() * 5);
        disk.cut();
        await endScripts();
        await disk.restart();
        const left = sizes(disk.path);
        const lines = await next(disk.path, left);
        if (CUTS > 1) console.log(`        ${String(cut)}: ${lines.join(' ')} of ${JSON.stringify(left)}`);
      }
    });
  });
}

/** Has somebody take each lock after a restart; what they say. */
async function next(path: string, left: Readonly<Record<string, number>>): Promise<string[]> {
  makeOld(path);
  // A process for each, since one sweeps a directory for its first lock alone.
  const endings = await Promise.all(KINDS.map((kind) => run(NEXT(kind), { cwd: path })));
  const lines = endings.map(({ stdout }) => stdout.trim());
  const words = `${lines.join('\n')}\nof ${JSON.stringify(left)}`;
  for (const [index, kind] of KINDS.entries()) {
    const [name, clean = '', ms] = lines[index]?.split(',') ?? [];
    expect([name, clean], words).to.deep.equal([kind, clean === 'true' ? 'true' : 'false']);
    expect(Number(ms), words).to.be.lessThan(1_000);
  }
  const names = readdirSync(path).filter((name) => !['lost+found', 'updateJson'].includes(name));
  expect(names, words).to.deep.equal([]);
  return lines;
}
