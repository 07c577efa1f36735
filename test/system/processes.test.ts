/** The verdict on real processes: killed, zombies, stopped, other users', reused pids, other namespaces. */
import { chmodSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { expect } from 'chai';
import { LockFile } from '../../src/index.js';
import { thisMachine } from '../../src/system/machine.js';
import { formatRecord, parseRecord, type HolderRecord } from '../../src/model/record.js';
import { memoryFilesystem, temporaryDirectory } from '../support/temporary.js';
import { actor, commandOf, endAll, kill, run, stateOf, until, works, type Stage } from './actors.js';

const asRoot = process.getuid?.() === 0;
const onLinux = process.platform === 'linux';
const newPids = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'];
const newTime = ['unshare', '--time', '--boottime', '100000', '--fork', '--kill-child'];
const nobody = { user: 65534 };
/** Otherwise the beacon would decide. */
const withoutBeacon = { options: { beacon: false } };

/** A law that needs more than Node; skipped, visibly, where that is missing. */
const where = (condition: boolean) => (condition ? it : it.skip);

describe('a process that holds a lock', () => {
  afterEach(endAll);

  const pathOf = () => temporaryDirectory().join('README');

  async function verdictOn(path: string, stage: Stage = {}) {
    const { holder } = await actor('holder', path, stage);
    return holder?.verdict;
  }

  for (const kind of ['link', 'mkdir', 'symlink'] as const) {
    it(`is dead once killed, and its lock is taken (${kind})`, async () => {
      const path = pathOf();
      const holder = await actor('hold', path, { options: { kind } });
      expect((await actor('try', path, { options: { kind } })).code).to.equal('ALREADY_LOCKED');
      await kill(holder);
      expect((await actor('try', path, { options: { kind } })).took).to.equal(true);
    });
  }

  it('is alive while it is stopped', async () => {
    const path = pathOf();
    const holder = await actor('hold', path);
    holder.process.kill('SIGSTOP');
    await until(() => stateOf(holder.pid) === 'T', 'it is stopped');
    expect((await actor('try', path)).holder?.verdict).to.equal('alive');
    await kill(holder);
    rmSync(`${path}.lock`);
    removeStaged(path);
  });

  where(onLinux)('is dead as a zombie', async () => {
    const path = pathOf();
    // The shell becomes a process that never reaps its child.
    const script = `"$@" & exec sleep 60`;
    const holder = await run(['sh', '-c', script, 'sh', ...commandOf('hold-sync', path)], {});
    process.kill(holder.pid, 'SIGKILL');
    await until(() => stateOf(holder.pid) === 'Z', 'it is a zombie');
    expect((await actor('try', path)).took).to.equal(true);
  });

  where(onLinux && works('python3', '-c', ''))(
    'is alive as a zombie leader with a living thread',
    async () => {
      const path = pathOf();
      // The main thread ends and another goes on. Node can't do that, so the record is forged for its pid.
      const python = `
import ctypes, threading, time, sys
threading.Thread(target=time.sleep, args=(60,)).start()
print('{"took": true}', flush=True)
ctypes.CDLL(None).pthread_exit(None)`;
      const holder = await run(['python3', '-c', python]);
      const pid = holder.process.pid ?? 0;
      await until(() => stateOf(pid) === 'Z', 'its leader is a zombie');
      forge(path, { pid, started: startOf(pid) });
      expect(await verdictOn(path)).to.equal('alive');
      await kill(holder);
      expect(await verdictOn(path)).to.equal('dead');
      rmSync(`${path}.lock`);
    },
  );

  where(asRoot)('of another user is alive, though no signal may reach it', async () => {
    const directory = temporaryDirectory();
    chmodSync(directory.path, 0o777);
    const path = directory.join('README');
    const holder = await actor('hold', path);
    expect(await verdictOn(path, nobody)).to.equal('alive');
    const mine = await actor('try', path, nobody);
    expect(mine.code).to.equal('ALREADY_LOCKED');
    holder.process.stdin?.end();
    await holder.ended;
  });

  it('is dead when its pid belongs to another process: a forged start time', async () => {
    const path = pathOf();
    forge(path, { pid: process.pid, started: '1' });
    const lock = new LockFile(path);
    expect(await lock.holder()).to.include({ verdict: 'dead' });
    await lock.acquire(0);
    expect(lock.previousHolder).to.include({ started: '1' });
    await lock.release();
  });

  where(asRoot && onLinux && works(...(newPids as [string]), 'true'))(
    'is dead when its pid belongs to another process: a reused pid',
    async () => {
      const path = pathOf();
      const line = (deed: 'hold' | 'holder' | 'try') =>
        commandOf(deed, path)
          .map((word) => `'${word}'`)
          .join(' ');
      // In its own PID namespace a process may set which pid comes next.
      const script = `
        mkfifo in; ${line('hold')} <in >out & holder=$!
        exec 3>in; until grep -q took out; do sleep 0.02; done
        kill -9 $holder; wait $holder
        echo $((holder - 1)) >/proc/sys/kernel/ns_last_pid
        sleep 60 & [ $! = $holder ] || exit 9
        ${line('holder')}; kill $!; exec 3>&-; rm in out`;
      const directory = temporaryDirectory();
      const told = await run([...newPids, 'sh', '-c', script], { cwd: directory.path });
      await told.ended;
      expect(told.holder).to.include({
        verdict: 'dead',
        reason: 'the process is gone; another process has its pid now',
      });
      rmSync(`${path}.lock`);
      removeStaged(path);
    },
  );

  where(asRoot && onLinux && works(...(newTime as [string]), 'true'))(
    'is alive across time namespaces, where start times differ',
    async () => {
      const path = pathOf();
      const holder = await actor('hold', path);
      const seen = await actor('holder', path, { under: newTime });
      expect(seen.holder?.verdict).to.equal('alive');
      await kill(holder);
      expect((await actor('try', path, { under: newTime })).took).to.equal(true);
    },
  );

  where(asRoot && onLinux && works(...(newPids as [string]), 'true'))(
    'without a beacon is never robbed from another PID namespace, dead or alive',
    async () => {
      const path = pathOf();
      const holder = await actor('hold', path, withoutBeacon);
      expect(await verdictOn(path, { under: newPids })).to.equal('unknown');
      expect((await actor('try', path, { under: newPids })).code).to.equal('ALREADY_LOCKED');
      await kill(holder);
      const late = await actor('try', path, { under: newPids });
      expect(late.code).to.equal('ALREADY_LOCKED');
      expect(late.message).to.match(
        /another PID namespace.*Check from inside that container.*`beacon: true`.*breakLock\(\)/,
      );
      expect((await actor('try', path)).took).to.equal(true);
    },
  );

  where(asRoot && onLinux && works('unshare', '--pid', '--fork', 'true'))(
    'is unknown where /proc belongs to another PID namespace',
    async () => {
      const path = pathOf();
      const holder = await actor('hold', path, withoutBeacon);
      expect(await verdictOn(path, { under: ['unshare', '--pid', '--fork', '--kill-child'] })).to.equal(
        'unknown',
      );
      holder.process.stdin?.end();
      await holder.ended;
    },
  );

  where(asRoot && onLinux && works('unshare', '--uts', 'hostname', 'other'))(
    'is judged the same when the host is renamed',
    async () => {
      const path = pathOf();
      const under = ['unshare', '--uts', 'sh', '-c', 'hostname renamed; exec "$@"', 'sh'];
      const holder = await actor('hold', path);
      const seen = await actor('holder', path, { under });
      expect(seen.holder).to.include({ verdict: 'alive', host: hostname() });
      await kill(holder);
      expect((await actor('try', path, { under })).took).to.equal(true);
    },
  );

  where(asRoot && onLinux && works('unshare', '--mount', 'mount', '--bind', '/dev/null', '/dev/full'))(
    'in a container with its own boot id is never taken for one from before a reboot',
    async () => {
      const directory = temporaryDirectory();
      const path = directory.join('README');
      writeFileSync(directory.join('boot_id'), 'b31cf5cc-3f32-4ae8-a9d9-6a4a5b8d4c2e\n');
      const replace = `mount --bind '${directory.join('boot_id')}' /proc/sys/kernel/random/boot_id; exec "$@"`;
      const under = ['unshare', '--mount', 'sh', '-c', replace, 'sh'];
      const inside = await actor('hold', path, { under, ...withoutBeacon });
      expect(await verdictOn(path)).to.equal('unknown');
      expect((await actor('try', path)).code).to.equal('ALREADY_LOCKED');
      await kill(inside);
      expect((await actor('try', path, { under })).took).to.equal(true);
      const outside = await actor('hold', path, withoutBeacon);
      expect(await verdictOn(path, { under })).to.equal('unknown');
      outside.process.stdin?.end();
      await outside.ended;
      rmSync(directory.join('boot_id'));
    },
  );

  where(asRoot && onLinux && works(...(newPids as [string]), 'true'))(
    'in a container is never robbed through the upper directory of its overlay',
    async () => {
      const directory = temporaryDirectory().expect('l/', 'u/', 'w/', 'm/', 'l', 'u', 'w', 'm');
      for (const name of ['l', 'u', 'w', 'm']) mkdirSync(directory.join(name));
      const options = ['l', 'u', 'w'].map((name) => directory.join(name));
      const mount = `mount -t overlay overlay -o lowerdir=${options[0]},upperdir=${options[1]},workdir=${options[2]} ${directory.join('m')}`;
      const under = ['unshare', '--mount', 'sh', '-c', `${mount} && exec "$@"`, 'sh', ...newPids];
      const holder = await actor('hold', directory.join('m/README'), { under });
      // The same lock, its beacon as another inode.
      for (const deed of ['try', 'try-sync'] as const)
        expect((await actor(deed, directory.join('u/README'))).holder?.verdict).to.equal('unknown');
      holder.process.stdin?.end();
      await holder.ended;
      expect(readdirSync(directory.join('u'))).to.deep.equal([]);
      rmSync(directory.join('w'), { recursive: true });
    },
  );

  where(!thisMachine.isVolatile(tmpdir()))(
    'from before a reboot is dead on a local disk, and its lock is taken',
    async () => {
      const path = pathOf();
      forge(path, { boot: 'an-earlier-one', local: true });
      await new LockFile(path).acquire(0).then((lock) => lock.release());
    },
  );

  where(onLinux)('with another boot id is never robbed on a memory filesystem', async () => {
    const path = temporaryDirectory(memoryFilesystem).join('README');
    forge(path, { boot: 'another-one', local: true });
    expect(await new LockFile(path).holder()).to.include({ verdict: 'unknown' });
    rmSync(`${path}.lock`);
  });

  it('on another machine, which writes our disk over the network, is never robbed', async () => {
    const path = pathOf();
    forge(path, { boot: 'another-machine’s' });
    expect(await new LockFile(path).holder()).to.include({ verdict: 'unknown' });
    rmSync(`${path}.lock`);
  });
});

describe('this machine', () => {
  it('determines the disk of a directory that is made later', async () => {
    const directory = temporaryDirectory();
    const path = directory.join('later', 'README');
    const lock = new LockFile(path);
    const failure: unknown = await lock.acquire(0).catch((error: unknown) => error);
    expect(failure).to.include({ code: 'LOCK_FAILED' });
    mkdirSync(directory.join('later'));
    await lock.acquire(0);
    expect(await lock.holder()).to.include({ local: true });
    await lock.release();
    rmSync(directory.join('later'), { recursive: true });
  });

  it('leaves out what it can’t determine', () => {
    expect(thisMachine.isLocal('/no/such/directory')).to.equal(undefined);
    expect(thisMachine.process(2 ** 31 - 1)).to.deep.equal({ is: 'gone' });
    expect(thisMachine.isLocal('/proc')).to.equal(false);
    for (const value of Object.values(thisMachine.self())) expect(value).not.to.equal(undefined);
  });
});

/** Writes a record of this process, with changes, at the lock's name. */
function forge(path: string, changes: Partial<HolderRecord>): void {
  const record: HolderRecord = {
    ...thisMachine.self(),
    token: 'f'.repeat(24),
    since: Date.now(),
    ...changes,
  };
  writeFileSync(`${path}.lock`, formatRecord(record));
  expect(parseRecord(readFileSync(`${path}.lock`, 'utf8'))).to.deep.equal(record);
}

/** Removes the private file of a claim: no process took the lock after it and removed it. */
function removeStaged(path: string): void {
  rmSync(`${path}.lock`, { force: true });
  const directory = path.slice(0, path.lastIndexOf('/'));
  for (const name of readdirSync(directory)) rmSync(`${directory}/${name}`);
}

/** The start time of a process, from /proc. */
function startOf(pid: number): string {
  const state = thisMachine.process(pid);
  return state.is === 'there' ? (state.started ?? '') : '';
}
