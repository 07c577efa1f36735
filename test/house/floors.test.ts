/** `src/` follows the rules of the floors, and each rule can fail. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { sourceDirectory, sourceFiles } from '../support/paths.js';
import { complaints } from './floor-rules.js';
import { floors } from './floors.js';

describe('the floors', () => {
  it('hold in src/', () => {
    const sources = sourceFiles().map(
      (name) => [name, readFileSync(join(sourceDirectory, name), 'utf8')] as const,
    );
    expect(complaints(new Map(sources), floors)).to.deep.equal([]);
  });

  it('accept a small house in order', () => {
    expect(check({})).to.deep.equal([]);
  });

  describe('FLOOR-1 the list', () => {
    it('says where to add a folder that is not in it', () => {
      expect(check({ 'attic/new.ts': '' })).to.deep.equal([
        'FLOOR-1 src/attic/ has no floor: add it to the list in test/house/floors.ts',
      ]);
    });

    it('has no folder that is gone', () => {
      expect(complaints(new Map(), [['gone']])).to.deep.equal([
        'FLOOR-1 src/gone/ has no files: remove it from the list in test/house/floors.ts',
      ]);
    });

    for (const text of ['const a = 1;', "import './model/word.js';", 'export const a = 1;', 'export {};']) {
      it(`an entry point has no ${text}`, () => {
        expect(check({ 'index.ts': text })).to.deep.equal([
          'FLOOR-1 src/index.ts:1: an entry point only exports from other files',
        ]);
      });
    }
  });

  describe('FLOOR-2 an import goes down', () => {
    const ways = {
      import: "import { run } from '../driver/run.js';",
      'import of a type': "import type { Driver } from '../driver/run.js';",
      'import for its effects': "import '../driver/run.js';",
      'export from': "export { run } from '../driver/run.js';",
      'export all': "export * from '../driver/run.js';",
      'dynamic import': "export const run = () => import('../driver/run.js');",
      'import in a type': "export type Driver = import('../driver/run.js').Driver;",
    };
    for (const [way, text] of Object.entries(ways)) {
      it(`never up: ${way}`, () => {
        expect(check({ 'model/other-word.ts': text })).to.deep.equal([
          "FLOOR-2 src/model/other-word.ts:1: '../driver/run.js' is not on a floor below model/",
        ]);
      });
    }

    it('never to another folder of the same floor', () => {
      expect(check({ 'system/proc.ts': "import '../protocol/acquire.js';" })).to.deep.equal([
        "FLOOR-2 src/system/proc.ts:1: '../protocol/acquire.js' is not on a floor below system/",
      ]);
    });

    it('never to an entry point', () => {
      expect(check({ 'driver/run.ts': "import '../index.js';" })).to.deep.equal([
        "FLOOR-2 src/driver/run.ts:1: '../index.js' is not on a floor below driver/",
        'FLOOR-3 import cycle: driver/run.ts -> index.ts -> driver/run.ts',
      ]);
    });

    it('never out of src/', () => {
      expect(check({ 'driver/run.ts': "import '../../test/hooks.js';" })).to.deep.equal([
        "FLOOR-2 src/driver/run.ts:1: '../../test/hooks.js' is not a file of src/",
      ]);
    });
  });

  describe('FLOOR-3 imports', () => {
    it('make no cycle, not even on one floor and of types', () => {
      const sources = {
        'model/word.ts': "import type { Other } from './other-word.js';",
        'model/other-word.ts': "import type { Word } from './word.js';",
      };
      expect(check(sources)).to.deep.equal([
        'FLOOR-3 import cycle: model/word.ts -> model/other-word.ts -> model/word.ts',
      ]);
    });

    it('make no cycle of one', () => {
      expect(check({ 'model/word.ts': "export * from './word.js';" })).to.deep.equal([
        'FLOOR-3 import cycle: model/word.ts -> model/word.ts',
      ]);
    });
  });

  describe('FLOOR-4 model/ and protocol/', () => {
    for (const name of ['model/word.ts', 'protocol/acquire.ts']) {
      for (const specifier of ['node:fs', 'fs', 'signal-exit', '@scope/package', '#inside']) {
        it(`import no '${specifier}' (${name})`, () => {
          expect(check({ [name]: `import '${specifier}';` }).join()).to.match(/^FLOOR-4 .* imports '.*'$/);
        });
      }
    }

    it('import no computed name', () => {
      expect(check({ 'model/word.ts': 'import(name);' })).to.deep.equal([
        "FLOOR-4 src/model/word.ts:1: model/ imports 'name'",
      ]);
    });

    it('leave the other folders free to', () => {
      expect(check({ 'driver/run.ts': "import 'node:fs';" })).to.deep.equal([]);
    });
  });

  describe('FLOOR-5 protocol/', () => {
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
          expect(check({ 'protocol/acquire.ts': text })).to.include(
            `FLOOR-5 src/protocol/acquire.ts:1: ${word} in protocol/`,
          );
        });
      }
    }

    it('may call a property what a global is called', () => {
      const text =
        'const a = record.process; const b = { process: Math.max(1, 2) }; type C = { process: D.Date };';
      expect(check({ 'protocol/acquire.ts': text })).to.deep.equal([]);
    });

    it('is the only folder without', () => {
      expect(check({ 'driver/run.ts': 'const now = Date.now(); await setTimeout(now);' })).to.deep.equal([]);
    });
  });

  describe('FLOOR-6 a statement in protocol/', () => {
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
        expect(check({ 'protocol/acquire.ts': source })).to.deep.equal([
          `FLOOR-6 src/protocol/acquire.ts:2: a bare '${text}' in protocol/; is a yield* missing?`,
        ]);
      });
    }

    for (const text of ['yield* link(a, b)', 'tries += 1', 'tries++', '--tries', 'found = yield* look(a)']) {
      it(`may be ${text}`, () => {
        expect(check({ 'protocol/acquire.ts': `function* attempt() { ${text}; }` })).to.deep.equal([]);
      });
    }
  });
});

/** A house of three floors in order, with some of its files changed. */
function check(changes: Readonly<Record<string, string>>): string[] {
  const sources = {
    'model/word.ts': '',
    'model/other-word.ts': '',
    'protocol/acquire.ts': "import type { Word } from '../model/word.js';",
    'system/proc.ts': '',
    'driver/run.ts': "import { acquire } from '../protocol/acquire.js'; import 'node:fs';",
    'index.ts': "export { run } from './driver/run.js';",
    ...changes,
  };
  return complaints(new Map(Object.entries(sources)), [['model'], ['protocol', 'system'], ['driver']]);
}
