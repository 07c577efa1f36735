/**
 * What the guides show, runs: each TypeScript and JavaScript block, and each crontab's command, in the home of somebody
 * who has the package installed in `~/app`. The shell sessions of the command line have a test of their own.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { LockFile } from '../../src/index.js';
import { userEnvironment } from '../support/packed.js';
import { temporaryDirectory } from '../support/temporary.js';
import { allPages, blocksOf, install, readPage } from './blocks.js';
import { blocksRun } from './shown.js';

const guides = allPages().filter((path) => path.startsWith('docs/guide/'));

/** What the blocks leave in their folder: what they are about. */
const products = ['config.json', 'visits.json', 'cache', 'cache/answer', 'jobs'];

describe('the guides', () => {
  it('have blocks', () => {
    expect(guides.flatMap((path) => blocksOf(readPage(path))).length).to.be.greaterThan(10);
  });

  for (const path of guides) {
    describe(path, () => {
      blocksRun(readPage(path), products);
    });
  }

  it('have a pool whose workers perform each job, and none twice', () => {
    const directory = temporaryDirectory();
    const block = blocksOf(readPage('docs/guide/recipes.md')).find(({ text }) => text.includes('new Worker'));
    if (block === undefined) throw new Error('no block has a pool');
    const { expected, run } = install(directory.path, block);
    directory.expect(...expected, 'jobs');
    const done = run().stdout.trimEnd().split('\n').sort();
    expect(done).to.deep.equal(Array.from({ length: 8 }, (_, job) => `jobs/${job}.json: done`));
  });

  const crontabs = guides.flatMap((path) =>
    [...readPage(path).matchAll(/^```crontab\n(?:\S+ ){5}(.*)\n```$/gm)].map(([, command = '']) => command),
  );

  it('show a cron job', () => {
    expect(crontabs).to.have.lengthOf(1);
  });

  for (const command of crontabs) {
    it(`run: ${command}, unless it still runs`, function () {
      if (process.platform === 'win32') this.skip();
      const home = temporaryDirectory().expect('app', 'app/', '.npm/');
      const script = { language: 'js', text: "console.log('imported');", title: 'import' };
      install(home.join('app'), script, 'import');
      renameSync(home.join('app/import.mjs'), home.join('app/import.js'));
      writeFileSync(home.join('app/package.json'), '{ "type": "module" }');
      mkdirSync(home.join('app/node_modules/.bin'));
      symlinkSync('../holdfast/lib/command.js', home.join('app/node_modules/.bin/holdfast'));
      const cron = () => {
        const env = { ...userEnvironment(), HOME: home.path, npm_config_update_notifier: 'false' };
        const { status, stdout, stderr } = spawnSync('sh', ['-c', command], { env, encoding: 'utf8' });
        return { status, stdout, stderr: stderr.replace(/^npm (?:warn|notice).*\n/gm, '') };
      };
      expect(cron()).to.deep.equal({ status: 0, stdout: 'imported\n', stderr: '' });

      using _running = new LockFile(home.join('app/import')).acquireSync();
      const { status, stdout, stderr } = cron();
      expect({ status, stdout }).to.deep.equal({ status: 75, stdout: '' });
      expect(stderr).to.match(/^holdfast: .*import is held by pid \d+/);
    });
  }
});
