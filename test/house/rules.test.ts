/** Every rule of the project has one name, one statement and one entry, and each complaint about that can be raised. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { projectDirectory } from '../support/paths.js';
import { PAGE, complaints } from './rules.js';

// The rules of the small projects below are families that the real one doesn't have, or this file would cite it.
const lock = `/**
 * A lock.
 *
 * Rule DOOR-1: The last one out shuts it.
 * Rule DOOR-2: nobody else opens it.
 */
export const shut = true; // DOOR-1
`;
const page = `# The rules

### The door: \`src/door.ts\`

**DOOR-1** It is shut.

**DOOR-2** Nobody else opens it, by DOOR-1.
`;
const project = { 'src/door.ts': lock, [PAGE]: page };

const check = (texts: Readonly<Record<string, string>>): string[] =>
  complaints(new Map(Object.entries({ ...project, ...texts })));

describe('the rules', () => {
  it('of this project have one name, one statement and one entry each', () => {
    const texts = new Map<string, string>();
    for (const top of ['src', 'test', 'docs']) {
      for (const name of readdirSync(join(projectDirectory, top), { recursive: true, encoding: 'utf8' })) {
        const file = join(top, name).replaceAll('\\', '/');
        if (/\.(?:ts|js|py|md)$/.test(file))
          texts.set(file, readFileSync(join(projectDirectory, file), 'utf8'));
      }
    }
    expect(texts.get(PAGE)?.match(/^\*\*[A-Z]+-\d+\*\* /gm)?.length).to.be.greaterThan(50);
    expect(complaints(texts)).to.deep.equal([]);
  });

  it('of a small project in order are accepted', () => {
    expect(
      check({ 'test/door.test.ts': '// As DOOR-2 says.', 'docs/security.md': '**DOOR-1** is cited.' }),
    ).to.deep.equal([]);
  });

  it('may be stated in a script, and in a test', () => {
    const window = '#!/usr/bin/env node\n/**\n * Rule PANE-1: it is clean.\n */\n';
    const listed = `${page}\n### The window: \`test/window.ts\`\n\n**PANE-1** It is clean.\n`;
    expect(check({ 'test/window.ts': window, [PAGE]: listed })).to.deep.equal([]);
  });

  it('are not the names of standards', () => {
    expect(check({ 'src/text.ts': '// UTF-8, SHA-1, ISO-8601, EX-75 and DOOR-9-like' })).to.deep.equal([]);
  });

  for (const [where, file] of Object.entries({ source: 'src/a.ts', test: 'test/a.ts', page: 'docs/a.md' })) {
    it(`that are cited in a ${where} exist`, () => {
      expect(check({ [file]: '\n// DOOR-3' })).to.deep.equal([
        `DOOR-3 is stated by no file: add a line 'Rule DOOR-3: …' to an opening comment (cited at ${file}:2)`,
        `DOOR-3 is not listed: add a line that begins with **DOOR-3** to ${PAGE} (cited at ${file}:2)`,
      ]);
    });
  }

  it('that are stated are listed', () => {
    expect(check({ [PAGE]: page.replace('**DOOR-1**', 'DOOR-1') })).to.deep.equal([
      `DOOR-1 is not listed: add a line that begins with **DOOR-1** to ${PAGE} (cited at src/door.ts:7)`,
    ]);
  });

  it('that are listed are stated, and in an opening comment', () => {
    const late = `${lock.replace(' * Rule DOOR-2: nobody else opens it.\n', '')}\n/**\n * Rule DOOR-2: late.\n */`;
    expect(check({ 'src/door.ts': late })).to.deep.equal([
      "DOOR-2 is stated by no file: add a line 'Rule DOOR-2: …' to an opening comment (cited at src/door.ts:9)",
    ]);
  });

  it('are stated once', () => {
    expect(
      check({ 'src/gate.ts': lock.replace(' * Rule DOOR-2: nobody else opens it.\n', '') }),
    ).to.deep.equal(['DOOR-1 is stated more than once: src/door.ts:4, src/gate.ts:4']);
  });

  it('are listed once', () => {
    expect(check({ [PAGE]: `${page}\n**DOOR-1** Again.\n` })).to.deep.equal([
      `DOOR-1 is listed more than once: ${PAGE}:5, ${PAGE}:9`,
    ]);
  });

  it('are listed under the file that states them', () => {
    expect(check({ [PAGE]: page.replace('src/door.ts', 'src/gate.ts') })).to.deep.equal([
      'DOOR-1 is stated in src/door.ts, but listed under src/gate.ts',
      'DOOR-2 is stated in src/door.ts, but listed under src/gate.ts',
    ]);
    expect(check({ [PAGE]: page.replace('`src/door.ts`', 'the door') })).to.include(
      'DOOR-1 is stated in src/door.ts, but listed under no file',
    );
  });
});
