/**
 * The pages of the reference leave nothing out: every option, error code, exit code and channel of the source is there.
 *
 * Not promised: that what they say of each is right.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import ts from 'typescript';
import { projectDirectory, sourceDirectory } from '../support/paths.js';

const page = (name: string): string => readFileSync(join(projectDirectory, 'docs/reference', name), 'utf8');

/** The text of each source file, by its path in `src/`. */
const sources = new Map(
  readdirSync(sourceDirectory, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => [name.replaceAll('\\', '/'), readFileSync(join(sourceDirectory, name), 'utf8')]),
);

/** The fields of each exported interface whose name ends with `ending`. */
function fieldsOf(ending: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  for (const [name, text] of sources) {
    ts.createSourceFile(name, text, ts.ScriptTarget.ES2022, true).forEachChild((node) => {
      if (!ts.isInterfaceDeclaration(node) || !node.name.text.endsWith(ending)) return;
      if (node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) !== true) return;
      found.set(
        node.name.text,
        node.members.map((member) => member.name?.getText() ?? ''),
      );
    });
  }
  return found;
}

const all = (pattern: RegExp, files = /./): string[] =>
  [...sources]
    .filter(([name]) => files.test(name))
    .flatMap(([, text]) => [...text.matchAll(pattern)].map(([, word = '']) => word));

describe('the reference', () => {
  // `Options` is what checked options become, and `ClaimOptions` a part of it: nobody passes them.
  for (const [name, fields] of fieldsOf('Options')) {
    if (name === 'Options' || name === 'ClaimOptions') continue;
    it(`has a row for each option of ${name}`, () => {
      const options = page('options.md');
      const missing = fields.filter(
        (field) => !new RegExp(`^\\|.*\`(?:how\\.)?${field}\``, 'm').test(options),
      );
      expect(missing).to.deep.equal([]);
    });
  }

  it('knows the interfaces of the options', () => {
    expect([...fieldsOf('Options').keys()]).to.include.members([
      'LockOptions',
      'AcquireOptions',
      'SQLiteLockOptions',
    ]);
  });

  it('has every error code', () => {
    const codes = all(/readonly code(?:: string)? = '([A-Z_]+)'/g);
    expect(codes).to.include('LOCK_TIMEOUT');
    const pages = `${page('errors.md')}${page('command.md')}`;
    expect(codes.filter((code) => !pages.includes(`\`${code}\``))).to.deep.equal([]);
  });

  it('has every code of the system that an error explains', () => {
    const codes = all(/^ {2}(E[A-Z_]+): \(/gm);
    expect(codes).to.include('ENOSPC');
    expect(codes.filter((code) => !page('errors.md').includes(`\`${code}\``))).to.deep.equal([]);
  });

  it('has every option of the command', () => {
    const options = all(/^ +(?:-\w(?:,| CODE)? *)?.*?(--[a-z-]+)/gm, /^command\/help/);
    expect(options).to.include('--timeout');
    expect(options.filter((option) => !page('command.md').includes(`\`${option}`))).to.deep.equal([]);
  });

  it('has every exit code of the command', () => {
    const codes = [
      ...all(/const [A-Z_]+(?<!_MS|_DESCRIPTOR) = (\d+);/g, /^command\//),
      ...all(/exitCode = \w+ \? (\d+)/g, /^command\//),
      ...all(/exitCode = \w+ \? \d+ : (\d+)/g, /^command\//),
    ];
    expect(codes).to.include.members(['64', '70', '73', '75', '126', '127']);
    expect(
      codes.filter((code) => !new RegExp(`^\\| ${code}\\b`, 'm').test(page('command.md'))),
    ).to.deep.equal([]);
  });

  it('has every channel', () => {
    const channels = all(/'(holdfast:\w+)'/g);
    expect(channels).to.include('holdfast:acquire');
    expect(channels.filter((channel) => !page('tracing.md').includes(`| \`${channel}\``))).to.deep.equal([]);
  });
});
