/**
 * A simulator is only as good as its model. The same calls on the simulated disk and on real disks, synchronous and
 * asynchronous, must give the same answers and errors.
 */
import { existsSync, lutimesSync, readdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { thisMachine } from '../../src/system/machine.js';
import { execute, executeSync, type Call } from '../../src/driver/syscalls.js';
import { memoryFilesystem, temporaryDirectory } from '../support/temporary.js';
import { TICK_MS, performOn, type DiskCall } from './calls.js';
import { Disk } from './disk.js';

/** A step whose paths are names, without what is the same in all; or the passing of more time than any grace. */
type Line = Written<Exclude<Call, { call: 'judge' | 'judgePid' | 'probe' | 'custom' }>> | 'tick';
type Written<S extends Call> = S extends Call ? Omit<S, 'mode' | 'lockDirectory'> : never;

/** A record's text may be longer than a name can be, which shows when it is a link that a path leads through. */
const SHORT = '{"holdfast":1}';
const LONG = `{"holdfast":1,"note":"${'x'.repeat(300)}"}`;

const scripts: Readonly<Record<string, readonly Line[]>> = {
  'a lock of the link kind': [
    { call: 'create', path: '/c', text: SHORT },
    { call: 'create', path: '/c', text: SHORT },
    { call: 'link', from: '/c', to: '/L' },
    { call: 'link', from: '/c', to: '/L' },
    { call: 'sameFile', path: '/L', other: '/c' },
    { call: 'read', path: '/L' },
    { call: 'readlink', path: '/L' },
    { call: 'list', path: '/L', limit: 9 },
    { call: 'rmdir', path: '/L' },
    { call: 'unlink', path: '/c' },
    { call: 'sameFile', path: '/L', other: '/c' },
    { call: 'link', from: '/c', to: '/M' },
    { call: 'unlink', path: '/L/c' },
    { call: 'rmdir', path: '/L/c' },
    { call: 'read', path: '/L/c' },
    { call: 'unlink', path: '/L' },
    { call: 'unlink', path: '/L' },
  ],
  'a lock of the symlink kind': [
    { call: 'symlink', text: SHORT, path: '/L' },
    { call: 'symlink', text: SHORT, path: '/L' },
    { call: 'read', path: '/L' },
    { call: 'readlink', path: '/L' },
    { call: 'list', path: '/L', limit: 9 },
    { call: 'read', path: '/L/c' },
    { call: 'unlink', path: '/L/c' },
    { call: 'rmdir', path: '/L' },
    { call: 'mkdir', path: '/L' },
    { call: 'create', path: '/c', text: SHORT },
    { call: 'link', from: '/c', to: '/L' },
    { call: 'link', from: '/L', to: '/M' },
    { call: 'sameFile', path: '/L', other: '/M' },
    { call: 'rename', from: '/c', to: '/L/c' },
    { call: 'rename', from: '/c', to: '/L' },
  ],
  'a symbolic link whose text is too long for a name': [
    { call: 'symlink', text: LONG, path: '/L' },
    { call: 'create', path: '/c', text: LONG },
    { call: 'list', path: '/L', limit: 9 },
    { call: 'read', path: '/L/c' },
    { call: 'unlink', path: '/L/c' },
    { call: 'rename', from: '/c', to: '/L/c' },
    { call: 'readlink', path: '/L' },
  ],
  'a lock of the mkdir kind': [
    { call: 'create', path: '/c', text: SHORT },
    { call: 'mkdir', path: '/L' },
    { call: 'mkdir', path: '/L' },
    { call: 'read', path: '/L' },
    { call: 'readlink', path: '/L' },
    { call: 'symlink', text: SHORT, path: '/L' },
    { call: 'link', from: '/c', to: '/L' },
    { call: 'unlink', path: '/L' },
    { call: 'rename', from: '/c', to: '/L' },
    { call: 'rename', from: '/c', to: '/L/c' },
    { call: 'rename', from: '/c', to: '/L/c' },
    { call: 'list', path: '/L', limit: 9 },
    { call: 'rmdir', path: '/L' },
    { call: 'read', path: '/L/c' },
    { call: 'unlink', path: '/L/c' },
    { call: 'unlink', path: '/L/c' },
    { call: 'list', path: '/L', limit: 9 },
    { call: 'rmdir', path: '/L' },
    { call: 'rmdir', path: '/L' },
    { call: 'list', path: '/L', limit: 9 },
    { call: 'rename', from: '/c', to: '/L/c' },
  ],
  'a directory renamed onto another': [
    { call: 'mkdir', path: '/a' },
    { call: 'create', path: '/a/c', text: SHORT },
    { call: 'mkdir', path: '/L' },
    { call: 'rename', from: '/a', to: '/a/b' },
    { call: 'rename', from: '/a', to: '/L' },
    { call: 'list', path: '/L', limit: 9 },
    { call: 'mkdir', path: '/a' },
    { call: 'rename', from: '/a', to: '/L' },
    { call: 'rename', from: '/L/c', to: '/L' },
    { call: 'rename', from: '/a', to: '/L/c' },
  ],
  'the ages of what stands': [
    { call: 'mkdir', path: '/L' },
    'tick',
    { call: 'create', path: '/c', text: SHORT },
    { call: 'age', path: '/L', witness: '/c' },
    { call: 'age', path: '/c', witness: '/L' },
    { call: 'rename', from: '/c', to: '/L/c' },
    { call: 'age', path: '/L', witness: '/L/c' },
    { call: 'age', path: '/L', witness: '/c' },
    { call: 'age', path: '/c', witness: '/L' },
  ],
};

/** An answer, or a refusal's code; names without an order; an age as on which side of any grace it is. */
function normal(line: Line, answer: unknown): unknown {
  if (line === 'tick') return undefined;
  if (line.call === 'list' && Array.isArray(answer)) return [...(answer as string[])].sort();
  if (line.call === 'age' && typeof answer === 'number')
    return answer >= TICK_MS / 2 ? 'older' : answer <= -TICK_MS / 2 ? 'younger' : 'alike';
  return answer;
}

const refusal = (error: unknown) => `refused: ${(error as NodeJS.ErrnoException).code ?? String(error)}`;

function simulated(script: readonly Line[]): unknown[] {
  const disk = new Disk();
  return script.map((line) => {
    try {
      if (line === 'tick') {
        disk.tick();
        return undefined;
      }
      if (line.call !== 'create') return normal(line, performOn(disk, whole(line) as DiskCall));
      performOn(disk, { call: 'create', path: line.path });
      return performOn(disk, { call: 'fill', path: line.path, text: line.text });
    } catch (error) {
      return refusal(error);
    }
  });
}

/** The calls that the protocols make through a lock directory. */
const WITHIN: ReadonlySet<string> = new Set(['rename', 'read', 'list', 'unlink']);

/** As the protocols write it. */
function whole(line: Exclude<Line, 'tick'>): Call {
  const mode = line.call === 'mkdir' ? 0o755 : 0o644;
  if (!WITHIN.has(line.call)) return { ...line, mode } as unknown as Call;
  const path = line.call === 'rename' ? line.to : 'path' in line ? line.path : '';
  const [, parent] = /^(\/\w+)\/\w+$/.exec(path) ?? [];
  const lockDirectory = line.call === 'list' ? path : parent;
  return { ...line, lockDirectory } as unknown as Call;
}

/** A line with its paths in a real directory. */
function placed(line: Exclude<Line, 'tick'>, base: string): Call {
  const entries = Object.entries(whole(line)).map(([key, value]) =>
    typeof value === 'string' && value.startsWith('/') ? [key, join(base, value)] : [key, value],
  ) as [string, unknown][];
  return Object.fromEntries(entries) as unknown as Call;
}

/** Makes everything older, which is how a real disk's clock moves. */
function age(base: string): void {
  for (const name of readdirSync(base, { recursive: true }) as string[]) {
    const path = join(base, name);
    const seconds = lstatSeconds(path) - TICK_MS / 1000;
    lutimesSync(path, seconds, seconds);
  }
}

const lstatSeconds = (path: string) =>
  (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()) / 1000;

async function real(script: readonly Line[], base: string, how: 'sync' | 'async'): Promise<unknown[]> {
  const answers: unknown[] = [];
  for (const line of script) {
    try {
      if (line === 'tick') {
        age(base);
        answers.push(undefined);
        continue;
      }
      const call = placed(line, base);
      const answer = how === 'sync' ? executeSync(call, thisMachine) : await execute(call, thisMachine);
      answers.push(normal(line, answer));
    } catch (error) {
      answers.push(refusal(error));
    }
  }
  return answers;
}

const paths = fc.constantFrom('/L', '/M', '/c', '/L/c', '/L/d', '/M/c');
const texts = fc.constantFrom(SHORT, LONG);
const lines: fc.Arbitrary<Line> = fc.oneof(
  fc.record({ call: fc.constant('create' as const), path: paths, text: texts }),
  fc.record({ call: fc.constant('link' as const), from: paths, to: paths }),
  // Into a lock directory, never out of one.
  fc.record({ call: fc.constant('rename' as const), from: fc.constantFrom('/L', '/M', '/c'), to: paths }),
  fc.record({ call: fc.constant('symlink' as const), text: texts, path: paths }),
  fc.record({
    call: fc.constantFrom('mkdir', 'read', 'readlink', 'unlink', 'rmdir'),
    path: paths,
  }) as fc.Arbitrary<Line>,
  fc.record({
    call: fc.constant('list' as const),
    path: fc.constantFrom('/L', '/M', '/c'),
    limit: fc.constant(9),
  }),
  fc.record({ call: fc.constant('sameFile' as const), path: paths, other: paths }),
  fc.record({ call: fc.constant('age' as const), path: paths, witness: paths }),
);

const bases = [tmpdir(), memoryFilesystem].filter((base) => existsSync(base));

for (const base of bases) {
  for (const how of ['sync', 'async'] as const) {
    describe(`the simulated disk and the one of ${base}, ${how}, answer alike`, () => {
      for (const [name, script] of Object.entries(scripts)) {
        it(`to ${name}`, async () => {
          const directory = temporaryDirectory(base);
          expect(await real(script, directory.path, how)).to.deep.equal(simulated(script));
          directory.expect(...directory.leftovers());
        });
      }

      it('to whatever calls, in whatever order', async () => {
        await fc.assert(
          fc.asyncProperty(fc.array(lines, { minLength: 5, maxLength: 30 }), async (script) => {
            const directory = temporaryDirectory(base);
            const answers = await real(script, directory.path, how);
            directory.remove();
            expect(answers).to.deep.equal(simulated(script));
          }),
          { numRuns: 200 },
        );
      });
    });
  }
}
