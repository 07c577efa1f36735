/**
 * A process that holds a lock, or tries to take it, and reports the result in one line of JSON.
 *
 *     node actor.js <action> <path> [options as JSON]
 *
 * Rule: It ends when its standard input ends, so that no test leaves one behind.
 */
import { LockFile, LockFileError, MkdirLockFile, SymlinkLockFile, type Holder } from '../../src/index.js';
import type { LockOptions } from '../../src/lock/options.js';

/** What an actor reports. */
export interface Report {
  readonly pid: number;
  readonly took: boolean;
  /** The duration of the call in milliseconds, without the start of Node. */
  readonly ms: number;
  readonly code?: string;
  readonly message?: string;
  readonly holder?: Partial<Holder> | null;
}

const kinds = { link: LockFile, mkdir: MkdirLockFile, symlink: SymlinkLockFile };

interface ActorOptions extends LockOptions {
  /** Switches to this user first, but after its modules are loaded: that user may not be able to read them. */
  readonly user?: number;
  readonly kind?: keyof typeof kinds;
}

async function act(action: string, lock: LockFile | MkdirLockFile | SymlinkLockFile): Promise<void> {
  const start = performance.now();
  const say = (report: Omit<Report, 'pid' | 'ms'>): void => {
    const ms = performance.now() - start;
    process.stdout.write(`${JSON.stringify({ pid: process.pid, ms, ...report })}\n`);
  };
  try {
    if (action === 'holder') {
      say({ took: false, holder: await lock.holder() });
      return;
    }
    if (action.endsWith('sync')) lock.acquireSync();
    else await lock.acquire();
    say({ took: true, holder: lock.previousHolder ?? null });
  } catch (error) {
    if (!(error instanceof LockFileError)) throw error;
    say({ took: false, code: error.code, message: error.message, holder: error.holder ?? null });
    return;
  }
  if (action.startsWith('block')) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  if (action.startsWith('hold')) await new Promise((resolve) => process.stdin.on('end', resolve).resume());
  if (action.endsWith('sync')) lock.releaseSync();
  else await lock.release();
}

const [, , action = 'try', path = '', json = '{}'] = process.argv;
const { kind = 'link', user, ...options } = JSON.parse(json) as ActorOptions;
if (user !== undefined) {
  process.setgroups?.([]);
  process.setgid?.(user);
  process.setuid?.(user);
}
await act(action, new kinds[kind](path, { timeout: 0, ...options }));
