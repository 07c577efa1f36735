/**
 * The types of the package, as TypeScript finds them from an ES module, from CommonJS and for a bundler: checked by the
 * compiler, and by two tools that know the usual mistakes.
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

/** The ways to compile it. Creating a program is slow, so files with the same options share one. */
const users = [
  { options: nodenext, files: { 'consumer.mts': 'an ES module', 'consumer.cts': 'CommonJS' } },
  { options: bundler, files: { 'consumer.ts': 'a bundler' } },
];

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

  for (const { options, files } of users) {
    it(`are what they promise to ${Object.values(files).join(' and to ')}`, () => {
      const source = readFileSync(join(projectDirectory, 'test/types/consumer.ts'), 'utf8');
      for (const file of Object.keys(files)) writeFileSync(directory.expect(file).join(file), source);
      const wrong = directory.expect('wrong.mts').join('wrong.mts');
      writeFileSync(
        wrong,
        "import { LockFile } from 'holdfast'; export const lock: string = new LockFile(1);",
      );
      const found = complaints([...Object.keys(files).map((file) => directory.join(file)), wrong], options);
      const [ofOurs, ofWrong] = [false, true].map((is) =>
        found.filter((text) => text.startsWith(wrong) === is),
      );
      expect(ofOurs).to.deep.equal([]);
      expect(ofWrong, 'what is wrong is seen').to.have.lengthOf(2);
    });
  }

  it('and the rest of the manifest are right, says publint', async () => {
    const { messages, pkg } = await publint({ pkgDir: packed.installed, pack: false, strict: true });
    expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).to.deep.equal([]);
  });

  it('are found from everywhere, says attw', () => {
    // From Node 20.19 on, `require` loads ES modules as well. attw doesn't know that yet.
    const args = [packed.tarball, '--profile', 'esm-only', '--format', 'ascii', '--no-color'];
    const attw = join(projectDirectory, 'node_modules/@arethetypeswrong/cli/dist/index.js');
    const said = run(process.execPath, [attw, ...args], projectDirectory);
    expect(said)
      .to.match(/^node16 \(from ESM\): 🟢/m)
      .and.to.match(/^bundler: 🟢/m);
  });

  function borrow(name: string, from: string): void {
    const to = directory.join('node_modules', name);
    mkdirSync(dirname(to), { recursive: true });
    symlinkSync(from, to, 'junction');
  }
});

function complaints(paths: readonly string[], options: ts.CompilerOptions): string[] {
  const program = ts.createProgram(paths, {
    ...options,
    noEmit: true,
    strict: true,
    exactOptionalPropertyTypes: true,
    // Not `skipLibCheck`, because our own declarations must be checked.
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2022.d.ts', 'lib.esnext.disposable.d.ts', 'lib.esnext.decorators.d.ts'],
    types: ['node'],
    typeRoots: [join(dirname(paths[0] ?? ''), 'node_modules/@types')],
  });
  return ts.getPreEmitDiagnostics(program).map(({ messageText, file, start }) => {
    const line = start === undefined ? undefined : file?.getLineAndCharacterOfPosition(start).line;
    return `${file?.fileName ?? ''}:${(line ?? -1) + 1} ${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
  });
}
