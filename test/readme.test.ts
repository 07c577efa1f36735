/**
 * What the README shows, runs: each of its TypeScript and JavaScript blocks, in an empty folder, as a file of its own;
 * and each crontab's command, in the home of somebody who has the package installed in `~/app`. The blocks of the other
 * pages compile; those that show something are run by the tests of what they show.
 */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import ts from 'typescript';
import { LockFile } from '../src/index.js';
import { userEnvironment } from './support/packed.js';
import { projectDirectory } from './support/paths.js';
import { temporaryDirectory } from './support/temporary.js';

const read = (...names: string[]) => readFileSync(join(projectDirectory, ...names), 'utf8');
const blocksOf = (page: string) =>
  [...page.matchAll(/^```(ts|js)\n(.*?)^```$/gms)].map(([, language = '', text = '']) => ({
    language,
    text,
    title: /^(?!import|\s*$).*$/m.exec(text)?.[0] ?? text,
  }));
const readme = read('README.md');
const blocks = blocksOf(readme);
const crontabs = [...readme.matchAll(/^```crontab\n(?:\S+ ){5}(.*)\n```$/gm)].map(
  ([, command = '']) => command,
);

/** What the blocks leave in their folder: what they are about. */
const products = ['counter.json', 'config.json', 'cache', 'cache/answer', 'jobs'];

/** `console.log(x); // 5` promises the line `5`. */
const promised = (text: string) =>
  [...text.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map(([, line]) => line);

describe('the README', () => {
  it('has blocks that say what they print', () => {
    expect(blocks.length).to.be.greaterThan(3);
    expect(blocks.flatMap(({ text }) => promised(text)).length).to.be.greaterThan(3);
  });

  it('says in its first screen that the lock is advisory, and the two commands', () => {
    const screen = readme.split('\n').slice(0, 32).join('\n');
    expect(screen)
      .to.include('advisory')
      .and.to.include('npm ci && npm run demo')
      .and.to.include('npm ci && npm test');
  });

  for (const { language, text, title } of blocks) {
    it(`runs: ${title}`, () => {
      const directory = temporaryDirectory();
      const { expected, run } = install(directory.path, language, text);
      directory.expect(...expected, ...products);
      const { stdout, stderr, status } = run();
      expect(stderr).to.equal('');
      expect(status).to.equal(0);
      const lines = promised(text);
      if (lines.length > 0) expect(stdout.trimEnd().split('\n').slice(-lines.length)).to.deep.equal(lines);
    });
  }

  it('lets no second instance of a program run', () => {
    const directory = temporaryDirectory();
    const { language, text } = blockWith("new LockFile('my-program'");
    const { expected, run } = install(directory.path, language, text);
    directory.expect(...expected);
    using _first = new LockFile(directory.join('my-program')).acquireSync();
    const { status, stderr } = run();
    expect({ status, stderr }).to.deep.equal({
      status: 1,
      stderr: `It is running already: pid ${process.pid}.\n`,
    });
  });

  it('has a pool whose workers perform each job, and none twice', () => {
    const directory = temporaryDirectory();
    const { language, text } = blockWith('new Worker');
    const { expected, run } = install(directory.path, language, text);
    directory.expect(...expected, 'jobs');
    const done = run().stdout.trimEnd().split('\n').sort();
    expect(done).to.deep.equal(Array.from({ length: 8 }, (_, job) => `jobs/${job}.json: done`));
  });

  it('shows a cron job', () => {
    expect(crontabs).to.have.lengthOf(1);
  });

  for (const command of crontabs) {
    it(`runs: ${command}, unless it still runs`, function () {
      if (process.platform === 'win32') this.skip();
      const home = temporaryDirectory().expect('app', 'app/', '.npm/');
      install(home.join('app'), 'js', "console.log('imported');", 'import');
      renameSync(home.join('app/import.mjs'), home.join('app/import.js'));
      writeFileSync(home.join('app/package.json'), '{ "type": "module" }');
      mkdirSync(home.join('app/node_modules/.bin'));
      symlinkSync('../holdfast/dist/src/command/main.js', home.join('app/node_modules/.bin/holdfast'));
      chmodSync(join(projectDirectory, 'dist/src/command/main.js'), 0o755);
      const cron = () => {
        const env = { ...userEnvironment(), HOME: home.path, npm_config_update_notifier: 'false' };
        const { status, stdout, stderr } = spawnSync('sh', ['-c', command], { env, encoding: 'utf8' });
        return { status, stdout, stderr: stderr.replace(/^npm (?:warn|notice).*\n/gm, '') };
      };
      expect(cron()).to.deep.equal({ status: 0, stdout: 'imported\n', stderr: '' });

      using _running = new LockFile(home.join('app/import')).acquireSync();
      const { status, stdout, stderr } = cron();
      expect({ status, stdout }).to.deep.equal({ status: 75, stdout: '' });
      expect(stderr).to.match(/^holdfast: not waiting: import is held by pid \d+/);
    });
  }

  it('compiles under the strictest settings, from its own types, and so do the other pages', function () {
    this.timeout(120_000);
    const directory = temporaryDirectory();
    const pages = readdirSync(join(projectDirectory, 'docs')).filter((name) => name.endsWith('.md'));
    const others = pages.flatMap((name) => blocksOf(read('docs', name)));
    expect(others.length).to.be.greaterThan(3);
    const names = [...blocks, ...others].map(({ language, text }, index) => {
      const { expected, file } = install(directory.path, language, text, `block-${index}`);
      directory.expect(...expected);
      return file;
    });
    const program = ts.createProgram(
      names.filter((name) => name.endsWith('.mts')),
      {
        strict: true,
        noEmit: true,
        skipLibCheck: true,
        module: ts.ModuleKind.NodeNext,
        target: ts.ScriptTarget.ES2022,
        lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts', 'lib.esnext.decorators.d.ts'],
        types: ['node'],
        typeRoots: [join(projectDirectory, 'node_modules/@types')],
        preserveSymlinks: true,
      },
    );
    const complaints = ts.getPreEmitDiagnostics(program).map(({ messageText, file }) => {
      return `${file?.fileName ?? ''}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
    });
    expect(complaints).to.deep.equal([]);
  });
});

function blockWith(words: string) {
  const block = blocks.find(({ text }) => text.includes(words));
  if (block === undefined) throw new Error(`no block has ${words}`);
  return block;
}

/** Puts a block into an empty folder in which the built package is installed. */
function install(directory: string, language: string, text: string, name = 'block') {
  const expected = ['node_modules', 'node_modules/', `${name}.mts`, `${name}.mjs`];
  mkdirSync(join(directory, 'node_modules/holdfast'), { recursive: true });
  for (const part of ['package.json', 'dist']) {
    const path = join(directory, 'node_modules/holdfast', part);
    try {
      symlinkSync(join(projectDirectory, part), path, 'junction');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
  const source = join(directory, `${name}.mts`);
  const compiled = join(directory, `${name}.mjs`);
  if (language === 'ts') writeFileSync(source, text);
  const options = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 };
  writeFileSync(
    compiled,
    language === 'ts' ? ts.transpileModule(text, { compilerOptions: options }).outputText : text,
  );
  return {
    expected,
    file: language === 'ts' ? source : compiled,
    run: () => spawnSync(process.execPath, [compiled], { cwd: directory, encoding: 'utf8' }),
  };
}
