/**
 * The package as its users get it: packed, installed in an empty folder, and loaded both ways.
 *
 * Packed from a copy of the project, since packing builds afresh, and this suite runs from `dist/`. Installing
 * takes the two dependencies from the registry, or from npm's cache.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { expect } from 'chai';
import { projectDirectory } from '../support/paths.js';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary.js';

const exported = [
  'AlreadyLocked',
  'LinkLockFile',
  'LockBase',
  'LockError',
  'LockFailed',
  'LockFile',
  'LockFileError',
  'LockTimeout',
  'MkdirLockFile',
  'NotLocked',
  'NotMyLock',
  'SymlinkLockFile',
  'UnlockError',
  'locked',
  'lockedSync',
  'updateFile',
  'updateFileSync',
  'updateJson',
  'updateJsonSync',
  'withLock',
  'withLockSync',
];

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

describe('the package', function () {
  this.timeout(180_000);

  let directory: TemporaryDirectory;
  let packed: Packed;
  let installed: string;

  before(() => {
    directory = temporaryDirectory().expect('project', 'project/', 'user', 'user/');
    const project = directory.join('project');
    for (const name of ['package.json', 'tsconfig.json', 'LICENSE', 'README.md', 'src']) {
      const path = join(projectDirectory, name);
      if (existsSync(path)) cpSync(path, join(project, name), { recursive: true });
    }
    symlinkSync(join(projectDirectory, 'node_modules'), join(project, 'node_modules'), 'junction');
    packed = pack(project);

    const user = directory.join('user');
    cpSync(join(project, packed.filename), join(user, packed.filename));
    writeFileSync(join(user, 'package.json'), '{ "name": "user", "private": true }');
    npm(user, ['install', '--prefer-offline', '--no-audit', '--no-fund', `./${packed.filename}`]);
    installed = join(user, 'node_modules/holdfast');
  });

  it('has what was built, the sources, and no tests', () => {
    const names = packed.files.map(({ path }) => path);
    expect(names).to.include.members(['LICENSE', 'package.json', 'dist/src/index.js', 'dist/src/index.d.ts']);
    const known =
      /^(?:dist\/src\/[^/]+\.(?:js|js\.map|d\.ts)|src\/[^/]+\.ts|LICENSE|README\.md|package\.json)$/;
    expect(names.filter((name) => !known.test(name))).to.deep.equal([]);
  });

  it('has source maps that point at sources it has', () => {
    const maps = packed.files
      .map(({ path }) => join(installed, path))
      .filter((path) => path.endsWith('.map'));
    expect(maps).not.to.deep.equal([]);
    const sources = maps.flatMap((map) => {
      const parsed = JSON.parse(readFileSync(map, 'utf8')) as { sources: string[]; sourceRoot?: string };
      return parsed.sources.map((source) => resolve(dirname(map), parsed.sourceRoot ?? '', source));
    });
    expect(sources.filter((source) => !existsSync(source))).to.deep.equal([]);
  });

  it('brings two packages, and what they need', () => {
    const { dependencies } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
    };
    expect(Object.keys(dependencies).sort()).to.deep.equal(['signal-exit', 'write-file-atomic']);
  });

  it('is the same classes to `require` and to `import`', () => {
    const script = `
      const required = require('holdfast');
      import('holdfast').then((imported) => {
        const names = Object.keys(imported).sort();
        const same = names.every((name) => imported[name] === required[name]);
        console.log(JSON.stringify({ names, same }));
      });`;
    expect(JSON.parse(node(script))).to.deep.equal({ names: exported, same: true });
  });

  it('says which version it is', () => {
    expect(node("console.log(require('holdfast/package.json').name)")).to.equal('holdfast\n');
  });

  it('keeps everything else to itself', () => {
    const script = `try { require('holdfast/dist/src/step.js') } catch (error) { console.log(error.code) }`;
    expect(node(script)).to.equal('ERR_PACKAGE_PATH_NOT_EXPORTED\n');
  });

  function node(script: string): string {
    return run(process.execPath, ['--input-type=commonjs', '--eval', script], directory.join('user'));
  }
});

function pack(project: string): Packed {
  const [packed] = JSON.parse(npm(project, ['pack', '--json', '--silent'])) as Packed[];
  if (packed === undefined) throw new Error('npm packed nothing');
  return packed;
}

function npm(directory: string, args: readonly string[]): string {
  return run('npm', args, directory);
}

/** Without what an `npm test` around us left in the environment: an npm inside would take that project for its own. */
function run(command: string, args: readonly string[], cwd: string): string {
  const inherited = Object.entries(process.env).filter(([name]) => {
    return !/^npm_(?:package|lifecycle|config_local_prefix)|^NODE_V8_COVERAGE$/.test(name);
  });
  const options = { cwd, env: Object.fromEntries(inherited), encoding: 'utf8' } as const;
  const { status, stdout, stderr } = spawnSync(command, args, options);
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed:\n${stdout}${stderr}`);
  return stdout;
}
