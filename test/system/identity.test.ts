/** The identity of this thread: what is read once, what is read again, and where it is never looked for. */
import { expect } from 'chai';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { bootId } from '../../src/system/proc.js';
import { endScripts, packageUrl, run } from '../support/script.js';
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
      const { boot, started, pidNamespace } = lock.record;
      say([boot, started, pidNamespace].includes(undefined) ? 'incomplete' : 'complete');
      lock.releaseSync();`;
      const { stdout } = await run(script, {
        cwd: temporaryDirectory().path,
        wrapper: ['sh', '-c', 'ulimit -n 200; exec "$@"', 'sh'],
      });
      expect(stdout).to.equal('LOCK_FAILED EMFILE\nLOCK_FAILED EMFILE\ncomplete\n');
    },
  );

  for (const platform of ['win32', 'darwin']) {
    onLinux(`on ${platform} is never read from a folder named /proc`, async () => {
      // The real /proc stands for the folder that any user can make on drive C:.
      const platformScript = `Object.defineProperty(process, 'platform', { value: '${platform}' })`;
      const script = `
        const lock = new MkdirLockFile('README').acquireSync(0);
        const { boot, started, pidNamespace, timeNamespace, image, lifeline } = lock.record;
        say(JSON.stringify({ boot, started, pidNamespace, timeNamespace, image, lifeline }));
        lock.releaseSync();
        const { thisMachine } = await import(new URL('system/machine.js', ${JSON.stringify(packageUrl)}));
        say(JSON.stringify(thisMachine.process(process.pid)));`;
      const { stdout } = await run(script, {
        cwd: temporaryDirectory().path,
        nodeOptions: ['--import', `data:text/javascript,${encodeURIComponent(platformScript)}`],
      });
      expect(stdout).to.equal('{}\n{"is":"there","zombie":false}\n');
    });
  }

  onLinux('has a boot id that counts as replaced where the kernel is emulated, as in gVisor', () => {
    expect(bootId()).to.include({ replaced: false });
    const proc = temporaryDirectory();
    mkdirSync(proc.join('sys/kernel/random'), { recursive: true });
    mkdirSync(proc.join('self'));
    writeFileSync(proc.join('self/stat'), '');
    writeFileSync(proc.join('sys/kernel/random/boot_id'), 'an-id\n');
    expect(bootId(proc.path)).to.deep.equal({ id: 'an-id', replaced: true });
    writeFileSync(proc.join('sys/kernel/random/entropy_avail'), '256\n');
    expect(bootId(proc.path)).to.deep.equal({ id: 'an-id', replaced: false });
    for (const name of ['sys', 'self']) rmSync(proc.join(name), { recursive: true });
  });
});
