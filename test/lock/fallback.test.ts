/** LockFile on a file system without hard links: it uses a directory, and tries to link only once. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { expect } from 'chai';
import { run, type Ending } from '../support/script.js';
import { temporaryDirectory } from '../support/temporary.js';

/** The laws of a LockFile in the current directory, which has no hard links; `links` counts the attempts, if it can. */
const laws = `
  const lock = new LockFile('config.json');
  const kinds = [];
  for (const how of ['acquire', 'acquireSync']) {
    await lock[how](0);
    kinds.push((await lock.holder()).kind, await lock.iAmLocking());
    try { new LockFile('config.json', { timeout: 0 }).acquireSync(); } catch (error) { kinds.push(error.name); }
    try { await new MkdirLockFile('config.json').acquire(20); } catch (error) { kinds.push(error.name); }
    await lock.release();
  }
  const second = new LockFile('config.json', { io: 'async' });
  await second.acquire();
  await lock.breakLock();
  try { await second.release(); } catch (error) { kinds.push(error.name); }
  try { await new LinkLockFile('config.json').acquire(); } catch (error) { kinds.push(error.name, error.cause.code); }
  const left = fs.readdirSync('.').filter((name) => name.startsWith('config'));
  await lock.acquire(0); // Released at exit.
  say(JSON.stringify({ kinds, left, links: globalThis.links }));`;

const expected = [
  ...['mkdir', true, 'AlreadyLocked', 'LockTimeout'],
  ...['mkdir', true, 'AlreadyLocked', 'LockTimeout'],
  'NotMyLock',
  'LockFailed',
];

function check(ending: Ending): { kinds: unknown[]; left: unknown; links?: number } {
  expect(ending, ending.stderr).to.include({ code: 0 });
  const found = JSON.parse(ending.stdout) as { kinds: unknown[]; left: unknown; links?: number };
  expect(found.kinds.slice(0, -1)).to.deep.equal(expected);
  expect(found.left).to.deep.equal([]);
  return found;
}

/** Node's options that make link(2) refuse with a code. */
function refusing(code: string): string[] {
  const text = `
    import fs from 'node:fs';
    import { syncBuiltinESMExports } from 'node:module';
    globalThis.links = 0;
    const refusal = (from) => {
      if (!/[.]holdfast-[^/]*$/.test(from)) globalThis.links++; // But for a beacon's further names.
      return Object.assign(new Error('refused'), { code: '${code}', syscall: 'link', path: from });
    };
    fs.linkSync = (from) => { throw refusal(from); };
    fs.promises.link = (from) => Promise.reject(refusal(from));
    syncBuiltinESMExports();`;
  return ['--import', `data:text/javascript,${encodeURIComponent(text)}`];
}

describe('where the file system refuses hard links, a LockFile is a directory', () => {
  for (const code of ['EPERM', 'ENOTSUP', 'ENOSYS', 'EACCES', 'EISDIR']) {
    it(`after ${code}, and it doesn’t try to link there again`, async () => {
      const nodeOptions = refusing(code);
      const { kinds, links } = check(await run(laws, { cwd: temporaryDirectory().path, nodeOptions }));
      expect(kinds.at(-1)).to.equal(code);
      // Twice: by the first attempt, and by LinkLockFile at the end. Some codes are retried.
      expect(links).to.equal(/EPERM|EACCES/.test(code) ? 12 : 2);
    });
  }

  it('an exit during the first acquire removes the directory', async () => {
    const directory = temporaryDirectory();
    const text = `
      import mutable from 'node:fs';
      import { syncBuiltinESMExports } from 'node:module';
      const { renameSync } = fs;
      mutable.renameSync = (...args) => { renameSync(...args); process.exit(6); };
      syncBuiltinESMExports();
      new LockFile('config.json').acquireSync(0);`;
    const ending = await run(text, { cwd: directory.path, nodeOptions: refusing('EPERM') });
    expect(ending, ending.stderr).to.include({ code: 6 });
    expect(readdirSync(directory.path)).to.deep.equal([]);
  });

  it('on a real FAT', async function () {
    const tools = ['mkfs.vfat', 'fusefat', 'fusermount'];
    const absent = tools.filter((tool) => spawnSync('which', [tool]).status !== 0);
    if (absent.length > 0) {
      console.log(`        (not run: it takes ${absent.join(' and ')}, to make and mount a FAT)`);
      this.skip();
    }
    const directory = temporaryDirectory().expect('disk', 'mounted');
    mkdirSync(directory.join('mounted'));
    execFileSync('mkfs.vfat', ['-C', directory.join('disk'), '1024']);
    execFileSync('fusefat', ['-o', 'rw+', directory.join('disk'), directory.join('mounted')], {
      stdio: 'ignore',
    });
    try {
      check(await run(laws, { cwd: directory.join('mounted') }));
    } finally {
      execFileSync('fusermount', ['-u', directory.join('mounted')]);
    }
  });
});
