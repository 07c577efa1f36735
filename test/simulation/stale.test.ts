/** A network file system may answer a read from its cache: what is removed is still what was judged. */
import { explore } from './exploration.js';
import { staleReads } from './stale-scenarios.js';

describe('where reads may be stale no two ever hold, and nobody is ever stuck:', function () {
  this.timeout(300_000);
  it('two links, with kills', () => {
    explore(staleReads(['link', 'link'], 'link', 2, 2));
    explore(staleReads(['link', 'link'], 'free', 2, 2));
  });

  it('three links', () => {
    explore(staleReads(['link', 'link', 'link'], 'link', 0, 2));
  });
});
