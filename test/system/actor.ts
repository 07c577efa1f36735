/**
 * A process that holds a lock, or tries to take it, and says in one line of JSON what came of it.
 *
 *     node actor.js <deed> <path> [options as JSON]
 *
 * Rule: it lives until its standard input ends, so that no test leaves one behind.
 */
import { LockFile, LockFileError, MkdirLockFile, SymlinkLockFile, type Holder } from '../../src/index.js';
import type { LockOptions } from '../../src/lock/options.js';

/** What an actor says. */
export interface Report {
  readonly pid: number;
  readonly took: boolean;
  /** How long it took, in milliseconds, without the start of Node. */
  readonly ms: number;
  readonly code?: string;
  readonly message?: string;
  readonly holder?: Partial<Holder> | null;
}

const kinds = { link: LockFile, mkdir: MkdirLockFile, symlink: SymlinkLockFile };

interface Wish extends LockOptions {
  /** Becomes this user first: after its modules are loaded, which others may not be allowed to read. */
  readonly user?: number;
  readonly kind?: keyof typeof kinds;
}

async function act(deed: string, lock: LockFile | MkdirLockFile | SymlinkLockFile): Promise<void> {
  const start = performance.now();
  const say = (report: Omit<Report, 'pid' | 'ms'>): void => {
    const ms = performance.now() - start;
    process.stdout.write(`${JSON.stringify({ pid: process.pid, ms, ...report })}\n`);
  };
  try {
    if (deed === 'holder') {
      say({ took: false, holder: await lock.holder() });
      return;
    }
    if (deed.endsWith('sync')) lock.acquireSync();
    else await lock.acquire();
    say({ took: true, holder: lock.previousHolder ?? null });
  } catch (error) {
    if (!(error instanceof LockFileError)) throw error;
    say({ took: false, code: error.code, message: error.message, holder: error.holder ?? null });
    return;
  }
  if (deed.startsWith('block')) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  if (deed.startsWith('hold')) await new Promise((resolve) => process.stdin.on('end', resolve).resume());
  if (deed.endsWith('sync')) lock.releaseSync();
  else await lock.release();
}

const [, , deed = 'try', path = '', wish = '{}'] = process.argv;
const { kind = 'link', user, ...options } = JSON.parse(wish) as Wish;
if (user !== undefined) {
  process.setgroups?.([]);
  process.setgid?.(user);
  process.setuid?.(user);
}
await act(deed, new kinds[kind](path, { timeout: 0, ...options }));
