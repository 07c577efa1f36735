/** `holdfast run`: runs a command while holding a lock. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { command } from '../support/peers.js';
import { main, Place, type Ended, type Started } from './holdfast.js';

const node = process.execPath;
/** Prints that it has started, and runs until a signal ends it. */
const staying = `setInterval(() => {}, 1_000); console.log('up');`;

/** All signals that end a process by default and can be caught. */
const catchable = [
  ...([
    'SIGHUP',
    'SIGINT',
    'SIGQUIT',
    'SIGTERM',
    'SIGUSR1',
    'SIGUSR2',
    'SIGALRM',
    'SIGABRT',
    'SIGTRAP',
  ] as const),
  ...(['SIGSYS', 'SIGXCPU', 'SIGXFSZ', 'SIGVTALRM', 'SIGIO', 'SIGPWR', 'SIGSTKFLT', 'SIGPROF'] as const),
];

/** Ends the command of a run, which no other signal ends. */
async function endCommand(run: Started, place: Place): Promise<Ended> {
  const children = `/proc/${run.child.pid}/task/${run.child.pid}/children`;
  process.kill(Number(readFileSync(children, 'utf8')), 'SIGKILL');
  const ended = await run.ended;
  expect(ended.code).to.equal(128 + constants.signals.SIGKILL);
  expect(await place.lock('file').isLocked()).to.equal(false);
  return ended;
}

describe('holdfast run', () => {
  it('runs a command while it holds the lock, and then frees the lock', async () => {
    const place = new Place();
    const script = 'console.log(fs.existsSync("file.lock"), ...process.argv.slice(1))';
    const { code, stdout, stderr } = await place.run(
      'run',
      'file',
      '--',
      node,
      '-e',
      script,
      '--',
      '--note',
      '-x',
    );
    expect({ code, stdout, stderr }).to.deep.equal({ code: 0, stdout: 'true --note -x\n', stderr: '' });
    expect(readdirSync(place.directory.path)).to.deep.equal([]);
  });

  it('exits with the command’s exit code, or with 128 + n for a signal', async () => {
    const place = new Place();
    const { SIGTERM, SIGKILL } = constants.signals;
    expect((await place.run('run', 'file', '--', node, '-e', 'process.exit(7)')).code).to.equal(7);
    for (const signal of ['SIGTERM', 'SIGKILL']) {
      const script = `process.kill(process.pid, '${signal}'); setInterval(() => {}, 1_000);`;
      const { code } = await place.run('run', 'file', '--', node, '-e', script);
      expect(code).to.equal(128 + (signal === 'SIGTERM' ? SIGTERM : SIGKILL));
    }
  });

  it('reports a command that it can’t run, with the exit code of a shell', async () => {
    const place = new Place();
    const missing = await place.run('run', 'file', '--', 'no-such-command');
    expect(missing).to.include({ code: 127, stderr: 'holdfast: command not found: no-such-command\n' });
    const wrong = await place.run('run', 'file', '--json', '--', place.directory.path);
    expect(wrong.code).to.equal(126);
    const { error } = JSON.parse(wrong.stderr) as { error: object };
    expect(error).to.include({ code: 'COMMAND_FAILED', exitCode: 126 });
  });

  for (const [kind, is] of [
    ['link', 'isFile'],
    ['mkdir', 'isDirectory'],
    ['symlink', 'isSymbolicLink'],
  ] as const) {
    it(`creates the kind of lock that is asked for: --kind ${kind}`, async () => {
      const script = `console.log(fs.lstatSync('file.lock').${is}())`;
      const { stdout } = await new Place().run('run', '--kind', kind, 'file', '--', node, '-e', script);
      expect(stdout).to.equal('true\n');
    });
  }

  it('waits for the lock, and runs one command at a time', async () => {
    const place = new Place();
    place.directory.expect('log');
    const script = `
      fs.appendFileSync('log', 'in ');
      setTimeout(() => fs.appendFileSync('log', 'out '), 30);`;
    const runs = [1, 2, 3].map(() => place.run('run', 'file', '--', node, '-e', script));
    expect((await Promise.all(runs)).map(({ code }) => code)).to.deep.equal([0, 0, 0]);
    expect(readFileSync(place.directory.join('log'), 'utf8')).to.equal('in out in out in out ');
  });

  describe('after a timeout', () => {
    it('exits with 75, names the holder, and runs nothing', async () => {
      const place = new Place();
      const lock = await place.lock('file').acquire();
      const { code, stdout, stderr } = await place.run(
        'run',
        '--timeout',
        '50ms',
        'file',
        '--',
        'echo',
        'in',
      );
      expect({ code, stdout }).to.deep.equal({ code: 75, stdout: '' });
      expect(stderr).to.match(/^holdfast: timed out: file is held by pid \d+.*"a test".*, since .*alive\.\n/);
      expect(stderr).to.match(/holdfast break --force file\n$/);
      await lock.release();
    });

    it('exits with the code of -E, and prints the error as JSON', async () => {
      const place = new Place();
      const lock = await place.lock('file').acquire();
      const { code, stderr } = await place.run(
        'run',
        '-t',
        '0',
        '-E',
        '3',
        '--json',
        'file',
        '--',
        'echo',
        'in',
      );
      const { error } = JSON.parse(stderr) as { error: { holder: object; path: string } };
      expect(code).to.equal(3);
      expect(error).to.include({
        code: 'ALREADY_LOCKED',
        path: lock.path,
        lockPath: lock.lockPath,
        exitCode: 3,
      });
      expect(error.holder).to.include({ pid: process.pid, note: 'a test', verdict: 'alive' });
      await lock.release();
    });
  });

  it('exits with 73 if the lock can’t be created', async () => {
    const { code, stderr } = await new Place().run('run', 'none/file', '--', 'echo', 'in');
    expect(code).to.equal(73);
    expect(stderr).to.include('none does not exist; create it first (ENOENT)');
  });

  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGUSR2'] as const) {
    it(`passes ${signal} on, and frees the lock when the command has ended`, async () => {
      const place = new Place();
      place.detached = true;
      const script = `process.on('${signal}', () => setTimeout(() => process.exit(9), 30)); ${staying}`;
      const run = place.start('run', 'file', '--', node, '-e', script);
      await run.says('up');
      run.child.kill(signal);
      expect(await run.ended).to.include({ code: 9, signal: null });
      expect(await place.lock('file').isLocked()).to.equal(false);
    });
  }

  it('holds the lock until the command has ended, whatever signal comes', async function () {
    if (process.platform !== 'linux') this.skip();
    const place = new Place();
    place.detached = true;
    const script = `
      const signals = ${JSON.stringify(catchable)};
      for (const signal of signals) process.on(signal, () => console.log('<' + signal + '>'));
      ${staying}`;
    const run = place.start('run', 'file', '--', node, '-e', script);
    await run.says('up');
    for (const signal of catchable) {
      run.child.kill(signal);
      await run.says(`<${signal}>`);
      expect(await place.lock('file').holder(), signal).to.include({ pid: run.child.pid, verdict: 'alive' });
    }
    const { stdout } = await endCommand(run, place);
    expect(stdout.match(/<\w+>/g), 'each signal is passed on once').to.have.lengthOf(catchable.length);
  });

  it('holds the lock while its command runs as another user, which it may not signal', async function () {
    // Root without the capability to signal others is like any user whose command is sudo.
    const without = ['--bounding-set=-kill', '--inh-caps=-kill'];
    const isPossible = spawnSync('setpriv', [
      ...without,
      'setpriv',
      '--reuid',
      '65534',
      '--clear-groups',
      'true',
    ]);
    if (isPossible.status !== 0) this.skip();
    const place = new Place();
    place.detached = true;
    place.wrapper = ['setpriv', ...without];
    const asOther = [
      'setpriv',
      '--reuid',
      '65534',
      '--clear-groups',
      'sh',
      '-c',
      'echo up; read line; exit 9',
    ];
    const run = place.start('run', 'file', '--', ...asOther);
    await run.says('up');
    run.child.kill('SIGTERM');
    await run.complains("can't pass SIGTERM on to the command: it runs as another user (EPERM)");
    expect(await place.lock('file').holder()).to.include({ pid: run.child.pid, verdict: 'alive' });
    run.child.stdin?.end('\n');
    expect(await run.ended).to.include({ code: 9, signal: null });
    expect(await place.lock('file').isLocked()).to.equal(false);
  });

  it('holds the lock on a hangup while its command is one that nohup runs', async function () {
    if (process.platform === 'win32' || command('nohup') === undefined) this.skip();
    const place = new Place();
    place.detached = true;
    const script = 'echo up; read line; echo alive; read line; exit 5';
    const run = place.start('run', 'file', '--', 'nohup', 'sh', '-c', script);
    await run.says('up');
    run.child.kill('SIGHUP');
    await sleep(100); // For the signal to be passed on.
    run.child.stdin?.write('\n');
    await run.says('alive');
    expect(await place.lock('file').holder()).to.include({ pid: run.child.pid, verdict: 'alive' });
    run.child.stdin?.end('\n');
    expect(await run.ended).to.include({ code: 5, signal: null });
  });

  it('passes on the jobserver of make', function () {
    if (process.platform !== 'linux' || command('make') === undefined) this.skip();
    const { directory } = new Place();
    directory.expect('Makefile');
    const holdfast = [node, main].map((each) => JSON.stringify(each)).join(' ');
    writeFileSync(
      directory.join('Makefile'),
      `all:\n\t+@${holdfast} run file -- $(MAKE) --no-print-directory inner\n` +
        `inner: one two\n\t@echo $(MAKEFLAGS)\none two:\n\t@echo $@\n`,
    );
    const { status, stdout, stderr } = spawnSync('make', ['-j2', '--no-print-directory'], {
      cwd: directory.path,
      env: { ...process.env, MAKEFLAGS: '' },
      encoding: 'utf8',
    });
    expect({ status, stderr }).to.deep.equal({ status: 0, stderr: '' });
    expect(stdout).to.match(/^(one\ntwo|two\none)\n.*--jobserver/);
  });

  it('passes on no pipe of its own that has the number of a jobserver', async function () {
    if (process.platform !== 'linux') this.skip();
    const place = new Place();
    const list = 'echo /proc/self/fd/*';
    const runs = Array.from({ length: 8 }, (_, index) => {
      const pipe = index + 2;
      place.env = { MAKEFLAGS: pipe === 2 ? '' : `-j2 --jobserver-auth=${pipe},${pipe + 1}` };
      return place.run('run', `file-${pipe}`, '--', 'sh', '-c', list);
    });
    const [without, ...others] = (await Promise.all(runs)).map(({ stdout }) => stdout);
    for (const each of others) expect(each).to.equal(without);
  });

  it('passes on the sockets of systemd, and names the command as their receiver', function () {
    if (process.platform !== 'linux') this.skip();
    const { directory } = new Place();
    directory.expect('one', 'two');
    for (const name of ['one', 'two']) writeFileSync(directory.join(name), `${name}\n`);
    const receive = 'cat <&3; cat <&4; test "$LISTEN_PID" = $$ && echo mine $LISTEN_FDS "$1"';
    const script = `exec 3<one 4<two; LISTEN_FDS=2 LISTEN_PID=$$; export LISTEN_FDS LISTEN_PID; exec "$@"`;
    const { stdout, stderr, status } = spawnSync(
      'sh',
      ['-c', script, 'sh', node, main, 'run', 'file', '--', 'sh', '-c', receive, 'sh', 'a b'],
      { cwd: directory.path, encoding: 'utf8' },
    );
    expect({ stdout, stderr, status }).to.deep.equal({
      stdout: 'one\ntwo\nmine 2 a b\n',
      stderr: '',
      status: 0,
    });
  });

  it('notes the command’s name in the lock, or the text of --note', async () => {
    const place = new Place();
    for (const [args, note] of [
      [[], 'node'],
      [['--note', 'nightly'], 'nightly'],
    ] as const) {
      const run = place.start('run', ...args, 'file', '--', node, '-e', staying);
      await run.says('up');
      const holder = await place.lock('file').holder();
      expect(holder).to.include({ pid: run.child.pid, note, verdict: 'alive' });
      run.child.kill();
      await run.ended;
    }
  });

  it('keeps the exit code when its lock is broken, and reports that', async () => {
    const place = new Place();
    const run = place.start(
      'run',
      'file',
      '--',
      node,
      '-e',
      `process.on('SIGTERM', () => process.exit(0)); ${staying}`,
    );
    await run.says('up');
    await place.lock('file').breakLock();
    run.child.kill();
    const { code, stderr } = await run.ended;
    expect(code).to.equal(0);
    expect(stderr).to.include('was broken by force');
  });

  it('leaves a lock that the next contender recovers when it is killed, though its command lives', async () => {
    const place = new Place();
    place.directory.expect('pid');
    const script = `fs.writeFileSync('pid', String(process.pid)); ${staying}`;
    const run = place.start('run', 'file', '--', node, '-e', script);
    await run.says('up');
    run.child.kill('SIGKILL');
    const next = place.lock('file');
    await next.acquire(5_000);
    expect(next.previousHolder).to.include({ pid: run.child.pid });
    await next.release();
    // This throws unless the command lives. The output that it inherited stays open until it ends.
    process.kill(Number(readFileSync(place.directory.join('pid'), 'utf8')), 'SIGKILL');
    await run.ended;
  });

  it('doesn’t pass on Ctrl-C at a terminal, which has sent it to the command', function () {
    const python = spawnSync('python3', ['-c', 'import pty']);
    if (process.platform === 'win32' || python.status !== 0) this.skip();
    const place = new Place();
    place.directory.expect('log');
    const script = `
      let count = 0;
      process.on('SIGINT', () => { fs.writeFileSync('log', String(++count)); setTimeout(() => process.exit(4), 200); });
      ${staying}`;
    const drive = `
import os, pty, sys, time
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
seen = b''
while b'up' not in seen:
    seen += os.read(terminal, 1000)
os.write(terminal, b'\\x03')
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))`;
    const { status, stderr } = spawnSync(
      'python3',
      ['-c', drive, node, main, 'run', 'file', '--', node, '-e', script],
      { cwd: place.directory.path, encoding: 'utf8' },
    );
    expect(status, stderr).to.equal(4);
    expect(readFileSync(place.directory.join('log'), 'utf8')).to.equal('1');
    expect(existsSync(place.directory.join('file.lock'))).to.equal(false);
  });
});
