/**
 * The types that the package brings, as TypeScript finds them: from an ES module, from CommonJS and for a bundler, by
 * the compiler itself, and by two tools that know the ways in which packages get this wrong.
 */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'chai';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import ts from 'typescript';
import { packedPackage, run, type Packed } from '../support/packed.js';
import { projectDirectory } from '../support/paths.js';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary.js';

const nodenext = { module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext };
const bundler = { module: ts.ModuleKind.Preserve, moduleResolution: ts.ModuleResolutionKind.Bundler };

const users: Readonly<Record<string, readonly [file: string, options: ts.CompilerOptions]>> = {
  'an ES module': ['consumer.mts', nodenext],
  CommonJS: ['consumer.cts', nodenext],
  'a bundler': ['consumer.ts', bundler],
};

describe('the types', function () {
  this.timeout(180_000);

  let packed: Packed;
  let directory: TemporaryDirectory;

  before(() => {
    packed = packedPackage();
    directory = temporaryDirectory().expect('node_modules', 'node_modules/');
    borrow('holdfast', packed.installed);
    for (const name of ['expect-type', '@types/node'])
      borrow(name, join(projectDirectory, 'node_modules', name));
  });

  for (const [user, [file, options]] of Object.entries(users)) {
    it(`are what they promise to ${user}`, () => {
      const path = directory.join(file);
      directory.expect(file);
      writeFileSync(path, readFileSync(join(projectDirectory, 'test/types/consumer.ts'), 'utf8'));
      expect(complaints(path, options)).to.deep.equal([]);
    });
  }

  it('would be seen to be wrong', () => {
    const path = directory.expect('wrong.mts').join('wrong.mts');
    writeFileSync(path, "import { LockFile } from 'holdfast'; export const pid: string = new LockFile(1);");
    expect(complaints(path, nodenext)).to.have.lengthOf(2);
  });

  it('and the rest of the manifest are right, says publint', async () => {
    const { messages, pkg } = await publint({ pkgDir: packed.installed, pack: false, strict: true });
    expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).to.deep.equal([]);
  });

  it('are found from everywhere, says attw', () => {
    // One build, of ES modules, serves `require` as well from Node 20.19 on, of which attw knows nothing yet.
    const args = [packed.tarball, '--profile', 'esm-only', '--format', 'ascii', '--no-color'];
    const attw = join(projectDirectory, 'node_modules/@arethetypeswrong/cli/dist/index.js');
    expect(run(process.execPath, [attw, ...args], projectDirectory)).to.include('No problems found');
  });

  function borrow(name: string, from: string): void {
    const to = directory.join('node_modules', name);
    mkdirSync(dirname(to), { recursive: true });
    symlinkSync(from, to, 'junction');
  }
});

function complaints(path: string, options: ts.CompilerOptions): string[] {
  const program = ts.createProgram([path], {
    ...options,
    noEmit: true,
    strict: true,
    exactOptionalPropertyTypes: true,
    // Not `skipLibCheck`: our own declarations are to be looked at as well.
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2022.d.ts', 'lib.esnext.disposable.d.ts', 'lib.esnext.decorators.d.ts'],
    types: ['node'],
    typeRoots: [join(dirname(path), 'node_modules/@types')],
  });
  return ts.getPreEmitDiagnostics(program).map(({ messageText, file, start }) => {
    const line = start === undefined ? undefined : file?.getLineAndCharacterOfPosition(start).line;
    return `${file?.fileName ?? ''}:${(line ?? -1) + 1} ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
  });
}
