/** The checks for leftovers, in `test/hooks.ts` and `test/support/temporary.ts`, can fail. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { projectDirectory } from '../support/paths.js';
import { temporaryDirectory } from '../support/temporary.js';

describe('a temporary directory', () => {
  it('has no leftovers when it is empty', () => {
    expect(temporaryDirectory().leftovers()).to.deep.equal([]);
  });

  it('tells every name in it that nobody expected', () => {
    const directory = temporaryDirectory().expect('config.json', 'data', 'cache/');
    for (const name of ['data', 'data/deep', 'cache', 'cache/deep']) mkdirSync(directory.join(name));
    for (const name of [
      'config.json',
      'config.json.lock',
      'data/deep/a.lock',
      'cache/deep/a',
      'cache.lock',
    ]) {
      writeFileSync(directory.join(name), '');
    }
    const left = ['cache.lock', 'config.json.lock', 'data/deep', 'data/deep/a.lock'];
    expect(directory.leftovers()).to.deep.equal(left);
    directory.expect(...left);
  });
});

describe('the suite fails, though its tests pass, when one of them', () => {
  const temporary = join(projectDirectory, 'dist/test/support/temporary.js');
  const slips = {
    'leaves a file': [`writeFileSync(temporaryDirectory().join('a.lock'), '');`, '"slip" left a.lock'],
    'leaves a timer': ['setInterval(() => {}, 50);', '"slip" left open: Timeout'],
    'leaves a server': [`createServer().listen(0);`, '"slip" left open: TCPServerWrap'],
    'makes a second directory of ours': [
      `mkdirSync(temporaryDirectory().path + '-other');`,
      'the suite left the directory',
    ],
  } as const;

  for (const [slip, [body, complaint]] of Object.entries(slips)) {
    it(slip, () => {
      const directory = temporaryDirectory().expect('slip.test.mjs');
      writeFileSync(
        directory.join('slip.test.mjs'),
        `import { mkdirSync, writeFileSync } from 'node:fs';
         import { createServer } from 'node:net';
         import { temporaryDirectory } from ${JSON.stringify(temporary)};
         it('slip', () => { ${body} });`,
      );
      const { status, stdout } = runMocha(directory.join('slip.test.mjs'), directory.path);
      directory.expect(...directory.leftovers());
      expect(stdout).to.include('1 passing').and.to.include('1 failing').and.to.include(complaint);
      expect(status).to.equal(1);
    });
  }
});

/** A separate mocha, because it must fail. With another reporter, because ours writes the counts to a file. */
function runMocha(file: string, base: string): { status: number | null; stdout: string } {
  const mocha = join(projectDirectory, 'node_modules/mocha/bin/mocha.js');
  const hooks = join(projectDirectory, 'dist/test/hooks.js');
  const env = { ...process.env, HOLDFAST_TEST_DIR: base };
  const options = { env, encoding: 'utf8', timeout: 50_000 } as const;
  return spawnSync(
    process.execPath,
    [mocha, '--no-config', '--reporter', 'spec', '--require', hooks, file],
    options,
  );
}
