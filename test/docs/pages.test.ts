/** Of every page: its code compiles from the package's own types, and its links lead somewhere. */
import { existsSync } from 'node:fs';
import { join, posix } from 'node:path';
import { expect } from 'chai';
import ts from 'typescript';
import { projectDirectory } from '../support/paths.js';
import { temporaryDirectory } from '../support/temporary.js';
import { allPages, blocksOf, install, readPage } from './blocks.js';

const pages = allPages();

describe('the pages', () => {
  it('have code that compiles under the strictest settings', function () {
    this.timeout(120_000);
    const directory = temporaryDirectory();
    const blocks = pages.flatMap((path) => blocksOf(readPage(path)).map((block) => ({ path, block })));
    expect(blocks.length).to.be.greaterThan(10);
    const files = blocks.map(({ path, block }, index) => {
      const name = `${path.replace(/\W+/g, '-')}-${index}`;
      const { expected, file } = install(directory.path, block, name);
      directory.expect(...expected);
      return file;
    });
    const program = ts.createProgram(
      files.filter((name) => name.endsWith('.mts')),
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

  it('have links that lead to a file and a heading that exist', () => {
    const dead = pages.flatMap((path) =>
      linksOf(path)
        .filter((link) => !leadsSomewhere(path, link))
        .map((link) => `${path}: ${link}`),
    );
    expect(dead).to.deep.equal([]);
  });

  it('are reached from the index of the documentation', () => {
    const indexed = new Set(linksOf('docs/README.md').map((link) => targetOf('docs/README.md', link).file));
    const orphans = pages.filter((path) => /^docs\/(?!README|maintainers\/decisions\/)/.test(path));
    expect(orphans.filter((path) => !indexed.has(path))).to.deep.equal([]);
  });
});

/** The links of a page that stay in the project, each with the page that has it. */
function linksOf(path: string): readonly string[] {
  const text = readPage(path).replace(/^```.*?^```$/gms, '');
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link = '']) => link)
    .filter((link) => !/^[a-z]+:/.test(link));
}

function targetOf(path: string, link: string): { file: string; heading: string | undefined } {
  const [name = '', heading] = link.split('#');
  return { file: name === '' ? path : posix.join(posix.dirname(path), name), heading };
}

function leadsSomewhere(path: string, link: string): boolean {
  const { file, heading } = targetOf(path, link);
  if (!existsSync(join(projectDirectory, file))) return false;
  return heading === undefined || headingsOf(file).has(heading);
}

/** As GitHub makes them: lower case, blanks as hyphens, and nothing else but letters, digits and underscores. */
function headingsOf(path: string): ReadonlySet<string> {
  const headings = [...readPage(path).matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-'),
  );
  return new Set(headings);
}
