/** The contract suite over `SQLiteLockFile` on `node:sqlite`: for a mocha whose Node has that, which may not be ours. */
import { contract } from '../../src/contract.js';

const module = new URL('../../src/sqlite.js', import.meta.url);
const options = { engine: 'node:sqlite' };

contract({ module, name: 'SQLiteLockFile', options, leaves: ['holdfast.sqlite'] }, { describe, it });
