/** What `docs/guide/command-line.md` shows, typed in a folder where its scripts are: it runs, and says what is written there. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { LockFile } from '../../src/index.js';
import { projectDirectory } from '../support/paths.js';
import { command } from '../support/peers.js';
import { endScripts, start } from '../support/script.js';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary.js';
import { main } from '../command/holdfast.js';

const page = readFileSync(join(projectDirectory, 'docs/guide/command-line.md'), 'utf8');
const blocks = [...page.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, text = '']) => text);

/** A block of a session: what was typed, and what was answered. */
const sessions = blocks
  .filter((text) => text.startsWith('$ '))
  .map((text) => /^\$ (.*)\n([^]*)$/.exec(text)?.slice(1) ?? []);

/** Pids, hosts and times are others on each machine. */
function plain(text: string): string {
  return text
    .replace(/pid \d+/g, 'pid N')
    .replace(/on host \S+/g, 'on host H')
    .replace(/since \S+ \([^)]*\)/g, 'since T');
}

function folder(): { directory: TemporaryDirectory; type: (line: string) => Promise<string> } {
  const directory = temporaryDirectory().expect('bin/', 'backup.sh');
  mkdirSync(directory.join('bin'));
  const script = (name: string, text: string) => {
    writeFileSync(directory.join(name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  };
  script('bin/holdfast', `exec ${JSON.stringify(process.execPath)} ${JSON.stringify(main)} "$@"`);
  script('bin/use-the-cache', 'echo used');
  script('backup.sh', 'test -e backup.lock && echo "backed up $1"');
  const env = { ...process.env, PATH: `${directory.join('bin')}:${process.env['PATH'] ?? ''}` };
  const type = async (line: string) => {
    const child = spawn('sh', ['-c', line], { cwd: directory.path, env });
    let said = '';
    for (const output of [child.stdout, child.stderr]) output.on('data', (text) => (said += String(text)));
    await once(child, 'close');
    return said;
  };
  return { directory, type };
}

describe('docs/guide/command-line.md', function () {
  this.timeout(60_000);

  before(function () {
    if (process.platform === 'win32') this.skip();
  });
  afterEach(endScripts);

  it('shows commands that run', async function () {
    const lines = blocks.filter((text) => !text.startsWith('$ '));
    expect(lines).to.have.lengthOf(3);
    const { type } = folder();
    const answers = { 'backup.sh --all': 'backed up --all\n', setpriv: 'backed up \n', cache: 'used\n' };
    for (const [words, answer] of Object.entries(answers)) {
      const line = lines.find((each) => each.includes(words)) ?? '';
      if (words === 'setpriv' && command('setpriv') === undefined) continue;
      expect(await type(line), line).to.equal(answer);
    }
  });

  it('shows who holds a lock, and what is broken, in the words that are said', async () => {
    const [status = [], broken = []] = sessions;
    const { directory, type } = folder();
    const path = directory.join('config.json');
    const holder = start(
      `await new LockFile(${JSON.stringify(path)}, { note: 'nightly import', threaded: false }).acquire();
       say('mine'); setInterval(() => {}, 1_000);`,
      { cwd: directory.path },
    );
    await holder.line();
    expect(plain(await type(status[0] ?? ''))).to.equal(plain(status[1] ?? ''));
    await holder.kill();
    expect(plain(await type(broken[0] ?? ''))).to.equal(plain(broken[1] ?? ''));
    expect(new LockFile(path).holderSync()).to.equal(null);
    expect(readdirSync(directory.path).sort()).to.deep.equal(['backup.sh', 'bin']);
  });
});
