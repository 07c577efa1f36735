/** The size that holdfast adds to a program. */
import { expect } from 'chai';
import { bundleSize } from '../bench/rows.js';

describe('a bundle', () => {
  it('of LockFile, minified and gzipped, takes 25.5 kB at most', async function () {
    this.timeout(60_000);
    expect(await bundleSize('holdfast')).to.be.within(1_000, 26_112);
  });
});
