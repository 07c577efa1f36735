/**
 * holdfast and other programs on one lock, without mocks. A program that is not installed is skipped, visibly.
 *
 * The figures (turns of both sides, overlaps seen by the referee) are printed at the end.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import {
  AlreadyLocked,
  LinkLockFile,
  LockTimeout,
  MkdirLockFile,
  NotMyLock,
  SymlinkLockFile,
  type LockBase,
} from '../../src/index.js';
import { projectDirectory } from '../support/paths.js';
import { command, pythonWith } from '../support/peers.js';
import { temporaryDirectory } from '../support/temporary.js';
import { Peer, Referee, takeTurns } from './peer.js';

const ours = { link: LinkLockFile, mkdir: MkdirLockFile, symlink: SymlinkLockFile };
const TURNS = 500;
const COMMAND_TURNS = 40;

const agent = join(projectDirectory, 'test/interoperation/pylockfile-agent.py');
const npmAgent = fileURLToPath(new URL('npm-agent.js', import.meta.url));

const figures: string[] = [];

async function compete(lock: LockBase, peer: Peer, name: string): Promise<void> {
  const referee = new Referee();
  await Promise.all([takeTurns(lock, TURNS, referee), peer.tell('contend', TURNS, referee)]);
  figures.push(`${name}: ${referee.turns} turns, ${referee.overlaps} overlaps`);
  expect(referee.overlaps).to.equal(0);
  expect(referee.turns).to.equal(2 * TURNS);
}

describe('interoperation', function () {
  this.timeout(120_000);

  after(() => {
    for (const figure of figures) console.log(`    ${figure}`);
  });

  describe('with pylockfile', () => {
    const python = pythonWith('lockfile');
    const theirKinds = ['link', 'mkdir', 'symlink'];
    const peers: Peer[] = [];

    beforeEach(function () {
      if (python === undefined) this.skip();
    });

    afterEach(async () => {
      await Promise.all(peers.splice(0).map((peer) => peer.kill()));
    });

    async function start(kind: string, path: string): Promise<Peer> {
      const peer = await Peer.start(python ?? '', [agent, kind, path]);
      peers.push(peer);
      return peer;
    }

    for (const [ourKind, Lock] of Object.entries(ours)) {
      it(`our ${ourKind} and its lock of each kind are never both held`, async () => {
        // In parallel: the contenders wait more than they work.
        const contest = async (theirKind: string) => {
          const path = temporaryDirectory().join('README');
          const peer = await start(theirKind, path);
          await compete(new Lock(path), peer, `holdfast ${ourKind}, pylockfile ${theirKind}`);
        };
        await Promise.all(theirKinds.map(contest));
      });

      for (const theirKind of theirKinds) {
        it(`our ${ourKind} and its ${theirKind} lock see, time out on and break each other`, async () => {
          const path = temporaryDirectory().join('README');
          const lock = new Lock(path);
          const other = await start(theirKind, path);

          await other.tell('acquire', 0);
          expect(await lock.isLocked()).to.equal(true);
          expect(await lock.iAmLocking()).to.equal(false);
          await rejected(lock.acquire(0), AlreadyLocked);
          await rejected(lock.acquire(30), LockTimeout);
          await rejected(lock.release(), NotMyLock);
          await lock.breakLock();
          expect(await other.tell('is_locked')).to.equal(false);

          await lock.acquire(0);
          // It sees only its own form, a file or a link, as a lock; but it never takes a name that exists.
          const isSeen = (theirKind === 'symlink') === (ourKind === 'symlink');
          expect(await other.tell('is_locked')).to.equal(isSeen);
          expect(await other.tell('i_am_locking')).to.equal(false);
          expect(await messageOf(other.tell('acquire', 0))).to.equal('AlreadyLocked');
          expect(await messageOf(other.tell('acquire', 0.03))).to.equal('LockTimeout');
          // It can't break a lock of another kind: each of its kinds removes a lock in its own way.
          const broken = await messageOf(other.tell('break_lock'));
          const ends = broken === '' && !(await lock.isLocked());
          figures.push(`pylockfile ${theirKind} breaks our ${ourKind}: ${ends ? 'yes' : `no ${broken}`}`);
          await lock.release().catch((error: unknown) => expect(error).to.be.instanceOf(NotMyLock));
          expect(await lock.isLocked()).to.equal(false);
          await other.kill();
          for (const name of readdirSync(join(path, '..')))
            rmSync(join(path, '..', name), { recursive: true });
        });
      }
    }

    for (const theirKind of theirKinds) {
      it(`a killed holder of its ${theirKind} lock is foreign, with its host and pid, and is left alone`, async () => {
        const directory = temporaryDirectory();
        const path = directory.join('README');
        const other = await start(theirKind, path);
        await other.tell('acquire', 0);
        await other.kill();
        // Waiting must not block the event loop: a dangling link can't be watched by its name.
        let ticks = 0;
        const ticking = setInterval(() => ticks++, 5);
        await rejected(new LinkLockFile(path).acquire(300), LockTimeout);
        clearInterval(ticking);
        expect(ticks).to.be.greaterThan(3);
        const holder = await new LinkLockFile(path).holder();
        expect(holder).to.include({ kind: 'foreign', verdict: 'unknown', host: hostname() });
        expect(holder?.pid, JSON.stringify(holder)).to.be.oneOf([other.pid, undefined]); // Its hash may hide the pid.
        await rejected(new LinkLockFile(path).acquire(50), LockTimeout);
        for (const name of readdirSync(directory.path)) rmSync(directory.join(name), { recursive: true });
      });
    }
  });

  for (const library of ['lockfile', 'proper-lockfile']) {
    describe(`with npm’s ${library}`, () => {
      const peers: Peer[] = [];

      afterEach(async () => {
        await Promise.all(peers.splice(0).map((peer) => peer.kill()));
      });

      async function start(path: string): Promise<Peer> {
        const peer = await Peer.start(process.execPath, [npmAgent, library, path]);
        peers.push(peer);
        return peer;
      }

      it('our lock of each kind and its are never both held', async () => {
        const contest = async ([kind, Lock]: [string, (typeof ours)[keyof typeof ours]]) => {
          const path = temporaryDirectory().join('README');
          await compete(new Lock(path), await start(path), `holdfast ${kind}, npm ${library}`);
        };
        await Promise.all(Object.entries(ours).map(contest));
      });

      it('its lock, fresh and refreshed, is foreign and never overrun while it holds', async () => {
        const path = temporaryDirectory().join('README');
        const other = await start(path);
        await other.tell('acquire', 0);
        const lock = new MkdirLockFile(path, { orphanGraceMs: 3_000 });
        expect(await lock.isLocked()).to.equal(true);
        expect((await lock.holder())?.verdict).to.equal('unknown');
        // Longer than its refresh, and than our grace for an empty directory.
        await rejected(lock.acquire(4_500), LockTimeout);
        await other.tell('release');
        await lock.acquire(1_000);
        expect(await other.tell('is_locked')).to.equal(true);
        await lock.release();
      });
    });
  }

  describe('with commands', () => {
    const kinds: readonly (readonly [string, (name: string) => string[], (name: string) => string[]])[] = [
      ['dotlockfile', (name) => ['-r', '0', '-l', name], (name) => ['-u', name]],
      ['lockfile', (name) => ['-r', '0', name], (name) => ['-c', 'rm -f "$0"', name]],
    ];
    for (const [name, take, leave] of kinds) {
      it(`${name} and we are never both inside`, async function () {
        if (command(name) === undefined) this.skip();
        const path = temporaryDirectory().join('README');
        const referee = new Referee();
        const lock = new LinkLockFile(path);
        const theirs = async () => {
          for (let turn = 0; turn < COMMAND_TURNS;) {
            if ((await run(name, take(`${path}.lock`))) !== 0) {
              await sleep(Math.random() * 4);
              continue;
            }
            referee.enters(name);
            await sleep(Math.random());
            referee.leaves(name);
            await run(name === 'lockfile' ? 'sh' : name, leave(`${path}.lock`));
            turn++;
          }
        };
        await Promise.all([theirs(), takeTurns(lock, COMMAND_TURNS, referee)]);
        figures.push(`holdfast link, ${name}: ${referee.turns} turns, ${referee.overlaps} overlaps`);
        expect(referee.overlaps).to.equal(0);
      });
    }

    it('Mercurial waits for our lock under its name, and its own is foreign to us, with host and pid', async function () {
      if (command('hg') === undefined) this.skip();
      const directory = temporaryDirectory().expect('.hg/', 'file');
      const hg = (...args: string[]) =>
        spawnSync('hg', ['-R', directory.path, '--config', 'ui.timeout=0', ...args], {
          encoding: 'utf8',
          env: { ...process.env, HGRCPATH: '', HGUSER: 'nobody', HGPLAIN: '1' },
        });
      execFileSync('hg', ['init', directory.path]);
      writeFileSync(directory.join('file'), '');
      const lock = new SymlinkLockFile(directory.path, { lockPath: directory.join('.hg/wlock') });
      lock.acquireSync(0);
      const refused = hg('add', directory.join('file'));
      expect(refused.status).to.not.equal(0);
      expect(refused.stderr).to.match(/lock/);
      lock.releaseSync();
      expect(hg('add', directory.join('file')).status).to.equal(0);

      const holder = spawn(
        'hg',
        ['-R', directory.path, 'debuglocks', '--set-wlock', '--config', 'ui.interactive=yes'],
        {
          stdio: ['pipe', 'pipe', 'ignore'],
        },
      );
      while (!existsSync(directory.join('.hg/wlock')) && !isLink(directory.join('.hg/wlock')))
        await sleep(20);
      const seen = lock.holderSync();
      expect(seen).to.include({ kind: 'foreign', pid: holder.pid });
      expect(() => lock.acquireSync(0)).to.throw(AlreadyLocked);
      holder.stdin.end('y\n');
      await once(holder, 'exit');
      lock.acquireSync(5_000).releaseSync();
    });
  });
});

function isLink(path: string): boolean {
  return spawnSync('readlink', [path]).status === 0;
}

async function run(name: string, args: readonly string[]): Promise<number> {
  const child = spawn(name, args, { stdio: 'ignore' });
  const [status] = (await once(child, 'exit')) as [number];
  return status;
}

async function rejected(promise: Promise<unknown>, type: new (...args: never) => Error): Promise<void> {
  const error: unknown = await promise.then(
    () => undefined,
    (refusal: unknown) => refusal,
  );
  expect(error).to.be.instanceOf(type);
}

async function messageOf(promise: Promise<unknown>): Promise<string> {
  return await promise.then(
    () => '',
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
}
