/** A process that holds locks of npm's `lockfile` or of `proper-lockfile`, and follows commands. */
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import npmLockfile from 'lockfile';
import properLockfile from 'proper-lockfile';

const [, , library, path = ''] = process.argv;

const takeNpm = promisify<string, npmLockfile.Options>(npmLockfile.lock);
const leaveNpm = promisify<string>(npmLockfile.unlock);

const libraries = {
  lockfile: {
    acquire: (ms: number) => takeNpm(`${path}.lock`, { wait: ms, pollPeriod: 2 }),
    release: () => leaveNpm(`${path}.lock`),
    isLocked: () =>
      promisify<string, boolean>((file, done) => npmLockfile.check(file, done as never))(`${path}.lock`),
  },
  'proper-lockfile': {
    acquire: async (ms: number) => {
      const retries = {
        retries: Math.ceil(ms / 4),
        factor: 1,
        minTimeout: 1,
        maxTimeout: 4,
        randomize: true,
      };
      await properLockfile.lock(path, { realpath: false, stale: 2_000, update: 1_000, retries });
    },
    release: () => properLockfile.unlock(path, { realpath: false }),
    isLocked: () => properLockfile.check(path, { realpath: false, stale: 2_000 }),
  },
};

const lock = libraries[library as keyof typeof libraries];
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

function say(message: unknown): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

async function report(where: string): Promise<void> {
  say({ report: where });
  await lines.next();
}

async function contend(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn++) {
    await lock.acquire(60_000);
    await report('in');
    await sleep(Math.random());
    await report('out');
    await lock.release();
  }
}

say({ value: 'ready' });
for (;;) {
  const line = await lines.next();
  if (line.done === true) break;
  const order = JSON.parse(line.value) as {
    do: 'acquire' | 'release' | 'is_locked' | 'contend';
    with: number;
  };
  try {
    if (order.do === 'contend') await contend(order.with);
    const value = order.do === 'is_locked' ? await lock.isLocked() : undefined;
    if (order.do === 'acquire') await lock.acquire(order.with);
    if (order.do === 'release') await lock.release();
    say({ value: value ?? null });
  } catch (error) {
    say({ error: (error as NodeJS.ErrnoException).code ?? String(error) });
  }
}
