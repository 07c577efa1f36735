/** The identity of this thread: what is read once, what is read again, and where it is never looked for. */
import { expect } from 'chai';
import { endScripts, run } from '../support/script.js';
import { temporaryDirectory } from '../support/temporary.js';

const onLinux = process.platform === 'linux' ? it : it.skip;

describe('the identity of a thread', () => {
  afterEach(endScripts);

  onLinux(
    'that can’t be read for want of descriptors fails the acquire, and is read by the next',
    async () => {
      const script = `
      const descriptors = [];
      try { for (;;) descriptors.push(fs.openSync('/dev/null')); } catch {}
      for (const Lock of [LinkLockFile, SymlinkLockFile]) {
        try { new Lock('README').acquireSync(0); say('acquired'); }
        catch ({ code, cause }) { say(code + ' ' + cause?.code); }
      }
      for (const descriptor of descriptors) fs.closeSync(descriptor);
      const lock = new SymlinkLockFile('README').acquireSync(0);
      const { boot, started, pidNamespace } = lock.holderSync();
      say([boot, started, pidNamespace].includes(undefined) ? 'incomplete' : 'complete');
      lock.releaseSync();`;
      const { stdout } = await run(script, {
        cwd: temporaryDirectory().path,
        wrapper: ['sh', '-c', 'ulimit -n 200; exec "$@"', 'sh'],
      });
      expect(stdout).to.equal('LOCK_FAILED EMFILE\nLOCK_FAILED EMFILE\ncomplete\n');
    },
  );
});
