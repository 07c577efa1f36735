/** What the README shows, runs. */
import { expect } from 'chai';
import { LockFile } from '../../src/index.js';
import { temporaryDirectory } from '../support/temporary.js';
import { blocksOf, install, promisedLines, readPage } from './blocks.js';
import { blocksRun } from './shown.js';

const readme = readPage('README.md');
const blocks = blocksOf(readme);

describe('the README', () => {
  it('has blocks that say what they print', () => {
    expect(blocks.length).to.be.greaterThan(3);
    expect(blocks.flatMap(({ text }) => promisedLines(text)).length).to.be.greaterThan(0);
  });

  it('says in its first screen that the lock is advisory, and the two commands', () => {
    const screen = readme.split('\n').slice(0, 32).join('\n');
    expect(screen)
      .to.include('advisory')
      .and.to.include('npm ci && npm run demo')
      .and.to.include('npm ci && npm test');
  });

  it('can be read in five minutes: it has no more than a thousand words', () => {
    expect(readme.trim().split(/\s+/).length).to.be.at.most(1_000);
  });

  blocksRun(readme, ['config.json']);

  it('lets no second instance of a program run', () => {
    const directory = temporaryDirectory();
    const block = blocks.find(({ text }) => text.includes("'.my-program'"));
    if (block === undefined) throw new Error('no block shows one instance');
    const { expected, run } = install(directory.path, block);
    directory.expect(...expected);
    using _first = new LockFile(directory.join('.my-program')).acquireSync();
    const { status, stderr } = run();
    expect({ status, stderr }).to.deep.equal({
      status: 1,
      stderr: `Already running: pid ${process.pid}.\n`,
    });
  });
});
