/** A process that replaces itself with another program keeps its pid and its start time, but not its locks. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { newerNode } from '../support/peers.js';
import { imports } from '../support/script.js';
import { temporaryDirectory } from '../support/temporary.js';
import { actor, endAll, run, works } from './actors.js';

const node = newerNode() ?? process.execPath;
const hasExecve = works(node, '-e', "process.exit(typeof process.execve === 'function' ? 0 : 1)");
const law = process.platform === 'linux' && hasExecve ? it : it.skip;
/** Every program has the same addresses, so nothing distinguishes one from the next. */
const sameAddresses = ['setarch', '-R'];
const lawWithout = works(...(sameAddresses as [string]), 'true') ? law : it.skip;

/** Runs a script that is replaced by a second one in the same process; what both say. */
function replace(first: string, second: string): string {
  const text = `${imports}
    const next = (script) => process.execve(${JSON.stringify(node)},
      [${JSON.stringify(node)}, '--input-type=module', '--eval', script], process.env);
    ${first}
    next(${JSON.stringify(imports + second)});`;
  const { stdout, stderr } = spawnSync(node, ['--input-type=module', '--eval', text], {
    cwd: temporaryDirectory().path,
    encoding: 'utf8',
    timeout: 20_000,
  });
  return stdout === '' ? stderr : stdout;
}

describe('a program that replaces the holder in its own process', () => {
  afterEach(endAll);

  for (const kind of ['LinkLockFile', 'MkdirLockFile', 'SymlinkLockFile']) {
    for (const options of ['{}', '{ threaded: false }']) {
      law(`takes over the lock of its predecessor (${kind}, ${options})`, () => {
        const said = replace(
          `await new ${kind}('README', ${options}).acquire(0); say(process.pid);`,
          `const lock = new ${kind}('README', ${options});
          say((await lock.holder()).verdict + ' ' + (await lock.iAmLocking()));
          await lock.acquire(5_000);
          say(lock.clean + ' ' + lock.previousHolder.pid + ' ' + (await lock.iAmLocking()));
          await lock.release();`,
        );
        expect(said).to.match(/^(\d+)\ndead false\nfalse \1 true\n$/);
      });
    }
  }

  law('lets any other process take it over', async () => {
    const directory = temporaryDirectory();
    const text = `${imports}
      await new LockFile('README').acquire(0);
      process.execve('/bin/sh', ['sh', '-c', 'echo "{}"; read line'], process.env);`;
    const holder = await run([node, '--input-type=module', '--eval', text], { cwd: directory.path });
    const late = await actor('try', directory.join('README'));
    expect(late.took, late.message).to.equal(true);
    holder.process.stdin?.end();
    await holder.ended;
  });

  lawWithout('is told that the holder is itself, where nothing proves that it isn’t', () => {
    const directory = temporaryDirectory().expect('main.mjs');
    // The same arguments and environment as well, since they are on the stack.
    const text = `${imports}
      if (!fs.existsSync('README.lock')) {
        await new LockFile('README').acquire(0);
        process.execve(process.execPath, [process.execPath, process.argv[1]], process.env);
      }
      try { await new LockFile('README').acquire(0); } catch ({ message }) { say(message); }
      try { new LockFile('README').acquireSync(); } catch ({ message }) { say(message); }
      await new LockFile('README').breakLock();
      for (const name of fs.readdirSync('.')) if (name !== 'main.mjs') fs.rmSync(name);`;
    writeFileSync(directory.join('main.mjs'), text);
    const [command, ...args] = [...sameAddresses, node, directory.join('main.mjs')];
    const options = { cwd: directory.path, encoding: 'utf8', timeout: 20_000 } as const;
    const [asked, waited] = spawnSync(command, args, options).stdout.split('\n');
    expect(asked).to.include('this very process').and.to.include('breakLock()');
    expect(waited).to.include('already held by this thread');
  });
});
