/** How `updateFile` replaces a file: what it keeps, what it refuses, and what a process that exits leaves. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { expect } from 'chai';
import { LockFile, LockTimeout, updateFile, updateFileSync } from '../../src/index.js';
import { command } from '../support/peers.js';
import { packageUrl } from '../support/script.js';
import { temporaryDirectory } from '../support/temporary.js';

type Form = (path: string, update: (old?: string) => string) => Promise<unknown>;

const forms: Record<string, Form> = {
  updateFile,
  // eslint-disable-next-line @typescript-eslint/require-await -- a throw must become a rejection
  updateFileSync: async (path, update) => updateFileSync(path, update),
};

for (const [name, form] of Object.entries(forms)) {
  describe(`${name}, replacing a file`, () => {
    it('keeps the group of a file for a member who is not the owner', async function () {
      const { seteuid, setegid, setgroups } = process;
      if (process.geteuid?.() !== 0 || !seteuid || !setegid || !setgroups) this.skip();
      const directory = temporaryDirectory().expect('file');
      const path = directory.join('file');
      writeFileSync(path, 'old');
      chownSync(path, 0, 1234);
      chmodSync(path, 0o2664);
      chmodSync(directory.path, 0o777);
      const [groups, group] = [process.getgroups?.() ?? [], process.getegid?.() ?? 0];
      setgroups([1234]);
      setegid(65534);
      seteuid(65534);
      try {
        await form(path, () => 'new');
      } finally {
        seteuid(0);
        setegid(group);
        setgroups(groups);
      }
      const { uid, gid, mode } = statSync(path);
      expect(readFileSync(path, 'utf8')).to.equal('new');
      expect([uid, gid, mode & 0o7777]).to.deep.equal([65534, 1234, 0o2664]);
    });

    it('creates the file that a dangling symbolic link names, however many links there are', async () => {
      const directory = temporaryDirectory().expect('first', 'deep/', 'other/');
      mkdirSync(directory.join('deep'));
      mkdirSync(directory.join('other/inner'), { recursive: true });
      symlinkSync('../other/inner', directory.join('deep/way'));
      symlinkSync('deep/way/../second', directory.join('first'));
      symlinkSync(directory.join('deep/real'), directory.join('other/second'));
      await form(directory.join('first'), String);
      expect(lstatSync(directory.join('first')).isSymbolicLink()).to.equal(true);
      expect(readFileSync(directory.join('deep/real'), 'utf8')).to.equal('undefined');
      await form(directory.join('first'), (old) => `${old ?? ''}!`);
      expect(readFileSync(directory.join('deep/real'), 'utf8')).to.equal('undefined!');
    });

    it('refuses a symbolic link into a directory that doesn’t exist, and leaves the link', async () => {
      const path = temporaryDirectory().expect('file').join('file');
      symlinkSync('/nowhere/at/all', path);
      const error = await errorOf(form(path, () => 'new'));
      expect(error).to.have.property('code', 'ENOENT');
      expect(error.message).to.include(`${path} is a symbolic link into /nowhere/at, which does not exist`);
      expect(lstatSync(path).isSymbolicLink()).to.equal(true);
      expect(await new LockFile(path).isLocked()).to.equal(false);
    });

    it('says of a file that is a mount point that its directory must be mounted instead', async function () {
      const directory = temporaryDirectory().expect('file', 'mounted');
      const [file, mounted] = [directory.join('file'), directory.join('mounted')];
      writeFileSync(file, 'old');
      writeFileSync(mounted, '');
      if (command('mount') === undefined || spawnSync('mount', ['--bind', file, mounted]).status !== 0)
        this.skip();
      try {
        const error = await errorOf(form(mounted, () => 'new'));
        expect(error).to.have.property('code', 'EBUSY');
        expect(error.message).to.include(mounted).and.to.include('Mount its directory instead');
        expect(readFileSync(mounted, 'utf8')).to.equal('old');
      } finally {
        spawnSync('umount', [mounted]);
      }
    });

    it('reads the whole file on sshfs, also if the kernel has cached a smaller size', async function () {
      const [server = ''] = ['/usr/lib/openssh/sftp-server', '/usr/lib/ssh/sftp-server'].filter(existsSync);
      if (command('sshfs') === undefined || command('fusermount3') === undefined || server === '')
        this.skip();
      const directory = temporaryDirectory().expect('remote/', 'mounted/', 'ssh');
      for (const each of ['remote', 'mounted']) mkdirSync(directory.join(each));
      writeFileSync(directory.join('ssh'), `#!/bin/sh\nexec ${server}\n`, { mode: 0o755 });
      const options = ['-o', `ssh_command=${directory.join('ssh')}`, '-o', 'dcache_timeout=600'];
      const mounted = directory.join('mounted');
      const mount = spawnSync('sshfs', [...options, `host:${directory.join('remote')}`, mounted], {
        timeout: 20_000,
      });
      if (mount.status !== 0) this.skip();
      try {
        const path = directory.join('mounted/file');
        await form(path, () => 'short');
        const longer = 'longer than before, by another machine';
        expect(statSync(path).size).to.equal('short'.length);
        updateFileSync(directory.join('remote/file'), () => longer);
        expect(statSync(path).size, 'the cached size').to.equal('short'.length);
        await form(path, (old) => `${old ?? ''}!`);
        expect(readFileSync(directory.join('remote/file'), 'utf8')).to.equal(`${longer}!`);
      } finally {
        spawnSync('fusermount3', ['-u', mounted]);
      }
    });

    it('throws the first error if the temporary file can’t be removed either', () => {
      const directory = temporaryDirectory().expect('file');
      const path = directory.join('file');
      writeFileSync(path, 'old');
      const script = `
        import fs from 'node:fs';
        import { syncBuiltinESMExports } from 'node:module';
        const refuse = (code) => { throw Object.assign(new Error(code + ': refused'), { code }) };
        for (const calls of [fs.promises, fs]) {
          const end = calls === fs ? 'Sync' : '';
          const rename = calls['rename' + end];
          calls['rename' + end] = (from, to) => (to === ${JSON.stringify(path)} ? refuse('EIO') : rename(from, to));
          calls['rm' + end] = () => refuse('EROFS');
        }
        syncBuiltinESMExports();
        const { ${name} } = await import(${JSON.stringify(packageUrl)});
        try { await ${name}(${JSON.stringify(path)}, () => 'new') } catch (error) { console.log(error.code) }`;
      const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
        encoding: 'utf8',
      });
      expect(stdout, stderr).to.equal('EIO\n');
      for (const left of readdirSync(directory.path)) directory.expect(left);
    });
  });
}

describe('updateFile, in a process that exits', () => {
  for (const [how, exit] of [
    ['process.exit()', 'process.exit(1)'],
    ['an uncaught error', "throw new Error('uncaught')"],
  ] as const) {
    it(`removes its temporary file while it is locked, and replaces nothing after that: ${how}`, async function () {
      if (process.platform === 'win32' || command('mkfifo') === undefined) this.skip();
      const directory = temporaryDirectory().expect('file', 'fifo');
      const [path, fifo] = [directory.join('file'), directory.join('fifo')];
      writeFileSync(path, 'old');
      spawnSync('mkfifo', [fifo]);
      // The one thread of the pool is kept busy, so that the rename is still queued when the exit hooks run.
      const script = `
        import fs from 'node:fs';
        import { syncBuiltinESMExports } from 'node:module';
        const { rmSync } = fs;
        fs.rmSync = (name, options) => {
          const isLocked = fs.existsSync(${JSON.stringify(`${path}.lock`)});
          if (name.includes('.holdfast-')) fs.writeSync(1, isLocked ? ', locked' : ', free');
          rmSync(name, options);
        };
        const { rename } = fs.promises;
        fs.promises.rename = (from, to) => {
          if (to !== ${JSON.stringify(path)}) return rename(from, to);
          fs.open(${JSON.stringify(fifo)}, 'r', () => {});
          const renamed = rename(from, to);
          fs.writeSync(1, 'renaming');
          setImmediate(() => { ${exit} });
          return renamed;
        };
        syncBuiltinESMExports();
        const { updateFile } = await import(${JSON.stringify(packageUrl)});
        await updateFile(${JSON.stringify(path)}, () => 'theirs');`;
      const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
        env: { ...process.env, UV_THREADPOOL_SIZE: '1', NODE_V8_COVERAGE: '' },
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      const ended = once(child, 'close');
      let said = '';
      child.stdout.on('data', (text) => (said += String(text)));
      await once(child.stdout, 'data');
      const update = () => updateFileSync(path, () => 'ours', { timeout: 1_000 });
      const refusal = await errorOf(Promise.resolve().then(update)).catch(() => undefined);
      closeSync(openSync(fifo, 'w')); // Lets the pool go on, with the rename.
      await ended;
      expect(said, 'when the temporary file is removed').to.match(/^renaming(, locked)+$/);
      if (refusal !== undefined) {
        expect(refusal).to.be.instanceOf(LockTimeout); // The lock was kept until the process was gone.
        update();
      }
      expect(readFileSync(path, 'utf8')).to.equal('ours');
      expect(readdirSync(directory.path).sort()).to.deep.equal(['fifo', 'file']);
    });
  }
});

async function errorOf(work: Promise<unknown>): Promise<Error> {
  return await work.then(
    () => {
      throw new Error('it should have failed');
    },
    (error: unknown) => error as Error,
  );
}
