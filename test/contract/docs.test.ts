/** What the documents of this subject show is what runs, and no row of their tables is empty. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { laws } from '../../src/contract-laws.js';
import { projectDirectory } from '../support/paths.js';

const read = (...names: string[]): string => readFileSync(join(projectDirectory, ...names), 'utf8');

describe('the documents', () => {
  it('extending.md: the room is the code of docs/extending.md', () => {
    const [, code] =
      /```ts\n(\/\*\*\n \* A lock that is a room[^]*?)```/.exec(read('docs/extending.md')) ?? [];
    expect(code?.replace("'holdfast/protocol'", "'../../src/protocol.js'")).to.equal(
      read('test/contract/room-lock.ts'),
    );
  });

  it('originals.md: each row says what became of it, and a test that is there', () => {
    const rows = read('docs/originals.md')
      .split('\n')
      .filter((line) => line.startsWith('| ') && !line.startsWith('| ---') && !line.startsWith('| of the'))
      .map((line) =>
        line
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim()),
      );
    expect(rows).to.have.length.greaterThan(40);
    const titles = new Set(laws.map((law) => law.name));
    const sources = readdirSync(join(projectDirectory, 'test'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => read('test', name).replaceAll("\\'", "'"));
    for (const row of rows) {
      const [, , shown = ''] = row;
      expect(row, row.join()).to.have.lengthOf(3);
      expect(row.includes(''), row.join()).to.equal(false);
      const [, law] = /^Contract: (.*)$/.exec(shown) ?? [];
      if (law !== undefined) expect(titles.has(law), law).to.equal(true);
      else if (shown !== 'not there yet')
        expect(
          sources.some((source) => source.includes(shown)),
          shown,
        ).to.equal(true);
    }
  });
});
