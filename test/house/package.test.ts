/** The package as users get it: its files, and how it loads. */
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { expect } from 'chai';
import { npm, packedPackage, run, type Packed } from '../support/packed.js';
import { projectDirectory, sourceFiles } from '../support/paths.js';

const exported = [
  'AlreadyLocked',
  'Hold',
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
  'PidLockFile',
  'SymlinkLockFile',
  'UNCHANGED',
  'UnlockError',
  'WouldDeadlock',
  'locked',
  'lockedSync',
  'updateFile',
  'updateFileSync',
  'updateJson',
  'updateJsonSync',
  'withLock',
  'withLockSync',
];

/** Files in the root of the package, if they exist. */
const besides = ['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json'];

/** One file for each entry point, and the chunks that they share. */
const bundles = [
  'command',
  'contract',
  'contract-suite',
  'index',
  'lock',
  'peer-main',
  'protocol',
  'sqlite',
  'update-file',
  'write-file-atomic',
  'write-file-atomic-bundled',
  'zc',
];

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly publishConfig?: unknown;
}

describe('the package', function () {
  this.timeout(180_000);

  let packed: Packed;

  before(() => {
    packed = packedPackage();
  });

  it('has each source with its types, the documents, a few bundles, and nothing else', () => {
    const sources = sourceFiles().map((name) => name.slice(0, -'.ts'.length));
    const documents = readdirSync(join(projectDirectory, 'docs'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => relative(projectDirectory, join(parentPath, name)).replaceAll(sep, '/'));
    const wanted = [
      ...besides.filter((name) => existsSync(join(projectDirectory, name))),
      ...documents,
      ...sources.map((name) => `src/${name}.ts`),
      ...sources.flatMap((name) => ['.d.ts', '.d.ts.map'].map((end) => `lib/types/${name}${end}`)),
      ...bundles.flatMap((name) => ['.js', '.js.map'].map((end) => `lib/${name}${end}`)),
    ];
    expect(packed.files).to.deep.equal(wanted.sort());
  });

  it('loads write-file-atomic, sockets and cryptography only when they are needed', () => {
    const program = `
      const fs = require('node:fs');
      const loaded = () => [
        ...process.moduleLoadList.filter((name) => /^NativeModule (?:crypto|net)$/.test(name)),
        ...Object.keys(require.cache).filter((path) => path.includes('write-file-atomic')),
      ].length;
      const { LockFile, updateJsonSync } = require('holdfast');
      const counts = [loaded()];
      new LockFile('file').acquireSync().releaseSync();
      counts.push(loaded());
      updateJsonSync('file.json', () => 1);
      fs.unlinkSync('file.json');
      console.log(counts.join(), loaded() > 0);`;
    // A file, because `--eval` itself loads `node:crypto`.
    writeFileSync(join(packed.user, 'loads.cjs'), program);
    expect(run(process.execPath, ['loads.cjs'], packed.user)).to.equal('0,0 true\n');
  });

  it('brings the command, ready to run', () => {
    const command = join(packed.user, 'node_modules/.bin/holdfast');
    expect(run(command, ['run', 'once', '--', process.execPath, '-p', '1 + 1'], packed.user)).to.equal('2\n');
  });

  it('has source maps that point at sources it has', () => {
    const maps = packed.files
      .map((path) => join(packed.installed, path))
      .filter((path) => path.endsWith('.map'));
    expect(maps).not.to.deep.equal([]);
    const sources = maps.flatMap((map) => {
      const parsed = JSON.parse(readFileSync(map, 'utf8')) as { sources: string[]; sourceRoot?: string };
      return parsed.sources.map((source) => resolve(dirname(map), parsed.sourceRoot ?? '', source));
    });
    expect(sources.filter((source) => !existsSync(source))).to.deep.equal([]);
  });

  it('points at nothing that it has not', () => {
    const texts = packed.files.filter((path) => /\.(?:js|ts)$/.test(path));
    const absent = texts.flatMap((path) => {
      const text = readFileSync(join(packed.installed, path), 'utf8');
      const [, map] = /^\/\/# sourceMappingURL=(.*)$/m.exec(text) ?? [];
      return map === undefined || existsSync(join(packed.installed, dirname(path), map)) ? [] : [path];
    });
    expect(absent).to.deep.equal([]);
  });

  it('brings one package, and what it needs', () => {
    expect(Object.keys(manifest().dependencies).sort()).to.deep.equal(['write-file-atomic']);
  });

  it('is published for everyone, with its provenance', () => {
    expect(manifest().publishConfig).to.deep.equal({ access: 'public', provenance: true });
  });

  it('can be published, as far as can be told without doing it', () => {
    // Provenance is signed with an identity that only the publishing environment has.
    const args = ['publish', '--dry-run', '--json', '--offline', '--provenance=false', packed.tarball];
    expect(npm(packed.project, args)).to.include('holdfast-');
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

  for (const path of [
    'dist/src/index.js',
    'lib/index.js',
    'lib/lock.js',
    'lib/types/index.d.ts',
    'src/index.ts',
  ]) {
    it(`keeps ${path} to itself`, () => {
      const script = `try { require('holdfast/${path}') } catch (error) { console.log(error.code) }`;
      expect(node(script)).to.equal('ERR_PACKAGE_PATH_NOT_EXPORTED\n');
    });
  }

  function manifest(): Manifest {
    return JSON.parse(readFileSync(join(packed.installed, 'package.json'), 'utf8')) as Manifest;
  }

  function node(script: string): string {
    return run(process.execPath, ['--input-type=commonjs', '--eval', script], packed.user);
  }
});
