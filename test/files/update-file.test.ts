/** `updateFile` and its synchronous form: one suite over both. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import {
  UNCHANGED,
  LockFile,
  NotMyLock,
  updateFile,
  updateFileSync,
  type NewContent,
  type UpdateOptions,
} from '../../src/index.js';
import { projectDirectory } from '../support/paths.js';
import { temporaryDirectory } from '../support/temporary.js';

type Update = (old: string | undefined) => NewContent;
interface Form {
  text(
    path: string,
    update: Update,
    options?: UpdateOptions & { encoding?: BufferEncoding },
  ): Promise<unknown>;
  bytes(path: string, update: (old: Buffer | undefined) => NewContent): Promise<unknown>;
}

/* eslint-disable @typescript-eslint/require-await -- a throw must become a rejection */
const forms: Record<string, Form> = {
  updateFile: {
    text: updateFile,
    bytes: (path, update) => updateFile(path, update, { encoding: null }),
  },
  updateFileSync: {
    text: async (...args) => updateFileSync(...args),
    bytes: async (path, update) => updateFileSync(path, update, { encoding: null }),
  },
};
/* eslint-enable @typescript-eslint/require-await */

for (const [name, form] of Object.entries(forms)) {
  describe(name, () => {
    const file = (content?: string | Uint8Array) => {
      const path = temporaryDirectory().expect('file').join('file');
      if (content !== undefined) writeFileSync(path, content);
      return path;
    };

    it('passes undefined for a missing file, and creates it', async () => {
      const path = file();
      expect(await form.text(path, (old) => `${String(old)}!`)).to.equal('undefined!');
      expect(readFileSync(path, 'utf8')).to.equal('undefined!');
    });

    it('passes the content of the file, and replaces it by the result', async () => {
      const path = file('grün');
      await form.text(path, (old) => `${old ?? ''}er`);
      expect(readFileSync(path, 'utf8')).to.equal('grüner');
    });

    it('holds the lock while the update runs, and not after', async () => {
      const path = file('old');
      const lock = new LockFile(path);
      await form.text(path, () => String(lock.isLockedSync()), { note: 'an update' });
      expect(readFileSync(path, 'utf8')).to.equal('true');
      expect(await lock.isLocked()).to.equal(false);
    });

    it('leaves the file unchanged if the update returns UNCHANGED, and returns the old content', async () => {
      const path = file('old');
      const before = statSync(path);
      expect(await form.text(path, () => UNCHANGED)).to.equal('old');
      expect(statSync(path)).to.deep.include({ ino: before.ino, mtimeMs: before.mtimeMs });
    });

    it('is an error, and leaves the file unchanged, if the update forgets to return anything', async () => {
      const path = file('old');
      const before = statSync(path);
      const error = await form.text(path, (() => undefined) as never).catch((error: unknown) => error);
      expect(error).to.be.instanceOf(TypeError).with.property('message').that.includes('UNCHANGED');
      expect(statSync(path)).to.deep.include({ ino: before.ino, mtimeMs: before.mtimeMs });
    });

    it('creates no file if the update returns UNCHANGED', async () => {
      const directory = temporaryDirectory();
      expect(await form.text(directory.join('file'), () => UNCHANGED)).to.equal(undefined);
      expect(readdirSync(directory.path)).to.deep.equal([]);
    });

    it('leaves the file unchanged and frees the lock if the update throws, and throws that', async () => {
      const path = file('old');
      const mistake = new Error('mine');
      expect(
        await errorOf(
          form.text(path, () => {
            throw mistake;
          }),
        ),
      ).to.equal(mistake);
      expect(readFileSync(path, 'utf8')).to.equal('old');
      expect(await new LockFile(path).isLocked()).to.equal(false);
    });

    it('waits no longer than the timeout', async () => {
      const path = file('old');
      const lock = await new LockFile(path).acquire();
      expect(await errorOf(form.text(path, () => 'new', { timeout: 0 }))).to.have.property(
        'code',
        'ALREADY_LOCKED',
      );
      await lock.release();
    });

    it('reads and writes in the given encoding', async () => {
      const path = file(Buffer.from('gr\xfcn', 'latin1'));
      await form.text(path, (old) => `${old ?? ''}\xdf`, { encoding: 'latin1' });
      expect(readFileSync(path, 'latin1')).to.equal('gr\xfcn\xdf');
    });

    it('refuses bytes that are not text in the encoding', async () => {
      const path = file(Buffer.from([0xff, 0xfe]));
      expect(await messageOf(form.text(path, (old) => old ?? UNCHANGED)))
        .to.include(path)
        .and.to.include('not UTF-8');
      expect([...readFileSync(path)]).to.deep.equal([0xff, 0xfe]);
    });

    for (const [encoding, bytes] of [
      ['ascii', [0x61, 0xe9]],
      ['utf16le', [0x61, 0x00, 0x62]],
    ] as const) {
      it(`refuses bytes that ${encoding} would lose`, async () => {
        const path = file(Buffer.from(bytes));
        expect(await messageOf(form.text(path, (old) => `${old ?? ''}!`, { encoding })))
          .to.include(path)
          .and.to.include(`not ${encoding} text`);
        expect([...readFileSync(path)]).to.deep.equal([...bytes]);
      });
    }

    for (const [encoding, text] of [
      ['ascii', 'grün'],
      ['latin1', '€'],
      ['utf8', '\ud800'],
      ['hex', 'no hex'],
      ['base64', '{}'],
    ] as const) {
      it(`refuses a text that ${encoding} would lose`, async () => {
        const path = file('old');
        const message = await messageOf(form.text(path, () => text, { encoding }));
        expect(message).to.include(path).and.to.include(`as ${encoding} without loss`);
        expect(readFileSync(path, 'utf8')).to.equal('old');
      });
    }

    it('accepts every spelling of the same bytes', async () => {
      const path = file();
      await form.text(path, () => 'FFfe', { encoding: 'hex' });
      expect([...readFileSync(path)]).to.deep.equal([0xff, 0xfe]);
      await form.text(path, () => '_-\n8=', { encoding: 'base64' });
      expect([...readFileSync(path)]).to.deep.equal([0xff, 0xef]);
      await form.text(path, (old) => old ?? UNCHANGED, { encoding: 'ucs2' });
      expect([...readFileSync(path)]).to.deep.equal([0xff, 0xef]);
    });

    it('passes and accepts bytes', async () => {
      const path = file(Buffer.from([0xff]));
      await form.bytes(path, (old) => new Uint8Array([...(old ?? []), 0xfe]));
      expect([...readFileSync(path)]).to.deep.equal([0xff, 0xfe]);
    });

    it('refuses any other type of result', async () => {
      const path = file('old');
      for (const wrong of [null, 1, {}, [1]]) {
        expect(await errorOf(form.text(path, () => wrong as never))).to.be.instanceOf(TypeError);
      }
      expect(await messageOf(form.text(path, 'new' as never))).to.equal('update must be a function');
      expect(await messageOf(form.text(path, () => 'new', { encoding: 'utf-9' as never }))).to.include(
        'utf-9',
      );
      expect(readFileSync(path, 'utf8')).to.equal('old');
    });

    it('keeps mode and owner', async () => {
      const path = file('old');
      const isRoot = process.getuid?.() === 0;
      if (isRoot) chownSync(path, 1234, 5678);
      chmodSync(path, 0o640);
      const { uid, gid } = statSync(path);
      await form.text(path, () => 'new');
      const after = statSync(path);
      expect([after.uid, after.gid, after.mode & 0o7777]).to.deep.equal([uid, gid, 0o640]);
    });

    it('creates a file with fileMode, which an existing file ignores', async () => {
      const path = file();
      await form.text(path, () => 'secret', { fileMode: 0o600 });
      expect(statSync(path).mode & 0o7777).to.equal(0o600);
      await form.text(path, () => 'still', { fileMode: 0o666 });
      expect(statSync(path).mode & 0o7777).to.equal(0o600);
    });

    it('follows a symbolic link to the file, and locks the path as given', async () => {
      const directory = temporaryDirectory().expect('name', 'deep', 'deep/real');
      const real = directory.join('deep/real');
      mkdirSync(directory.join('deep'));
      writeFileSync(real, 'old');
      symlinkSync(real, directory.join('name'));
      await form.text(directory.join('name'), () => String(existsSync(directory.join('name.lock'))));
      expect(readFileSync(real, 'utf8')).to.equal('true');
    });

    it('names the directory that is missing', async () => {
      const path = temporaryDirectory().join('none/file');
      const error = await errorOf(form.text(path, () => 'new'));
      expect(error).to.have.property('code', 'LOCK_FAILED');
    });

    it('throws the system’s error if the file can’t be read', async () => {
      const directory = temporaryDirectory().expect('directory');
      mkdirSync(directory.join('directory'));
      expect(await errorOf(form.text(directory.join('directory'), () => 'new'))).to.have.property(
        'code',
        'EISDIR',
      );
    });

    it('writes nothing if its lock was broken by force, and reports that', async () => {
      const path = file('old');
      const error = await errorOf(
        form.text(path, () => {
          new LockFile(path).breakLockSync();
          return 'new';
        }),
      );
      expect(error).to.be.instanceOf(NotMyLock);
      expect(readFileSync(path, 'utf8')).to.equal('old');
    });

    it('leaves the old file when the disk takes only a part of the new one', function () {
      if (process.platform === 'win32') this.skip();
      const path = file('old');
      const script = `
        import { ${name} } from 'holdfast';
        await ${name}(${JSON.stringify(path)}, () => 'x'.repeat(20_000));`;
      // The limit on the file size acts like a full disk: first a part is written, then nothing. It also sends a
      // signal, which ends the asynchronous form, whose thread is not blocked.
      const shell = `ulimit -f 8; exec "$0" --input-type=module --eval "$1"`;
      const { status, signal, stderr } = spawnSync('bash', ['-c', shell, process.execPath, script], {
        cwd: projectDirectory,
        env: { ...process.env, NODE_V8_COVERAGE: '' },
        encoding: 'utf8',
      });
      expect(statSync(path).size, 'bytes in place').to.equal(3);
      expect(status).not.to.equal(0);
      expect(signal ?? stderr).to.match(/SIGXFSZ|EFBIG/);
      // The signal ends the process by a hook of write-file-atomic, without a release. The next contender recovers.
      new LockFile(path).acquireSync(0).releaseSync();
    });

    it('removes what a process left that was killed while writing, and nothing else', async () => {
      const directory = temporaryDirectory();
      const path = directory.join('file');
      const others = ['file.1', 'file.20240101', 'file.holdfast-notes', 'file.json', 'file.1700000000'];
      for (const other of others) writeFileSync(directory.join(other), '');
      directory.expect('file', ...others);

      const script = `
        import { ${name} } from 'holdfast';
        await ${name}(${JSON.stringify(path)}, () => Buffer.alloc(2 ** 28));`;
      const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
        cwd: projectDirectory,
      });
      const isLeft = () => readdirSync(directory.path).some((each) => /^file\.holdfast-[0-9a-f]/.test(each));
      while (!isLeft() && child.exitCode === null) await sleep(1);
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      expect(isLeft(), 'killed in the middle').to.equal(true);

      await form.text(path, (old) => String(old));
      expect(readFileSync(path, 'utf8')).to.equal('undefined');
      expect(readdirSync(directory.path).sort()).to.deep.equal(['file', ...others].sort());
    });
  });
}

describe('updateFile', () => {
  it('accepts an asynchronous update, and runs those of one thread one at a time', async () => {
    const path = temporaryDirectory().expect('file').join('file');
    const letters = ['a', 'b', 'c', 'd', 'e'];
    await Promise.all(
      letters.map((letter) =>
        updateFile(path, async (old = '') => {
          await sleep(1);
          return old + letter;
        }),
      ),
    );
    expect(readFileSync(path, 'utf8')).to.equal(letters.join(''));
  });

  it('leaves the file unchanged if the update rejects', async () => {
    const path = temporaryDirectory().join('file');
    expect(await messageOf(updateFile(path, () => Promise.reject(new Error('mine'))))).to.equal('mine');
  });
});

describe('updateFileSync', () => {
  it('refuses an asynchronous update', () => {
    const path = temporaryDirectory().join('file');
    const update = () => Promise.resolve('new') as unknown as string;
    expect(() => updateFileSync(path, update)).to.throw(TypeError, 'a promise');
  });
});

async function errorOf(work: Promise<unknown>): Promise<unknown> {
  return await work.then(
    () => {
      throw new Error('it should have failed');
    },
    (error: unknown) => error,
  );
}

async function messageOf(work: Promise<unknown>): Promise<string> {
  return ((await errorOf(work)) as Error).message;
}
