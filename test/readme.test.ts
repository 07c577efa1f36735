/** What the README shows, runs: each of its TypeScript and JavaScript blocks, in an empty folder, as a file of its own. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import ts from 'typescript';
import { projectDirectory } from './support/paths.js';
import { temporaryDirectory } from './support/temporary.js';

const readme = readFileSync(join(projectDirectory, 'README.md'), 'utf8');
const blocks = [...readme.matchAll(/^```(ts|js)\n(.*?)^```$/gms)].map(([, language = '', text = '']) => ({
  language,
  text,
  title: /^(?!import|\s*$).*$/m.exec(text)?.[0] ?? text,
}));

/** `console.log(x); // 5` promises the line `5`. */
const promised = (text: string) =>
  [...text.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map(([, line]) => line);

describe('the README', () => {
  it('has blocks that say what they print', () => {
    expect(blocks.length).to.be.greaterThan(3);
    expect(blocks.flatMap(({ text }) => promised(text)).length).to.be.greaterThan(3);
  });

  it('says in its first screen that the lock is advisory, and the two commands', () => {
    const screen = readme.split('\n').slice(0, 24).join('\n');
    expect(screen)
      .to.include('advisory')
      .and.to.include('npm ci && npm run demo')
      .and.to.include('npm ci && npm test');
  });

  for (const { language, text, title } of blocks) {
    it(`runs: ${title}`, () => {
      const directory = temporaryDirectory();
      const { expected, run } = install(directory.path, language, text);
      directory.expect(...expected, 'counter.json');
      const { stdout, stderr, status } = run();
      expect(stderr).to.equal('');
      expect(status).to.equal(0);
      const lines = promised(text);
      if (lines.length > 0) expect(stdout.trimEnd().split('\n').slice(-lines.length)).to.deep.equal(lines);
    });
  }

  it('compiles under the strictest settings, from its own types', function () {
    this.timeout(120_000);
    const directory = temporaryDirectory();
    const names = blocks.map(({ language, text }, index) => {
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
