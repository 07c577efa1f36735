/** A contender that acquires the lock at the first answer of the referee, and releases it at the second. */
import { LockFile } from '../../src/index.js';
import { FIRST_DESCRIPTOR, RefereeClient } from './referee-client.js';

export interface WaiterTask {
  readonly path: string;
  readonly form: 'async' | 'sync';
}

const { path, form } = JSON.parse(process.argv[2] ?? '') as WaiterTask;
const lock = new LockFile(path);
const referee = new RefereeClient(FIRST_DESCRIPTOR);

for (;;) {
  referee.ask('ready');
  referee.tell('waits');
  if (form === 'sync') lock.acquireSync();
  else await lock.acquire();
  referee.enter();
  referee.ask('holds');
  referee.leave();
  if (form === 'sync') lock.releaseSync();
  else await lock.release();
}
