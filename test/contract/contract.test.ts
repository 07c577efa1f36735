/** The contract suite over every lock of this package, and over the one that `docs/reference/extending.md` builds. */
import { contract, type Subject } from '../../src/contract.js';

const holdfast = new URL('../../src/index.js', import.meta.url);

const sqlite = new URL('../../src/sqlite/sqlite-lock-file.js', import.meta.url);

const subjects: readonly Subject[] = [
  { module: holdfast, name: 'LockFile' },
  { module: holdfast, name: 'LinkLockFile' },
  { module: holdfast, name: 'MkdirLockFile', options: { orphanGraceMs: 500 } },
  { module: holdfast, name: 'SymlinkLockFile' },
  { module: holdfast, name: 'PidLockFile' },
  { module: sqlite, name: 'SQLiteLockFile', leaves: ['holdfast.sqlite'] },
  { module: new URL('room-lock.js', import.meta.url), name: 'RoomLock' },
];

for (const subject of subjects) contract(subject, { describe, it });
