/**
 * The contract on Node's own SQLite, which the oldest supported version of Node.js doesn't have. So it runs in a mocha
 * of its own, on the newer version that `.ci/run` fetches. The suite beside this one uses any SQLite it finds.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { projectDirectory } from '../support/paths.js';
import { newerNode } from '../support/peers.js';

interface Outcome {
  readonly stats: { readonly passes: number; readonly pending: number };
  readonly failures: readonly { readonly fullTitle: string; readonly err: { readonly message?: string } }[];
}

describe('SQLiteLockFile on node:sqlite', () => {
  it('keeps the contract of a lock', function () {
    this.timeout(120_000);
    const node = newerNode();
    if (node === undefined) this.skip();
    const mocha = join(projectDirectory, 'node_modules/mocha/bin/mocha.js');
    const laws = fileURLToPath(new URL('node-sqlite.js', import.meta.url));
    const { stdout, stderr } = spawnSync(
      node,
      ['--no-warnings', mocha, '--no-config', '--reporter', 'json', '--timeout', '60000', laws],
      { cwd: projectDirectory, encoding: 'utf8' },
    );
    expect(stdout, stderr).to.match(/^\{/);
    const { stats, failures } = JSON.parse(stdout) as Outcome;
    expect(failures.map(({ fullTitle, err }) => `${fullTitle}: ${err.message ?? ''}`)).to.deep.equal([]);
    expect(stats.pending).to.equal(0);
    expect(stats.passes).to.be.greaterThan(60);
  });
});
