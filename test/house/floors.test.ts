/** The floors hold in `src/`, and every rule that says so can fail. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { sourceDirectory } from '../support/paths.js';
import { complaints } from './floor-rules.js';
import { floors } from './floors.js';

describe('the floors', () => {
  it('hold in src/', () => {
    const names = readdirSync(sourceDirectory, { recursive: true, encoding: 'utf8' });
    const sources = names
      .filter((name) => name.endsWith('.ts'))
      .map((name) => [name, readFileSync(join(sourceDirectory, name), 'utf8')] as const);
    expect(complaints(new Map(sources), floors)).to.deep.equal([]);
  });

  it('accept a small house in order', () => {
    expect(check({})).to.deep.equal([]);
  });

  describe('F1 the table', () => {
    it('says where to add a file that is not in it', () => {
      expect(check({ 'new.ts': '' })).to.deep.equal([
        'F1 src/new.ts has no floor: add it to the table in test/house/floors.ts',
      ]);
    });

    it('has no file that is gone', () => {
      expect(complaints(new Map(), { 'gone.ts': 0 })).to.deep.equal([
        'F1 src/gone.ts does not exist: remove it from the table in test/house/floors.ts',
      ]);
    });
  });

  describe('F2 an import goes down', () => {
    const ways = {
      import: "import { drive } from './drive.js';",
      'import of a type': "import type { Driver } from './drive.js';",
      'import for its effects': "import './drive.js';",
      'export from': "export { drive } from './drive.js';",
      'export all': "export * from './drive.js';",
      'dynamic import': "export const drive = () => import('./drive.js');",
      'import in a type': "export type Driver = import('./drive.js').Driver;",
    };
    for (const [way, text] of Object.entries(ways)) {
      it(`never up: ${way}`, () => {
        expect(check({ 'other-word.ts': text })).to.deep.equal([
          "F2 src/other-word.ts:1: floor 0 imports './drive.js' from floor 2 above it",
        ]);
      });
    }

    it('never out of src/', () => {
      expect(check({ 'drive.ts': "import '../test/hooks.js';" })).to.deep.equal([
        "F2 src/drive.ts:1: '../test/hooks.js' is not a file of src/",
      ]);
    });
  });

  describe('F3 imports', () => {
    it('make no cycle, not even on one floor and of types', () => {
      const sources = {
        'word.ts': "import type { Other } from './other-word.js';",
        'other-word.ts': "import type { Word } from './word.js';",
      };
      expect(check(sources)).to.deep.equal(['F3 import cycle: word.ts -> other-word.ts -> word.ts']);
    });

    it('make no cycle of one', () => {
      expect(check({ 'word.ts': "export * from './word.js';" })).to.deep.equal([
        'F3 import cycle: word.ts -> word.ts',
      ]);
    });
  });

  describe('F4 floors 0 and 1', () => {
    for (const name of ['word.ts', 'protocol.ts']) {
      for (const specifier of ['node:fs', 'fs', 'signal-exit', '@scope/package', '#inside']) {
        it(`import no '${specifier}' (${name})`, () => {
          expect(check({ [name]: `import '${specifier}';` }).join()).to.match(/^F4 .* imports '.*'$/);
        });
      }
    }

    it('import no computed name', () => {
      expect(check({ 'word.ts': 'import(name);' })).to.deep.equal([
        "F4 src/word.ts:1: floor 0 imports 'name'",
      ]);
    });

    it('leave floor 2 free to', () => {
      expect(check({ 'drive.ts': "import 'node:fs';" })).to.deep.equal([]);
    });
  });

  describe('F5 floor 1', () => {
    const slips = {
      Date: ['const now = Date.now();', 'const now = new Date();', 'function at(date: Date) {}'],
      performance: ['const now = performance.now();'],
      setTimeout: ['const timer = setTimeout(wake, 1);'],
      setInterval: ['const timer = setInterval(wake, 1);'],
      setImmediate: ['const timer = setImmediate(wake);'],
      'Math.random': ['const a = Math.random();', "const a = Math['random']();", 'const { random } = Math;'],
      crypto: ['const a = crypto.randomUUID();'],
      process: ['const { pid } = process;', 'const holder = { process };'],
      Promise: ['const a = Promise.resolve();', 'declare const a: Promise<void>;'],
      globalThis: ['const now = globalThis.Date.now();'],
      async: [
        'async function attempt() {}',
        'const attempt = async () => 1;',
        'class A { async attempt() {} }',
      ],
      await: ['const a = await attempt;', 'for await (const name of names) {}'],
      'await using': ['await using held = lock;'],
    };
    for (const [word, texts] of Object.entries(slips)) {
      for (const text of texts) {
        it(`has no ${word}: ${text}`, () => {
          expect(check({ 'protocol.ts': text })).to.include(`F5 src/protocol.ts:1: ${word} on floor 1`);
        });
      }
    }

    it('may call a property what a global is called', () => {
      const text =
        'const a = record.process; const b = { process: Math.max(1, 2) }; type C = { process: D.Date };';
      expect(check({ 'protocol.ts': text })).to.deep.equal([]);
    });

    it('is the only floor without', () => {
      expect(check({ 'drive.ts': 'const now = Date.now(); await setTimeout(now);' })).to.deep.equal([]);
    });
  });

  describe('F6 a statement on floor 1', () => {
    const bare = [
      'link(a, b)',
      '(link(a, b))',
      'void link(a, b)',
      'yield link(a, b)',
      'a && link(a, b)',
      '!link(a, b)',
    ];
    for (const text of bare) {
      it(`is not a bare ${text}`, () => {
        const source = `function* attempt() {\n  ${text};\n}`;
        expect(check({ 'protocol.ts': source })).to.deep.equal([
          `F6 src/protocol.ts:2: a bare '${text}' on floor 1; is a yield* missing?`,
        ]);
      });
    }

    for (const text of ['yield* link(a, b)', 'tries += 1', 'tries++', '--tries', 'found = yield* look(a)']) {
      it(`may be ${text}`, () => {
        expect(check({ 'protocol.ts': `function* attempt() { ${text}; }` })).to.deep.equal([]);
      });
    }
  });
});

/** A house of three floors in order, with some of its files changed. */
function check(changes: Readonly<Record<string, string>>): string[] {
  const sources = {
    'word.ts': '',
    'other-word.ts': '',
    'protocol.ts': "import type { Word } from './word.js';",
    'drive.ts': "import { attempt } from './protocol.js'; import 'node:fs';",
    ...changes,
  };
  const table = { 'word.ts': 0, 'other-word.ts': 0, 'protocol.ts': 1, 'drive.ts': 2 } as const;
  return complaints(new Map(Object.entries(sources)), table);
}
