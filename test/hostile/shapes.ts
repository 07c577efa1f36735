/** Shapes that someone else may put at a lock's name: a generator of descriptions, and a function that makes them. */
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { thisMachine } from '../../src/system/machine.js';
import { formatRecord } from '../../src/model/record.js';

export type Shape =
  | { is: 'file'; bytes: Uint8Array }
  | { is: 'huge'; gigabytes: number }
  | { is: 'fifo' | 'device' }
  | { is: 'link'; target: string }
  | { is: 'directory'; names: readonly (readonly [name: string, entry: Shape])[] };

const token = 'a'.repeat(24);

const record = () => formatRecord({ token, ...thisMachine.self(), since: Date.now(), note: 'a note' });

/** A record of ours with fields replaced by invalid values, left out, or added. */
const brokenRecord = fc
  .dictionary(
    fc.constantFrom(
      'holdfast',
      'token',
      'pid',
      'thread',
      'task',
      'host',
      'boot',
      'started',
      'since',
      'note',
      'x',
    ),
    fc.oneof(
      fc.constantFrom<unknown>(0, -1, 2 ** 31, 2 ** 53, 1.5, 1e300, '1e9', '1', null, true, [], {}, ''),
      fc.constantFrom(
        '../../etc/passwd',
        'a/b',
        '..',
        '.',
        'A'.repeat(24),
        'a'.repeat(23),
        '\0',
        '\u001b[2J',
      ),
      fc.jsonValue(),
      fc.constant(undefined),
    ),
    { minKeys: 1, maxKeys: 3 },
  )
  .map((changes) => JSON.stringify({ ...(JSON.parse(record()) as object), ...changes }));

const text = fc.oneof(
  brokenRecord,
  fc.json(),
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.constantFrom(
    '',
    '\n',
    '4242\n',
    '4242\nbuild-7\n',
    'build-7:4242',
    'build-7/f0000001:4242',
    '{"holdfast":2}',
  ),
  fc.constantFrom('[', '{"a":', '"\\u').map((piece) => piece.repeat(100_000)),
  fc.constantFrom('__proto__', 'constructor', 'toString').map((name) => `{"holdfast":1,"${name}":{"pid":1}}`),
);

const file: fc.Arbitrary<Shape> = fc
  .oneof(
    text.map((words) => Buffer.from(words)),
    fc.uint8Array({ maxLength: 300 }),
    fc.constant(Buffer.alloc(5000, 'a')),
  )
  .map((bytes) => ({ is: 'file', bytes }));

const link: fc.Arbitrary<Shape> = fc
  .oneof(
    fc.constantFrom(
      'README.lock',
      'secret',
      'pipe',
      'huge',
      'elsewhere',
      'nowhere',
      '/dev/zero',
      '/dev/tty',
      '.',
    ),
    fc.constantFrom(
      'host-980192c0.16023-4545302140714320250',
      'host:4242',
      '../'.repeat(1000),
      'a'.repeat(4000),
    ),
    brokenRecord.filter((target) => target.length < 4000),
  )
  .map((target) => ({ is: 'link', target }));

const special: fc.Arbitrary<Shape> = fc.constantFrom<Shape[]>(
  { is: 'fifo' },
  { is: 'huge', gigabytes: 8 },
  ...(process.getuid?.() === 0 ? [{ is: 'device' } as const] : []),
);

const entryName = fc.oneof(
  fc.constantFrom(token, 'b'.repeat(24), '.hidden', 'host.-980192c016023', 'a b', '%2e', 'x'.repeat(255)),
  fc.stringMatching(/^[0-9a-f]{24}$/),
);

const directory: fc.Arbitrary<Shape> = fc
  .uniqueArray(fc.tuple(entryName, fc.oneof(file, link, special)), {
    maxLength: 20,
    selector: ([name]) => name,
  })
  .map((names) => ({ is: 'directory', names }));

export const anyShape: fc.Arbitrary<Shape> = fc.oneof(
  { arbitrary: file, weight: 4 },
  { arbitrary: link, weight: 2 },
  { arbitrary: special, weight: 1 },
  { arbitrary: directory, weight: 3 },
);

export function make(path: string, shape: Shape): void {
  switch (shape.is) {
    case 'file':
      writeFileSync(path, shape.bytes);
      break;
    case 'huge': {
      const descriptor = openSync(path, 'wx');
      ftruncateSync(descriptor, shape.gigabytes * 2 ** 30);
      closeSync(descriptor);
      break;
    }
    case 'fifo':
      execFileSync('mkfifo', [path]);
      break;
    case 'device':
      execFileSync('mknod', [path, 'c', '1', '5']); // Reads as zeroes without end.
      break;
    case 'link':
      symlinkSync(shape.target.replaceAll('\0', '').padEnd(1, '-'), path); // No link has an empty target.
      break;
    case 'directory':
      mkdirSync(path);
      for (const [name, entry] of shape.names) make(join(path, name), entry);
      break;
  }
}

/** The content of a directory, to the last byte, except for files too big to read. */
export function portrait(path: string): unknown {
  return readdirSync(path)
    .sort()
    .map((name) => [name, describe(join(path, name))]);
}

function describe(path: string): unknown {
  const stats = lstatSync(path);
  if (stats.isDirectory()) return portrait(path);
  if (stats.isSymbolicLink()) return `-> ${readlinkSync(path)}`;
  if (!stats.isFile()) return `special ${stats.mode}`;
  return stats.size > 2 ** 20 ? `${stats.size} bytes` : readFileSync(path, 'latin1');
}

export const clear = (path: string): void => rmSync(path, { recursive: true, force: true });
