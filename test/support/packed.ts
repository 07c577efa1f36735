/**
 * The package as users get it: packed, and installed in an empty folder. It is made once per run.
 *
 * It is packed from a copy of the project, because packing rebuilds `dist/`, from which this suite runs. Installing
 * takes the dependencies from the registry, or from npm's cache.
 *
 * Rule: call it in a `before` hook, so that its directory remains until the suite ends.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectDirectory } from './paths.js';
import { temporaryDirectory } from './temporary.js';

export interface Packed {
  /** The copy of the project in which the package was packed. */
  readonly project: string;
  readonly tarball: string;
  /** The files of the package, relative to it. */
  readonly files: readonly string[];
  /** A folder in which only the package is installed. */
  readonly user: string;
  /** The package in that folder. */
  readonly installed: string;
}

/** The files that packing needs, and the documents in the project's root. */
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

/** The packed package. The first call takes some ten seconds. */
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

/** Runs a command to its end, in a user's environment. If it fails, throws an error with its output. */
export function run(command: string, args: readonly string[], cwd: string): string {
  const options = { cwd, env: userEnvironment(), encoding: 'utf8' } as const;
  const { status, stdout, stderr, error } = spawnSync(command, args, options);
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed:\n${stdout}${stderr}`);
  return stdout;
}

/** The environment without the variables of an outer `npm test`, which would mislead an inner npm. */
export function userEnvironment(): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => {
    return !/^npm_(?:package|lifecycle|config_local_prefix)|^NODE_V8_COVERAGE$/.test(name);
  });
  return Object.fromEntries(inherited);
}
