/** A directory that may be written but not listed, such as that of crontabs. Needs root, to become another user. */
import { chmodSync } from 'node:fs';
import { expect } from 'chai';
import { actor, endAll } from '../system/actors.js';
import { temporaryDirectory } from '../support/temporary.js';

const law = process.getuid?.() === 0 ? it : it.skip;
const user = 65534;

describe('in a directory that may not be listed', () => {
  afterEach(endAll);

  law('a waiter waits for the lock, and takes it when it is released', async () => {
    const directory = temporaryDirectory();
    chmodSync(directory.path, 0o333);
    const path = directory.join('data');
    const holder = await actor('hold', path, { user });
    const late = await actor('try', path, { user, options: { timeout: 300 } });
    expect(late.code).to.equal('LOCK_TIMEOUT');
    const waiting = actor('try', path, { user, options: { timeout: 10_000 } });
    holder.process.stdin?.end();
    expect((await waiting).took).to.equal(true);
    chmodSync(directory.path, 0o700);
  });
});
