/** The data of a hold: what others read of it, how it changes, and that it goes with the lock. */
import { readdirSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect } from 'chai';
import { LockFile, PidLockFile } from '../../src/index.js';
import { SQLiteLockFile } from '../../src/sqlite.js';
import { projectDirectory } from '../support/paths.js';
import { endScripts, start } from '../support/script.js';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary.js';
import { failure, kindNames, kinds } from './subjects.js';

const sqlite = new URL('../../src/sqlite.js', import.meta.url).href;

describe('the data of a hold', () => {
  let directory: TemporaryDirectory;
  let path: string;

  beforeEach(() => {
    directory = temporaryDirectory();
    path = directory.join('config.json');
  });
  afterEach(endScripts);

  it('may be any JSON value of 4,096 bytes', async () => {
    for (const data of [0, '', false, null, [], { a: [1, { b: 'ü' }] }, 'x'.repeat(4_094)]) {
      await using hold = await new LockFile(path, { data, note: 'n'.repeat(510) }).acquire();
      expect((await new LockFile(path).holder())?.data).to.deep.equal(data);
      await hold.update([data].length);
      expect((await new LockFile(path).holder())?.data).to.equal(1);
    }
  });

  it('may be nothing else', async () => {
    await using hold = await new LockFile(path).acquire();
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    for (const data of [() => 1, Symbol('a'), 1n, circular]) {
      expect(await failure(() => new LockFile(path, { data }))).to.be.instanceOf(TypeError);
      expect(await failure(() => hold.update(data))).to.be.instanceOf(TypeError);
      expect(await failure(() => hold.updateSync(data))).to.be.instanceOf(TypeError);
    }
    expect(await failure(() => hold.update(undefined))).to.be.instanceOf(TypeError);
    const tooLong = 'é'.repeat(2_048);
    expect((await failure(() => new LockFile(path, { data: tooLong }))).message).to.equal(
      'data must be at most 4096 bytes long, as JSON, not 4098',
    );
    expect(await failure(() => hold.update(tooLong))).to.be.instanceOf(RangeError);
    expect(await hold.isHeld()).to.equal(true);
  });

  for (const kind of kindNames) {
    it(`is read whole, and the lock never looks free, while another process changes it (${kind})`, async function () {
      this.timeout(60_000);
      const other = start(
        `const hold = await new ${kind}('config.json', { data: { round: 0, twice: 0 } }).acquire();
         say('held');
         let stop = false;
         process.stdin.once('data', () => (stop = true));
         let round = 0;
         for (; !stop; round++) {
           const data = { round, twice: 2 * round, text: 'x'.repeat(round % 3_000) };
           if (round % 2) hold.updateSync(data);
           else await hold.update(data);
           await new Promise(setImmediate);
         }
         await hold.release();
         say(String(round));
         process.stdin.destroy();`,
        { cwd: directory.path },
      );
      await other.line();
      const lock = new kinds[kind](path);
      const seen = new Set<number>();
      for (let count = 0; count < 500; count++) {
        const holder = count % 2 === 0 ? await lock.holder() : lock.holderSync();
        const { round, twice, text } = holder?.data as { round: number; twice: number; text?: string };
        expect(holder?.pid).to.equal(other.process.pid);
        expect(twice).to.equal(2 * round);
        expect(text ?? '').to.have.lengthOf(round % 3_000);
        seen.add(round);
      }
      other.tell('stop');
      expect(Number(await other.line())).to.be.greaterThan(1);
      await other.ended;
      expect(seen.size).to.be.greaterThan(1);
      expect(readdirSync(directory.path)).to.deep.equal([]);
    });
  }

  it('is swept with the lock of a holder that was killed, of every kind', async () => {
    directory.expect('holdfast.sqlite');
    for (const kind of [...kindNames, 'PidLockFile', 'SQLiteLockFile']) {
      const dead = start(
        `const { SQLiteLockFile } = await import(${JSON.stringify(sqlite)});
         const Lock = { ...holdfast, SQLiteLockFile }['${kind}'];
         const hold = await new Lock('config.json', { data: 'mine' }).acquire();
         await hold.update('mine still'); say('held'); setInterval(() => {}, 1_000);`,
        { cwd: directory.path },
      );
      await dead.line();
      await dead.kill();
      const Lock = ({ ...kinds, PidLockFile, SQLiteLockFile } as unknown as Record<string, typeof LockFile>)[
        kind
      ];
      if (Lock === undefined) throw new Error(kind);
      const hold = await new Lock(path).acquire();
      expect(hold.clean, kind).to.equal(false);
      expect((await new Lock(path).holder())?.data, kind).to.equal(undefined);
      await hold.release();
      const left = readdirSync(directory.path).filter((name) => name !== 'holdfast.sqlite');
      expect(left, kind).to.deep.equal([]);
    }
  });

  it('is removed at exit', async () => {
    const script = start(
      `await new LockFile('config.json', { data: 1 }).acquire(); say('held'); process.exit();`,
      { cwd: directory.path },
    );
    await script.ended;
    expect(readdirSync(directory.path)).to.deep.equal([]);
  });

  it('has the last word of several updates, and none after the release', async () => {
    for (const io of ['auto', 'async'] as const) {
      const hold = await new LockFile(path, { io }).acquire();
      await Promise.all([1, 2, 3, 4, 5].map((data) => hold.update(data)));
      expect((await new LockFile(path).holder())?.data).to.equal(5);
      await Promise.allSettled([hold.update(6), hold.release(), hold.update(7)]);
      expect(readdirSync(directory.path)).to.deep.equal([]);
    }
  });

  it('is shown by holdfast status, with nothing that acts on a terminal', async () => {
    const data = { url: 'http://localhost:3000', evil: '\u001b[31m\u202e' };
    await using _hold = await new LockFile(path, { data }).acquire();
    const status = (...options: string[]) =>
      spawnSync(
        process.execPath,
        [join(projectDirectory, 'dist/src/command/main.js'), 'status', ...options, path],
        { encoding: 'utf8' },
      ).stdout;
    expect(status()).to.include('; data {"url":"http://localhost:3000","evil":"\\u001b[31m\ufffd"}');
    expect((JSON.parse(status('--json')) as { holder: { data: unknown } }).holder.data).to.deep.equal(data);
  });
});
