/** The suites that matter most to users pass against the packed files as well as against the compiled sources. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { packedPackage, userEnvironment, type Packed } from '../support/packed.js';
import { projectDirectory } from '../support/paths.js';
import { temporaryDirectory } from '../support/temporary.js';

const kinds = ['LockFile', 'MkdirLockFile'];

describe('the packed files pass', function () {
  this.timeout(240_000);

  let packed: Packed;

  before(() => {
    packed = packedPackage();
  });

  it('the contract', () => {
    const module = JSON.stringify(join(packed.installed, 'lib/index.js'));
    const file = join(packed.user, 'contract.test.mjs');
    writeFileSync(
      file,
      `import { describe, it } from 'node:test';
       import { pathToFileURL } from 'node:url';
       import { contract } from 'holdfast/contract';
       for (const name of ${JSON.stringify(kinds)})
         contract({ module: pathToFileURL(${module}), name }, { describe, it });`,
    );
    const { status, stdout } = spawnSync(process.execPath, ['--test', '--test-reporter=tap', file], {
      cwd: packed.user,
      env: userEnvironment(),
      encoding: 'utf8',
    });
    expect(status, stdout).to.equal(0);
    expect(stdout).to.match(/^# pass [1-9]\d+$/m);
  });

  it('the tests of the command', () => {
    const mocha = join(projectDirectory, 'node_modules/mocha/bin/mocha.js');
    const tests = ['command', 'run'].map((name) =>
      join(projectDirectory, `dist/test/command/${name}.test.js`),
    );
    const hooks = join(projectDirectory, 'dist/test/hooks.js');
    const directory = temporaryDirectory().expect('tests/');
    const { status, stdout } = spawnSync(
      process.execPath,
      [
        mocha,
        '--no-config',
        '--no-package',
        '--timeout',
        '60000',
        '--reporter',
        'dot',
        '--require',
        hooks,
        ...tests,
      ],
      {
        cwd: projectDirectory,
        env: {
          ...process.env,
          HOLDFAST_COMMAND: join(packed.installed, 'lib/command.js'),
          HOLDFAST_TEST_DIR: directory.path,
        },
        encoding: 'utf8',
      },
    );
    expect(status, stdout).to.equal(0);
    expect(stdout).to.match(/^ +[1-9]\d+ passing/m);
  });
});
