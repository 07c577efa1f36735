/** One law for every page whose blocks run: a block ends well, prints what it promises, and leaves no lock behind. */
import { expect } from 'chai';
import { temporaryDirectory } from '../support/temporary.js';
import { blocksOf, install, promisedLines } from './blocks.js';

/** Declares a test for each block of a page. `products` is what the blocks leave in their folder on purpose. */
export function blocksRun(page: string, products: readonly string[]): void {
  for (const block of blocksOf(page)) {
    it(`runs: ${block.title}`, () => {
      const directory = temporaryDirectory();
      const { expected, run } = install(directory.path, block);
      directory.expect(...expected, ...products);
      const { stdout, stderr, status } = run();
      expect(stderr).to.equal('');
      expect(status).to.equal(0);
      const lines = promisedLines(block.text);
      if (lines.length > 0) expect(stdout.trimEnd().split('\n').slice(-lines.length)).to.deep.equal(lines);
    });
  }
}
