/** Facts about a directory are remembered only while they stay true. Needs root. */
import { mkdirSync } from 'node:fs';
import { expect } from 'chai';
import { endScripts, packageUrl, start } from '../support/script.js';
import { temporaryDirectory } from '../support/temporary.js';
import { works } from './actors.js';

const law = process.platform === 'linux' && works('unshare', '--mount', 'true') ? it : it.skip;

describe('a directory', () => {
  afterEach(endScripts);

  law('is local no more a moment after another filesystem was mounted over it', async () => {
    const directory = temporaryDirectory().expect('data');
    mkdirSync(directory.join('data'));
    const script = start(
      `import { execFileSync } from 'node:child_process';
      const { isLocal } = await import(new URL('system/directory-facts.js', ${JSON.stringify(packageUrl)}));
      const isRecordLocal = () => {
        const lock = new LockFile('data/README').acquireSync(0);
        const { local } = lock.record;
        lock.releaseSync();
        return local === true;
      };
      const before = isRecordLocal() && isLocal(process.cwd() + '/data');
      // Not a disk of this machine alone, as far as its type shows: it stands for a network share.
      execFileSync('mount', ['-t', 'proc', 'proc', 'data']);
      await new Promise((resolve) => setTimeout(resolve, 150));
      say(before + ' ' + isLocal(process.cwd() + '/data'));`,
      { cwd: directory.path, wrapper: ['unshare', '--mount'] },
    );
    expect(await script.line()).to.equal('true false');
    await script.ended;
  });
});
