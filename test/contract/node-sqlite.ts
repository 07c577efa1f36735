/** The contract suite over `SQLiteLockFile` on `node:sqlite`: for a mocha whose Node has that, which may not be ours. */
import { contract } from '../../src/contract/suite.js';

const module = new URL('../../src/sqlite/sqlite-lock-file.js', import.meta.url);
const options = { engine: 'node:sqlite' };

contract({ module, name: 'SQLiteLockFile', options, leaves: ['holdfast.sqlite'] }, { describe, it });
