/** `holdfast status`, `wait` and `break`, and what all commands have in common. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { inspectPath } from '../../src/command/status.js';
import { describeHolder } from '../../src/command/text.js';
import { parseDuration } from '../../src/command/duration.js';
import { parseTask, UsageError } from '../../src/command/arguments.js';
import { status } from '../../src/command/status.js';
import { projectDirectory } from '../support/paths.js';
import { Place } from './holdfast.js';

describe('holdfast status', () => {
  it('distinguishes free from held, also by its exit code', async () => {
    const place = new Place();
    const lock = await place.lock('held').acquire();
    const both = await place.run('status', 'free', 'held');
    expect(both.code).to.equal(1);
    const [free, held] = both.stdout.split('\n');
    expect(free).to.equal('free: free');
    expect(held).to.match(
      /^held: held, by pid \d+, thread 0, on host \S+ \("a test"\), since \S+Z \(\d+ m?s ago\); the process is alive$/,
    );
    expect(await place.run('status', 'free')).to.include({ code: 0, stdout: 'free: free\n', stderr: '' });
    await lock.release();
  });

  it('reports the lock of a dead holder as stale, and leaves it', async () => {
    const place = new Place();
    await place.leaveStale('file');
    const { code, stdout } = await place.run('status', 'file');
    expect(code).to.equal(0);
    expect(stdout).to.match(/^stale: file, by pid \d+.*"the late".*; the process is gone\n$/);
    expect((await place.lock('file').holder())?.verdict).to.equal('dead');
    await (await place.lock('file').acquire()).release();
  });

  it('gives programs one line of JSON for each path', async () => {
    const place = new Place();
    const lock = await place.lock('b').acquire();
    const { stdout } = await place.run('status', '--json', 'a', 'b');
    const [a, b] = stdout
      .split('\n')
      .slice(0, 2)
      .map((line) => JSON.parse(line) as object);
    expect(a).to.deep.equal({
      path: 'a',
      lockPath: place.directory.join('a.lock'),
      state: 'free',
      holder: null,
      waitingAtLeast: 0,
    });
    expect(b)
      .to.include({ state: 'held' })
      .and.to.have.property('holder')
      .that.includes({ pid: process.pid });
    await lock.release();
  });

  it('reports how many waiters it sees, besides the holder', async () => {
    const place = new Place();
    const lock = await place.lock('file').acquire();
    const waiters = [place.start('run', 'file', '--', 'true'), place.start('run', 'file', '--', 'true')];
    const seen = async () => (await place.run('status', 'file')).stdout;
    const json = async () => JSON.parse((await place.run('status', '--json', 'file')).stdout) as object;
    const expected = /^held: file, by pid .*; the process is alive; at least 2 waiting\n$/;
    while (!expected.test(await seen())) await sleep(10);
    expect(await json()).to.include({ state: 'held', waitingAtLeast: 2 });
    const lines: string[] = [];
    const paths = [place.directory.join('file')];
    await status({ name: 'status', paths }, 'terminal', (line) => lines.push(line));
    expect(lines[0]).to.match(/\n +queue +at least 2 waiting$/);
    await lock.release();
    for (const { ended } of waiters) expect((await ended).code).to.equal(0);
    expect(await seen()).to.equal('free: file\n');
  });

  it('reports the locks of other programs', async () => {
    const { directory } = new Place();
    directory.expect('text.lock', 'empty.lock');
    writeFileSync(directory.join('text.lock'), '123\n');
    mkdirSync(directory.join('empty.lock'));
    const lines: string[] = [];
    const paths = [directory.join('text'), directory.join('empty')];
    const code = await status({ name: 'status', paths }, 'plain', (line) => lines.push(line));
    expect(code).to.equal(1);
    expect(lines).to.deep.equal([
      `held: ${paths[0] ?? ''}, by a file that is not ours; it looks like one of filelock (SoftFileLock): pid 123`,
      `held: ${paths[1] ?? ''}, by an unnamed holder (an empty directory)`,
    ]);
  });

  it('prints a few labelled lines on a terminal', async () => {
    const place = new Place();
    const lock = await place.lock('held').acquire();
    await place.leaveStale('stale');
    const lines: string[] = [];
    const paths = ['free', 'held', 'stale'].map((name) => place.directory.join(name));
    await status({ name: 'status', paths }, 'terminal', (line) => lines.push(line));
    // eslint-disable-next-line no-control-regex -- the colors
    const [free, held, stale] = lines.map((line) => line.replace(/\u001b\[[\d;]+m/g, ''));
    expect(free).to.equal(`free   ${paths[0] ?? ''}`);
    expect(held).to.match(
      /^held {3}.*\n +by +pid \d+.*\n +since +\S+Z \(\d+ m?s ago\)\n +alive +the process is alive.*$/,
    );
    expect(stale).to.match(/\n +dead +the process is gone; the next contender replaces it$/);
    await lock.release();
    await (await place.lock('stale').acquire()).release();
  });

  it('prints no control character of a lock’s text', () => {
    const holder = {
      kind: 'link',
      verdict: 'alive',
      reason: '',
      pid: 1,
      host: 'a\u001b[2Jb\u009b',
      note: '\u001b',
    } as const;
    expect(describeHolder(holder)).to.equal('pid 1, on host a\uFFFD[2Jb\uFFFD ("\uFFFD")');
  });
});

describe('holdfast wait', () => {
  it('returns when the lock is free, and doesn’t take it', async () => {
    const place = new Place();
    expect(await place.run('wait', 'file')).to.deep.equal({ code: 0, signal: null, stdout: '', stderr: '' });
    const lock = await place.lock('file').acquire();
    let over = false;
    const waiting = place.run('wait', 'file').finally(() => (over = true));
    await sleep(1_000);
    expect(over).to.equal(false);
    await lock.release();
    expect((await waiting).code).to.equal(0);
  });

  it('returns when a new holder proves that the lock was free', async () => {
    const place = new Place();
    const waiting = place.start('wait', 'file');
    const over = waiting.ended.then(({ code }) => code);
    for (let code: number | null | undefined; code !== 0;) {
      const lock = await place.lock('file').acquire();
      code = await Promise.race([over, sleep(300, undefined)]);
      await lock.release();
    }
  });

  it('exits with 75 after a timeout, or with the code of -E', async () => {
    const place = new Place();
    const lock = await place.lock('file').acquire();
    const { code, stderr } = await place.run('wait', '-t', '0.05', 'file');
    expect(code).to.equal(75);
    expect(stderr).to.match(/^holdfast: timed out: file is held by pid/);
    expect((await place.run('wait', '-t', '0', '-E', '0', 'file')).code).to.equal(0);
    await lock.release();
  });

  it('does not wait for a dead holder', async () => {
    const place = new Place();
    await place.leaveStale('file');
    expect((await place.run('wait', 'file')).code).to.equal(0);
    await (await place.lock('file').acquire()).release();
  });
});

describe('holdfast break', () => {
  it('removes the lock of a dead holder, and names the holder', async () => {
    const place = new Place();
    await place.leaveStale('file');
    const { code, stdout } = await place.run('break', 'file');
    expect(code).to.equal(0);
    expect(stdout).to.match(/^file: broke the lock of pid \d+.*\("the late"\)\n$/);
    expect(readdirSync(place.directory.path)).to.deep.equal([]);
  });

  it('reports that there is no lock', async () => {
    const place = new Place();
    expect(await place.run('break', 'file')).to.include({ code: 0, stdout: 'file: no lock to break\n' });
    expect((await place.run('break', '--json', 'file')).stdout).to.equal('{"path":"file","broken":null}\n');
  });

  it('leaves the lock of a living holder, except with --force', async () => {
    const place = new Place();
    const lock = await place.lock('file').acquire();
    const refused = await place.run('break', 'file');
    expect(refused.code).to.equal(1);
    expect(refused.stderr).to.match(/^holdfast: the lock was not broken\. file is held by pid/);
    expect(await lock.isHeld()).to.equal(true);

    const forced = await place.run('break', '--force', '--json', 'file');
    expect(forced.code).to.equal(0);
    expect((JSON.parse(forced.stdout) as { broken: object }).broken).to.include({ pid: process.pid });
    expect(await lock.isHeld()).to.equal(false);
    await lock.release().catch(() => undefined);
  });

  it('leaves the lock of another program, except with --force', async () => {
    const place = new Place();
    writeFileSync(place.directory.join('file.lock'), '123\n');
    expect((await place.run('break', 'file')).code).to.equal(1);
    expect(await place.run('break', '--force', 'file')).to.include({
      code: 0,
      stdout:
        'file: broke the lock of a file that is not ours; it looks like one of filelock (SoftFileLock): pid 123\n',
    });
  });
});

describe('holdfast', () => {
  it('prints its version and its usage', async () => {
    const { version } = JSON.parse(readFileSync(join(projectDirectory, 'package.json'), 'utf8')) as {
      version: string;
    };
    const place = new Place();
    expect(await place.run('--version')).to.include({ code: 0, stdout: `${version}\n`, stderr: '' });
    const help = await place.run('run', '--help');
    expect(help).to.include({ code: 0, stderr: '' });
    expect(help.stdout).to.match(/^Usage:\n {2}holdfast run/);
  });

  it('exits with 64 for wrong arguments, with a hint', async () => {
    const { code, stdout, stderr } = await new Place().run('run', 'file', 'echo', 'hello');
    expect({ code, stdout }).to.deep.equal({ code: 64, stdout: '' });
    expect(stderr).to.equal(
      'holdfast: run: put -- before the command: holdfast run file -- echo hello\nTry: holdfast --help\n',
    );
    const long = await new Place().run('run', '--json', '--note', 'x'.repeat(600), 'file', '--', 'echo');
    expect(long.code).to.equal(64);
    expect((JSON.parse(long.stderr) as { error: object }).error).to.include({ exitCode: 64 });
  });

  const wrong: readonly (readonly [string, string])[] = [
    ['', 'missing command: expected run, status, wait or break'],
    ['fly', 'unknown command "fly": expected run, status, wait or break'],
    ['--json status file', 'put --json after the command: run, status, wait or break'],
    ['run', 'run: missing PATH'],
    ['run file', 'run: missing COMMAND: holdfast run file -- COMMAND [ARG...]'],
    ['run file --', 'run: missing COMMAND'],
    ['run --frob file -- echo', "run: unknown option '--frob'"],
    ['run --kind paper file -- echo', '--kind must be one of link, mkdir, symlink'],
    ['run --timeout file -- echo', '--timeout must be a duration such as 30s, 500ms, 2m or 1h, not "file"'],
    ['run -E 256 file -- echo', '-E must be an exit code from 0 to 255'],
    ['status', 'missing PATH'],
    ['status --force file', "status: unknown option '--force'"],
    ['wait -t -1 file', "wait: option '-t' argument is ambiguous"],
    ['wait -t=-1 file', '--timeout must be a duration'],
    ['wait a b', 'unexpected argument "b"'],
    ['break', 'missing PATH'],
    ['constructor', 'unknown command "constructor"'],
  ];
  for (const [line, message] of wrong) {
    it(`refuses "holdfast ${line}"`, () => {
      expect(() => parseTask(line === '' ? [] : line.split(' '))).to.throw(UsageError, message);
    });
  }

  it('refuses an empty path', () => {
    expect(() => parseTask(['status', ''])).to.throw(UsageError, 'must not be empty');
  });

  it('doesn’t parse what follows the --', () => {
    const task = parseTask(['run', '-t', '1', 'file', '--', 'a', '--json', '--help', '--', '-t', '2']);
    expect(task).to.deep.include({
      json: false,
      timeout: 1_000,
      command: ['a', '--json', '--help', '--', '-t', '2'],
    });
    expect(parseTask(['status', '--', '--json'])).to.deep.include({ json: false, paths: ['--json'] });
  });

  it('reads durations', () => {
    const durations = {
      '500ms': 500,
      '30s': 30_000,
      '2m': 120_000,
      '1.5h': 5_400_000,
      '1d': 86_400_000,
      '0': 0,
      '7': 7_000,
    };
    for (const [text, ms] of Object.entries(durations)) expect(parseDuration(text), text).to.equal(ms);
    for (const text of ['', 's', '-1', '1e3', '1 s', 'soon', '1w', '1S', '1constructor', 'Infinity']) {
      expect(parseDuration(text), text).to.equal(undefined);
    }
  });

  it('changes nothing when it inspects a lock', async () => {
    const { directory } = new Place();
    expect(await inspectPath(directory.join('none/file'))).to.include({ state: 'free' });
  });
});
