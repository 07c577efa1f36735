/** Two copies of this package in one process share the queue, and release each other's locks at exit. */
import { cpSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { projectDirectory } from '../support/paths.js';
import { endScripts, run } from '../support/script.js';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary.js';

function copyInto(directory: TemporaryDirectory): string {
  directory.expect('copy', 'copy/');
  cpSync(join(projectDirectory, 'dist/src'), directory.join('copy/src'), { recursive: true });
  writeFileSync(directory.join('copy/package.json'), '{ "type": "module" }');
  symlinkSync(join(projectDirectory, 'node_modules'), directory.join('copy/node_modules'), 'junction');
  return `const other = await import(${JSON.stringify(pathToFileURL(directory.join('copy/src/index.js')).href)});
    if (other.LockFile === LockFile) throw new Error('one copy only');`;
}

describe('two copies of this package in one process', () => {
  afterEach(endScripts);

  it('share one queue, first in, first out', async () => {
    const directory = temporaryDirectory();
    const script = `${copyInto(directory)}
      const first = await new LockFile('README').acquire();
      const order = [];
      const waits = [other, holdfast, other, holdfast].map(async (copy, index) => {
        const lock = await new copy.LockFile('README').acquire(5_000);
        order.push(index);
        await lock.release();
      });
      await first.release();
      await Promise.all(waits);
      say(order.join());`;
    expect((await run(script, { cwd: directory.path })).stdout).to.equal('0,1,2,3\n');
  });

  it('know when one would wait for the other forever', async () => {
    const directory = temporaryDirectory();
    const script = `${copyInto(directory)}
      const lock = await new other.LockFile('README').acquire();
      try { new LockFile('README').acquireSync(); } catch (error) { say(error.message); }
      await lock.release();`;
    const { stdout } = await run(script, { cwd: directory.path });
    expect(stdout).to.include('held by this thread');
  });

  it('release at exit what both hold, with one hook', async () => {
    const directory = temporaryDirectory();
    const script = `${copyInto(directory)}
      await new LockFile('one').acquire();
      const before = process.listenerCount('SIGTERM');
      await new other.LockFile('two').acquire();
      say(String(process.listenerCount('SIGTERM') - before));
      process.exit();`;
    expect((await run(script, { cwd: directory.path })).stdout).to.equal('0\n');
  });

  it('put out each other’s beacons, after breakLock and at exit', async () => {
    const directory = temporaryDirectory();
    const script = `${copyInto(directory)}
      const count = () => say(String(fs.readdirSync('.').filter((name) => name.startsWith('.holdfast-')).length));
      await new other.LockFile('one', { beacon: true }).acquire();
      await new other.LockFile('two', { beacon: true }).acquire();
      await new LockFile('three', { beacon: true }).acquire();
      count();
      await new LockFile('one').breakLock();
      count();
      process.exit();`;
    const expected = process.platform === 'linux' ? '3\n2\n' : '0\n0\n';
    expect((await run(script, { cwd: directory.path })).stdout).to.equal(expected);
    expect(readdirSync(directory.path)).to.deep.equal(['copy']);
  });
});
