/**
 * Other programs' locks on the same name, by the calls that they make: pylockfile's three kinds, and proper-lockfile.
 * They live as long as they hold, and try until they have it.
 */
import {
  link,
  mkdir,
  pause,
  rmdir,
  create,
  symlink,
  unlink,
  type Blocker,
  type Protocol,
} from '../../src/model/steps.js';
import type { Disk } from './disk.js';
import type { Program } from './actor.js';
import { LOCK, NAMES, instant, succeeds } from './programs.js';

interface Foreign {
  readonly stands: (disk: Disk, mark: string) => boolean;
  readonly take: (mark: string) => Protocol<boolean>;
  readonly giveBack: (mark: string) => Protocol<void>;
}

const unique = (mark: string) => `/host.${mark}`;

export const foreigners = {
  /** A unique file, linked to the name; any error with a link count of 2 is a success. */
  'pylockfile link': {
    stands: (disk, mark) => disk.get(LOCK) !== undefined && disk.get(LOCK) === disk.get(unique(mark)),
    *take(mark) {
      yield* create(unique(mark), '', 0o644);
      if ((yield* link(unique(mark), LOCK)) === 'made') return true;
      yield* unlink(unique(mark));
      return false;
    },
    *giveBack(mark) {
      yield* unlink(unique(mark));
      yield* unlink(LOCK);
    },
  },
  /** A directory, with an empty file in it. */
  'pylockfile mkdir': {
    stands: (disk, mark) => disk.get(`${LOCK}/${mark}`) !== undefined,
    *take(mark) {
      if ((yield* mkdir(LOCK, 0o755)) !== 'made') return false;
      yield* create(`${LOCK}/${mark}`, '', 0o644);
      return true;
    },
    *giveBack(mark) {
      yield* unlink(`${LOCK}/${mark}`);
      yield* rmdir(LOCK);
    },
  },
  /** A link to a name that isn't there. */
  'pylockfile symlink': {
    stands: (disk, mark) => disk.get(LOCK)?.text === `host.${mark}`,
    *take(mark) {
      return (yield* symlink(`host.${mark}`, LOCK)) === 'made';
    },
    *giveBack() {
      yield* unlink(LOCK);
    },
  },
  /** An empty directory, and nothing else. */
  'proper-lockfile': {
    stands: (disk) => disk.get(LOCK)?.is === 'directory',
    *take() {
      return (yield* mkdir(LOCK, 0o755)) === 'made';
    },
    *giveBack() {
      yield* rmdir(LOCK);
    },
  },
} as const satisfies Record<string, Foreign>;

const NOBODY: Blocker = {
  path: LOCK,
  found: { kind: 'empty' },
  judgement: { verdict: 'unknown', reason: 'it does not look' },
};

function* takeAtLast(foreign: Foreign, mark: string): Protocol<void> {
  while (!(yield* foreign.take(mark))) yield* pause(NOBODY);
}

export function foreigner(index: number, of: keyof typeof foreigners): Program {
  const foreign: Foreign = foreigners[of];
  const name = NAMES[index] ?? 'F';
  const mark = `foreign-${name}`;
  return {
    name,
    mark,
    isNameless: true,
    stands: (disk) => foreign.stands(disk, mark),
    mayDie: false,
    first: 'acquire',
    phases: {
      acquire: {
        start: () => takeAtLast(foreign, mark),
        then: (end) => (succeeds(end) ? 'hold' : 'failed'),
      },
      hold: { start: () => instant('hold'), then: () => 'release', holds: true },
      release: {
        start: () => foreign.giveBack(mark),
        then: (end) => (succeeds(end) ? 'gone' : 'failed'),
      },
    },
  };
}
