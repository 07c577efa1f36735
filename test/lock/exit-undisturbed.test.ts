/**
 * A program that holds a lock ends as it would without one: with the same exit code, the same output and by the same
 * signal. Each program runs twice, with a lock and without.
 */
import { readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect } from 'chai';
import { projectDirectory } from '../support/paths.js';
import { start, type Ending } from '../support/script.js';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary.js';

const load = createRequire(join(projectDirectory, 'package.json'));
const signalExit4 = JSON.stringify(load.resolve('signal-exit'));
const properLockfile = JSON.stringify(load.resolve('proper-lockfile'));
const signalExit3 = JSON.stringify(createRequire(load.resolve('proper-lockfile')).resolve('signal-exit'));

const tools = `
  import { createRequire } from 'node:module';
  import { once } from 'node:events';
  const load = createRequire(import.meta.url);
  const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const stay = () => setInterval(() => {}, 1_000);
`;

interface Program {
  /** `HOLD` is where it takes the lock. */
  readonly text: string;
  /** Sent when it says \`ready\`. */
  readonly signal?: NodeJS.Signals;
  readonly expected: Partial<Ending>;
  /** Names in its directory that stay, of the lock. */
  readonly left?: RegExp;
}

const programs: Readonly<Record<string, Program>> = {
  'a top-level await that never settles: 13, and a warning': {
    text: `HOLD\nawait new Promise(() => {});`,
    expected: { code: 13, signal: null },
  },
  'an exit code that an exit listener sets': {
    text: `HOLD\nprocess.on('exit', (code) => { say('exit ' + code); process.exitCode = 9; });`,
    expected: { code: 9, stdout: 'exit 0\n' },
  },
  'process.exit() without a code': {
    text: `HOLD\nprocess.exitCode = 6; process.exit();`,
    expected: { code: 6 },
  },
  'a shutdown by a listener that was registered once, before the lock': {
    text: `
      process.once('SIGTERM', async () => { say('begin'); await sleep(100); say('end'); process.exit(0); });
      HOLD
      stay(); say('ready');`,
    signal: 'SIGTERM',
    expected: { code: 0, signal: null, stdout: 'ready\nbegin\nend\n' },
  },
  'a shutdown by a listener that was prepended after the lock, and removes itself': {
    text: `
      HOLD
      const shutDown = async () => { process.off('SIGTERM', shutDown); await sleep(100); say('end'); process.exit(0); };
      process.prependListener('SIGTERM', shutDown);
      stay(); say('ready');`,
    signal: 'SIGTERM',
    expected: { code: 0, signal: null, stdout: 'ready\nend\n' },
  },
  'a shutdown that awaits the signal': {
    text: `
      const signal = once(process, 'SIGINT');
      HOLD
      stay(); say('ready'); await signal; await sleep(50); say('end'); process.exit(3);`,
    signal: 'SIGINT',
    expected: { code: 3, signal: null, stdout: 'ready\nend\n' },
  },
  'a clean-up that sends the signal again': {
    text: `
      process.once('SIGTERM', () => { say('clean'); process.kill(process.pid, 'SIGTERM'); });
      HOLD
      stay(); say('ready');`,
    signal: 'SIGTERM',
    expected: { code: null, signal: 'SIGTERM', stdout: 'ready\nclean\n' },
  },
  'a second signal after the listener of the first is gone': {
    text: `
      process.once('SIGINT', () => { say('once'); setTimeout(() => process.kill(process.pid, 'SIGINT'), 20); });
      HOLD
      stay(); say('ready');`,
    signal: 'SIGINT',
    expected: { code: null, signal: 'SIGINT', stdout: 'ready\nonce\n' },
  },
  'SIGXFSZ, which Node ignores': {
    text: `HOLD\nstay(); process.kill(process.pid, 'SIGXFSZ'); await sleep(100); say('alive'); process.exit(0);`,
    expected: { code: 0, signal: null, stdout: 'alive\n' },
  },
  'SIGABRT, which reports a failure: at once, and left to the next contender': {
    text: `HOLD\nstay(); say('ready');`,
    signal: 'SIGABRT',
    expected: { code: null, signal: 'SIGABRT' },
    left: /^config\.json\.lock/,
  },
  'as many listeners of exit and of a signal as Node allows without a warning': {
    text: `
      for (let i = 0; i < 9; i++) process.on('exit', () => {}); // Node has one of its own.
      for (let i = 0; i < 10; i++) process.on('SIGTERM', () => process.exit(2));
      HOLD
      stay(); say('ready');`,
    signal: 'SIGTERM',
    expected: { code: 2, stderr: '' },
  },
  'a patch of process.emit, which hears everything and stays': {
    text: `
      const heard = new Set();
      const { emit } = process;
      const patch = function (name, ...rest) { heard.add(name); return emit.call(this, name, ...rest); };
      process.emit = patch;
      HOLD
      process.on('exit', () => { say([heard.has('custom'), heard.has('exit'), process.emit === patch].join()); });
      process.emit('custom');`,
    expected: { code: 0, stdout: 'true,true,true\n' },
  },
  'a patch of process.emit and process.reallyExit after the lock, which stays when the lock is released': {
    text: `
      let release = async () => {};
      HOLD
      const { emit, reallyExit } = process;
      const patch = (process.emit = (...args) => emit.apply(process, args));
      const exit = (process.reallyExit = (...args) => reallyExit.apply(process, args));
      if (globalThis.lock !== undefined) await lock.release();
      await sleep(50);
      say([process.emit === patch, process.reallyExit === exit].join());`,
    expected: { code: 0, stdout: 'true,true\n' },
  },
};

for (const [version, path] of Object.entries({ '4': signalExit4, '3': signalExit3 })) {
  const onExit = version === '4' ? `load(${path}).onExit` : `load(${path})`;
  Object.assign(programs, {
    [`listeners of signal-exit ${version}, by a signal`]: {
      text: `
        ${onExit}((code, signal) => say([code, signal, globalThis.lock?.isHeldSync() ?? true].join()));
        HOLD
        stay(); say('ready');`,
      signal: 'SIGTERM',
      expected: { code: null, signal: 'SIGTERM', stdout: 'ready\n,SIGTERM,true\n' },
    },
    [`listeners of signal-exit ${version} that came after the lock, by a signal`]: {
      text: `
        HOLD
        ${onExit}((code, signal) => say([code, signal, globalThis.lock?.isHeldSync() ?? true].join()));
        stay(); say('ready');`,
      signal: 'SIGINT',
      expected: { code: null, signal: 'SIGINT', stdout: 'ready\n,SIGINT,true\n' },
    },
    [`listeners of signal-exit ${version} beside one of the program`]: {
      text: `
        ${onExit}((code, signal) => say([code, signal].join()));
        HOLD
        process.on('SIGTERM', () => { say('program'); process.exit(4); });
        stay(); say('ready');`,
      signal: 'SIGTERM',
      expected: { code: 4, signal: null, stdout: 'ready\nprogram\n4,\n' },
    },
    [`a copy of signal-exit ${version} that was there before and goes, by process.exit()`]: {
      text: `
        const first = ${onExit}(() => {});
        HOLD
        first();
        process.exit(7);`,
      expected: { code: 7, signal: null },
    },
    [`a copy of signal-exit ${version} that goes before the last release`]: {
      text: `
        const first = ${onExit}(() => {});
        HOLD
        first();
        await globalThis.lock?.release();
        await sleep(50);
        say(['SIGTERM', 'SIGXFSZ'].map((name) => process.listenerCount(name)).join());`,
      expected: { code: 0, stdout: '0,0\n' },
    },
    [`a copy of signal-exit ${version} that comes and goes`]: {
      text: `
        const first = ${onExit}(() => {});
        HOLD
        first();
        ${onExit}(() => {})();
        await sleep(50);
        stay(); say('ready');`,
      signal: 'SIGTERM',
      expected: { code: null, signal: 'SIGTERM', stdout: 'ready\n' },
    },
  } satisfies Record<string, Program>);
}

Object.assign(programs, {
  'both versions of signal-exit': {
    text: `
      load(${signalExit4}).onExit(() => say('four'));
      load(${signalExit3})(() => say('three'));
      HOLD
      stay(); say('ready');`,
    signal: 'SIGHUP',
    expected: { code: null, signal: 'SIGHUP' },
  },
  'a listener of signal-exit that keeps the program running': {
    text: `
      load(${signalExit4}).onExit((code, signal) => { say('kept'); return signal === 'SIGTERM'; });
      HOLD
      stay(); say('ready');
      await sleep(300);
      say(String(globalThis.lock?.isHeldSync() ?? true));
      process.kill(process.pid, 'SIGINT');`,
    signal: 'SIGTERM',
    expected: { code: null, signal: 'SIGINT', stdout: 'ready\nkept\ntrue\n' },
  },
  'a lock of proper-lockfile beside it, by a signal': {
    text: `
      load(${properLockfile}).lockSync(process.cwd(), { lockfilePath: 'proper.lock' });
      HOLD
      stay(); say('ready');`,
    signal: 'SIGTERM',
    expected: { code: null, signal: 'SIGTERM' },
  },
} satisfies Record<string, Program>);

describe('a program that holds a lock ends as without:', () => {
  let directory: TemporaryDirectory;

  beforeEach(() => {
    directory = temporaryDirectory();
  });

  const HOLD = `const lock = (globalThis.lock = await new LockFile('config.json').acquire());`;

  const end = async ({ text, signal }: Program, hold: string): Promise<Ending> => {
    const script = start(tools + text.replace('HOLD', hold), { cwd: directory.path });
    script.process.stdin.end();
    if (signal !== undefined) {
      while ((await script.line()) !== 'ready');
      script.process.kill(signal);
    }
    const { stderr, ...ending } = await script.ended;
    return { ...ending, stderr: stderr.replaceAll(hold, '') };
  };

  for (const [what, program] of Object.entries(programs)) {
    it(what, async () => {
      const without = await end(program, '');
      expect(without, without.stderr).to.include(program.expected);
      expect(readdirSync(directory.path)).to.deep.equal([]);
      expect(await end(program, HOLD)).to.deep.equal(without);
      const { left } = program;
      if (left === undefined) expect(readdirSync(directory.path)).to.deep.equal([]);
      else {
        const names = readdirSync(directory.path);
        expect(names.filter((name) => left.test(name))).not.to.deep.equal([]);
        directory.expect(...names);
      }
    });
  }
});
