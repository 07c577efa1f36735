/**
 * The package as its users get it: packed, and installed in an empty folder. Made once a run, for all who ask.
 *
 * Packed from a copy of the project, since packing builds afresh, and this suite runs from `dist/`. Installing
 * takes the dependencies from the registry, or from npm's cache.
 *
 * Rule: asked for in a `before` hook, so that its directory stands until the suite ends.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectDirectory } from './paths.js';
import { temporaryDirectory } from './temporary.js';

export interface Packed {
  /** The project's copy, in which the package was packed. */
  readonly project: string;
  readonly tarball: string;
  /** What the package holds, relative to it. */
  readonly files: readonly string[];
  /** A folder of a user who has installed the package, and nothing else. */
  readonly user: string;
  /** The package in that folder. */
  readonly installed: string;
}

/** What packing needs of the project, and what stands in its root for readers. */
const ingredients = [
  'package.json',
  'tsconfig.json',
  'LICENSE',
  'README.md',
  'CHANGELOG.md',
  'docs',
  'scripts',
  'src',
];

let packed: Packed | undefined;

/** The packed package; takes some ten seconds, the first time. */
export function packedPackage(): Packed {
  return (packed ??= pack());
}

function pack(): Packed {
  const directory = temporaryDirectory().expect('project', 'project/', 'user', 'user/');
  const [project, user] = [directory.join('project'), directory.join('user')];
  for (const name of ingredients) {
    const path = join(projectDirectory, name);
    if (existsSync(path)) cpSync(path, join(project, name), { recursive: true });
  }
  symlinkSync(join(projectDirectory, 'node_modules'), join(project, 'node_modules'), 'junction');

  const [made] = JSON.parse(npm(project, ['pack', '--json', '--silent'])) as {
    filename: string;
    files: { path: string }[];
  }[];
  if (made === undefined) throw new Error('npm packed nothing');
  const tarball = join(project, made.filename);

  cpSync(tarball, join(user, made.filename));
  writeFileSync(join(user, 'package.json'), '{ "name": "user", "private": true }');
  npm(user, ['install', '--prefer-offline', '--no-audit', '--no-fund', `./${made.filename}`]);
  return {
    project,
    tarball,
    files: made.files.map(({ path }) => path).sort(),
    user,
    installed: join(user, 'node_modules/holdfast'),
  };
}

export function npm(directory: string, args: readonly string[]): string {
  return run('npm', args, directory);
}

/** Runs a command to its end, in an environment like a user's; throws if it fails, with what it said. */
export function run(command: string, args: readonly string[], cwd: string): string {
  const options = { cwd, env: userEnvironment(), encoding: 'utf8' } as const;
  const { status, stdout, stderr, error } = spawnSync(command, args, options);
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed:\n${stdout}${stderr}`);
  return stdout;
}

/** Without what an `npm test` around us left in the environment: an npm inside would take that project for its own. */
export function userEnvironment(): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => {
    return !/^npm_(?:package|lifecycle|config_local_prefix)|^NODE_V8_COVERAGE$/.test(name);
  });
  return Object.fromEntries(inherited);
}
