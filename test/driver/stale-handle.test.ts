/** STALE-1, STALE-2: what network and FUSE file systems answer to a client whose handles are outdated. */
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { LockFile, MkdirLockFile, SymlinkLockFile, updateJson, updateJsonSync } from '../../src/index.js';
import { execute, executeSync, type Call } from '../../src/driver/syscalls.js';
import { registry } from '../../src/lock/registry.js';
import { closeLifeline, openLifeline } from '../../src/system/lifeline.js';
import { thisMachine } from '../../src/system/machine.js';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary.js';
import { namedError, unnamedError, withFaults } from './faults.js';

const stale = () => unnamedError(constants.errno.ESTALE);

const forms = {
  async: (step: Call) => execute(step, thisMachine),
  sync: (step: Call) => Promise.resolve().then(() => executeSync(step, thisMachine)),
};

/** Each step, what Node calls for it, its answer, and its answer if the handle stays stale. */
const steps: Readonly<
  Record<string, { call: string; answer: unknown; gone: unknown; step: (at: At) => Call }>
> = {
  read: {
    call: 'lstat',
    answer: { is: 'file', text: 'text' },
    gone: { is: 'nothing' },
    step: ({ file }) => ({ call: 'read', path: file }),
  },
  readlink: {
    call: 'readlink',
    answer: 'nowhere',
    gone: undefined,
    step: ({ symlink }) => ({ call: 'readlink', path: symlink }),
  },
  list: {
    call: 'opendir',
    answer: ['empty'],
    gone: undefined,
    step: ({ full }) => ({ call: 'list', path: full, limit: 10 }),
  },
  link: {
    call: 'link',
    answer: 'made',
    gone: 'missing',
    step: ({ file, free }) => ({ call: 'link', from: file, to: free }),
  },
  rename: {
    call: 'rename',
    answer: 'moved',
    gone: 'missing',
    step: ({ file, free }) => ({ call: 'rename', from: file, to: free }),
  },
  sameFile: {
    call: 'lstat',
    answer: true,
    gone: false,
    step: ({ file }) => ({ call: 'sameFile', path: file, other: file }),
  },
  unlink: { call: 'unlink', answer: true, gone: false, step: ({ file }) => ({ call: 'unlink', path: file }) },
  rmdir: { call: 'rmdir', answer: true, gone: false, step: ({ empty }) => ({ call: 'rmdir', path: empty }) },
  mkdir: {
    call: 'mkdir',
    answer: 'made',
    gone: 'ESTALE',
    step: ({ free }) => ({ call: 'mkdir', path: free, mode: 0o755 }),
  },
  symlink: {
    call: 'symlink',
    answer: 'made',
    gone: 'ESTALE',
    step: ({ free }) => ({ call: 'symlink', text: 'nowhere', path: free }),
  },
  create: {
    call: 'open',
    answer: undefined,
    gone: 'ESTALE',
    step: ({ free }) => ({ call: 'create', path: free, text: 'text', mode: 0o644 }),
  },
};

type At = Readonly<Record<'file' | 'symlink' | 'full' | 'empty' | 'free', string>>;

function scene(directory: TemporaryDirectory): At {
  const at = { file: 'file', symlink: 'symlink', full: 'full', empty: 'full/empty', free: 'free' };
  directory.expect(...Object.values(at));
  const paths = Object.fromEntries(
    Object.entries(at).map(([key, name]) => [key, directory.join(name)]),
  ) as At;
  writeFileSync(paths.file, 'text');
  symlinkSync('nowhere', paths.symlink);
  mkdirSync(paths.empty, { recursive: true });
  return paths;
}

describe('a stale handle', () => {
  before(async () => {
    // What a thread learns about itself and its machine once must not be learned while calls fail.
    const directory = temporaryDirectory();
    for (const Kind of [LockFile, MkdirLockFile, SymlinkLockFile])
      await (await new Kind(directory.join('file')).acquire()).release();
  });

  for (const [form, run] of Object.entries(forms)) {
    for (const [name, { call, answer, gone, step }] of Object.entries(steps)) {
      it(`is looked up again: ${name}, ${form}`, async () => {
        const at = scene(temporaryDirectory());
        const fault = (count: number) => (count <= 2 ? stale() : undefined);
        expect(await withFaults([call], fault, () => run(step(at)))).to.deep.equal(answer);
      });

      it(`that stays stale means that the file is gone: ${name}, ${form}`, async () => {
        const at = scene(temporaryDirectory());
        const outcome = await withFaults([call], stale, () =>
          run(step(at)).catch((error: unknown) => (error as { code?: unknown }).code),
        );
        expect(outcome).to.deep.equal(gone);
      });
    }

    for (const code of ['EIO', 'ENAMETOOLONG']) {
      it(`shows as ${code} where a FUSE file system lists a directory, ${form}`, async () => {
        const at = scene(temporaryDirectory());
        const list: Call = { call: 'list', path: at.full, limit: 10 };
        const once = (count: number) => (count === 1 ? namedError(code) : undefined);
        expect(await withFaults(['opendir'], once, () => run(list))).to.deep.equal(['empty']);
        const outcome = await withFaults(
          ['opendir'],
          () => namedError(code),
          () => run(list).catch((error: unknown) => (error as { code?: unknown }).code),
        );
        expect(outcome, 'an error that stays is thrown').to.equal(code);
      });
    }
  }

  it('is named in the error, if nothing else helps', async () => {
    const directory = temporaryDirectory();
    const outcome = withFaults(['open'], stale, () => new LockFile(directory.join('file')).acquire());
    expect(((await outcome.catch((error: unknown) => error)) as Error).message).to.include('ESTALE');
  });

  for (const Kind of [LockFile, MkdirLockFile, SymlinkLockFile]) {
    it(`now and then doesn't disturb a lock: ${Kind.name}`, async () => {
      const directory = temporaryDirectory();
      const calls = [
        'lstat',
        'open',
        'opendir',
        'link',
        'rename',
        'unlink',
        'rmdir',
        'mkdir',
        'symlink',
        'readlink',
      ];
      await withFaults(
        calls,
        (count) => (count % 7 === 0 ? stale() : undefined),
        async () => {
          for (const io of ['auto', 'async'] as const) {
            const lock = new Kind(directory.join('file'), { io });
            await lock.acquire();
            expect(await lock.iAmLocking()).to.equal(true);
            await lock.release();
            lock.acquireSync();
            lock.releaseSync();
          }
        },
      );
      expect(readdirSync(directory.path)).to.deep.equal([]);
    });
  }

  it('of a file that another machine has just replaced is no error of its update', async () => {
    const directory = temporaryDirectory().expect('file.json');
    const path = directory.join('file.json');
    writeFileSync(path, '1');
    const twice = (count: number) => (count <= 2 ? stale() : undefined);
    const increment = (old: number | undefined) => (old ?? 0) + 1;
    expect(await withFaults(['readFile'], twice, () => updateJson(path, increment))).to.equal(2);
    expect(await withFaults(['readFile'], twice, () => updateJsonSync(path, increment))).to.equal(3);
  });
});

describe('a lifeline', () => {
  it('is closed without an error, whatever the system says', async function () {
    if (process.platform !== 'linux') this.skip();
    expect(openLifeline()).to.be.a('number');
    await withFaults(['close'], () => namedError('EIO'), closeLifeline);
    closeLifeline();
  });
});

describe('a private file that can’t be written', () => {
  // What an earlier test held is still hooked for some ten milliseconds, and the fault would hit its lifeline.
  beforeEach(async () => {
    while (registry.unhook !== undefined) await sleep(5);
    await sleep(30);
  });

  for (const [form, run] of Object.entries(forms)) {
    for (const code of ['EDQUOT', 'EIO']) {
      it(`is removed when closing it reports ${code}, ${form}`, async () => {
        const path = temporaryDirectory().join('private');
        const outcome = await withFaults(
          ['close'],
          () => namedError(code),
          () => run({ call: 'create', path, text: 'text', mode: 0o644 }).catch((error: unknown) => error),
        );
        expect(outcome).to.have.property('code', code);
      });

      it(`keeps ${code} as its error when it can’t be removed either, ${form}`, async () => {
        const path = temporaryDirectory().expect('private').join('private');
        let count = 0;
        const outcome = await withFaults(
          ['close', 'unlink'],
          () => namedError(++count === 1 ? code : 'EACCES'),
          () => run({ call: 'create', path, text: 'text', mode: 0o644 }).catch((error: unknown) => error),
        );
        expect(outcome).to.have.property('code', code);
      });
    }
  }
});
