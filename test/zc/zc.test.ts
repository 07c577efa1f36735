/** `holdfast/zc`: behaves like zc.lockfile. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { expect } from 'chai';
import { LockError, LockFile, SimpleLockFile } from '../../src/zc/lock-file.js';
import { temporaryDirectory } from '../support/temporary.js';

const zc = new URL('../../src/zc/lock-file.js', import.meta.url).href;

describe('holdfast/zc', () => {
  it('takes the lock when it is made, and writes the pid after one blank', () => {
    const path = temporaryDirectory().expect('f.lock').join('f.lock');
    using lock = new LockFile(path);
    expect(lock.path).to.equal(path);
    expect(readFileSync(path, 'utf8')).to.equal(` ${process.pid}\n`);
  });

  it('writes what its template says', () => {
    const path = temporaryDirectory().expect('f.lock').join('f.lock');
    using _lock = new LockFile(path, { contentTemplate: '{{{pid}}};{hostname}' });
    expect(readFileSync(path, 'utf8')).to.equal(` {${process.pid}};${hostname()}\n`);
  });

  it('refuses a template with an unknown field before it locks anything', () => {
    const path = temporaryDirectory().join('f.lock');
    for (const contentTemplate of ['{user}', '{', '}', '{pid']) {
      expect(() => new LockFile(path, { contentTemplate }), contentTemplate).to.throw(
        RangeError,
        'the known fields are',
      );
    }
    expect(() => new LockFile(path, { contentTemplate: 1 as never })).to.throw(TypeError);
    expect(existsSync(path)).to.equal(false);
  });

  it('throws LockError, which names the holder, if another has it, and leaves its text and its log alone', () => {
    const path = temporaryDirectory().expect('f.lock').join('f.lock');
    using _lock = new LockFile(path, { contentTemplate: 'mine' });
    expect(() => new LockFile(path))
      .to.throw(LockError, `Couldn't lock '${path}'`)
      .with.property('code', 'LOCK_ERROR');
    expect(() => new SimpleLockFile(path))
      .to.throw(LockError)
      .with.nested.property('holder.pid', process.pid);
    expect(readFileSync(path, 'utf8')).to.equal(' mine\n');
    const script = `import(${JSON.stringify(zc)}).then(({ LockFile }) => {
      try { new LockFile(${JSON.stringify(path)}) } catch (error) { process.exitCode = error.name === 'LockError' ? 7 : 1 }
    })`;
    const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' });
    expect({ status, stdout, stderr }).to.deep.equal({ status: 7, stdout: '', stderr: '' });
  });

  it('gives the lock back on close, any number of times, and keeps the file and its text', () => {
    const path = temporaryDirectory().expect('f.lock').join('f.lock');
    const lock = new LockFile(path, { contentTemplate: 'one' });
    lock.close();
    lock.close();
    expect(readFileSync(path, 'utf8')).to.equal(' one\n');
    using _next = new LockFile(path, { contentTemplate: 'two' });
    lock.close();
    expect(readFileSync(path, 'utf8')).to.equal(' two\n');
    expect(() => new SimpleLockFile(path)).to.throw(LockError);
  });

  it('lets a simple lock leave the text alone', () => {
    const path = temporaryDirectory().expect('f.lock').join('f.lock');
    new SimpleLockFile(path).close();
    expect(readFileSync(path, 'utf8')).to.equal('');
    writeFileSync(path, 'words');
    new SimpleLockFile(path).close();
    expect(readFileSync(path, 'utf8')).to.equal('words');
  });

  it('calls onLock of a subclass with the options, and gives the lock back if that throws', () => {
    const path = temporaryDirectory().expect('f.lock').join('f.lock');
    class Told extends SimpleLockFile<{ words: string }> {
      protected override onLock(options: { words: string }): void {
        if (options.words === '') throw new Error('no words');
        writeFileSync(this.path, options.words);
      }
    }
    expect(() => new Told(path, { words: '' })).to.throw('no words');
    using _told = new Told(path, { words: 'some' });
    expect(readFileSync(path, 'utf8')).to.equal('some');
  });

  it('lets errors other than contention come through as themselves', () => {
    const directory = temporaryDirectory();
    expect(() => new LockFile(directory.join('none', 'f.lock')))
      .to.throw(Error)
      .with.property('code', 'ENOENT');
    expect(() => new LockFile(1 as never)).to.throw(TypeError);
  });

  it('is recovered at once from a holder that was killed', () => {
    const path = temporaryDirectory().expect('f.lock').join('f.lock');
    const script = `import(${JSON.stringify(zc)}).then(({ LockFile }) => {
      new LockFile(${JSON.stringify(path)}); process.kill(process.pid, 'SIGKILL');
    })`;
    const { pid, signal } = spawnSync(process.execPath, ['-e', script]);
    expect(signal).to.equal('SIGKILL');
    expect(readFileSync(path, 'utf8')).to.equal(` ${pid}\n`);
    using _lock = new LockFile(path);
    expect(readFileSync(path, 'utf8')).to.equal(` ${process.pid}\n`);
  });

  it('leaves the old text whole when the disk takes only a part of the new one', function () {
    if (process.platform === 'win32') this.skip();
    const path = temporaryDirectory().expect('f.lock').join('f.lock');
    writeFileSync(path, 'old');
    const script = `
      import { LockFile } from ${JSON.stringify(zc)};
      new LockFile(${JSON.stringify(path)}, { contentTemplate: 'x'.repeat(20_000) });`;
    // The limit on the file size acts like a full disk: first a part is written, then nothing.
    const shell = `ulimit -f 8; exec "$0" --input-type=module --eval "$1"`;
    const { status, stderr } = spawnSync('bash', ['-c', shell, process.execPath, script], {
      env: { ...process.env, NODE_V8_COVERAGE: '' },
      encoding: 'utf8',
    });
    expect(statSync(path).size, 'bytes in place').to.equal(3);
    expect({ status, code: /code: '(\w+)'/.exec(stderr)?.[1] }).to.deep.equal({ status: 1, code: 'EFBIG' });
    new LockFile(path).close(); // The failed constructor has released the lock.
  });

  it('removes what a process left that was killed while writing', () => {
    const directory = temporaryDirectory().expect('f.lock', 'f.lock.holdfast-notes');
    const path = directory.join('f.lock');
    writeFileSync(`${path}.holdfast-notes`, '');
    for (const end of ['', '.1234']) writeFileSync(`${path}.holdfast-${'0'.repeat(24)}${end}`, '');
    new LockFile(path).close();
    expect(readdirSync(directory.path).sort()).to.deep.equal(['f.lock', 'f.lock.holdfast-notes']);
  });

  it('writes what zc.lockfile writes, and doesn’t exclude it, as the docs say', function () {
    const python = [
      '-c',
      'import sys, zc.lockfile, os; l = zc.lockfile.LockFile(sys.argv[1]); print(os.getpid())',
    ];
    const path = temporaryDirectory().expect('f.lock').join('f.lock');
    using _lock = new LockFile(path);
    let pid: string;
    try {
      pid = execFileSync('/usr/bin/python3', [...python, path], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      });
    } catch {
      this.skip();
    }
    expect(readFileSync(path, 'utf8')).to.equal(` ${pid}`);
  });
});
