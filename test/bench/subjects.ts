/** The subjects of the benchmark behind one interface: holdfast's kinds, other libraries, and bare system calls. */
import { closeSync, linkSync, openSync, unlinkSync, writeFileSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { projectDirectory } from '../support/paths.js';
import { LockFile, MkdirLockFile, SymlinkLockFile } from '../../src/index.js';

/** One lock. Calls that a subject doesn't support are absent. */
export interface Lock {
  readonly enter?: () => Promise<unknown>;
  readonly leave?: () => Promise<unknown>;
  readonly enterSync?: () => unknown;
  readonly leaveSync?: () => unknown;
  /** One attempt; `false` if the lock is held. */
  readonly attempt?: () => Promise<boolean>;
}

interface Proper {
  lock(path: string, options: object): Promise<() => Promise<void>>;
  lockSync(path: string, options: object): () => void;
}

interface NpmLockfile {
  lock(path: string, options: object, done: (error: Error | null) => void): void;
  unlock(path: string, done: (error: Error | null) => void): void;
  lockSync(path: string, options: object): void;
  unlockSync(path: string): void;
}

/** The poll interval of libraries that only poll: the shortest that is still reasonable. */
const POLL_MS = 10;

/** After how long they break a dead holder's lock: the shortest time that proper-lockfile allows. */
const STALE_MS = 2_000;

const load = createRequire(import.meta.url);

function holdfast(
  Kind: new (path: string) => LockFile | MkdirLockFile | SymlinkLockFile,
): (path: string) => Lock {
  return (path) => {
    const lock = new Kind(path);
    return {
      enter: () => lock.acquire(),
      leave: () => lock.release(),
      enterSync: () => lock.acquireSync(),
      leaveSync: () => lock.releaseSync(),
      attempt: () => succeeds(lock.acquire(0)),
    };
  };
}

function proper(name: string): (path: string) => Lock {
  const library = load(name) as Proper;
  const waiting = { forever: true, factor: 1, minTimeout: POLL_MS, maxTimeout: POLL_MS };
  const options = { realpath: false, stale: STALE_MS, update: 1_000 };
  return (path) => {
    const releases: (() => unknown)[] = [];
    const leave = () => releases.pop()?.();
    return {
      enter: async () => releases.push(await library.lock(path, { ...options, retries: waiting })),
      leave: async () => {
        await leave();
      },
      enterSync: () => releases.push(library.lockSync(path, options)),
      leaveSync: leave,
      attempt: () => succeeds(library.lock(path, options)),
    };
  };
}

function npmLockfile(): (path: string) => Lock {
  const library = load('lockfile') as NpmLockfile;
  const waiting = { wait: 1e9, pollPeriod: POLL_MS, stale: STALE_MS };
  return (path) => {
    const name = `${path}.lock`;
    const lock = (options: object) =>
      new Promise<void>((resolve, reject) => library.lock(name, options, settle(resolve, reject)));
    return {
      enter: () => lock(waiting),
      leave: () => new Promise<void>((resolve, reject) => library.unlock(name, settle(resolve, reject))),
      enterSync: () => library.lockSync(name, {}),
      leaveSync: () => library.unlockSync(name),
      attempt: () => succeeds(lock({})),
    };
  };
}

const settle = (resolve: () => void, reject: (error: Error) => void) => (error: Error | null | undefined) => {
  if (error === null || error === undefined) resolve();
  else reject(error);
};

const succeeds = (attempt: Promise<unknown>): Promise<boolean> =>
  attempt.then(
    () => true,
    () => false,
  );

/** Links an existing file to a second name, and removes that name. */
function bareLink(path: string): Lock {
  const staged = `${path}.staged`;
  writeFileSync(staged, '');
  return {
    enterSync: () => linkSync(staged, `${path}.lock`),
    leaveSync: () => unlinkSync(`${path}.lock`),
  };
}

/** The same, with a newly written file each time. */
function writtenLink(path: string): Lock {
  const staged = `${path}.staged`;
  return {
    enterSync: () => {
      const descriptor = openSync(staged, 'wx');
      writeSync(descriptor, String(process.pid));
      closeSync(descriptor);
      linkSync(staged, `${path}.lock`);
    },
    leaveSync: () => {
      unlinkSync(`${path}.lock`);
      unlinkSync(staged);
    },
  };
}

export const subjects = {
  holdfast: () => holdfast(LockFile),
  'holdfast, mkdir': () => holdfast(MkdirLockFile),
  'holdfast, symlink': () => holdfast(SymlinkLockFile),
  'proper-lockfile': () => proper('proper-lockfile'),
  '@bybrave/proper-lockfile2': () => proper('@bybrave/proper-lockfile2'),
  lockfile: npmLockfile,
  'link, unlink': () => bareLink,
  'open, write, link, unlink twice': () => writtenLink,
} satisfies Record<string, () => (path: string) => Lock>;

export type SubjectName = keyof typeof subjects;

/** The subjects for rows in which several processes contend. */
export const contenders = ['holdfast', 'proper-lockfile', '@bybrave/proper-lockfile2', 'lockfile'] as const;

/** What a user imports: of holdfast, the published files. */
export const modules: Readonly<Record<(typeof contenders)[number], string>> = {
  holdfast: join(projectDirectory, 'lib/index.js'),
  'proper-lockfile': 'proper-lockfile',
  '@bybrave/proper-lockfile2': '@bybrave/proper-lockfile2',
  lockfile: 'lockfile',
};
