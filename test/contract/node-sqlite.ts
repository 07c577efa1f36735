/** The contract suite over `SQLiteLockFile` on `node:sqlite`, for a mocha on a version of Node.js that has it. */
import { contract } from '../../src/contract/suite.js';

const module = new URL('../../src/sqlite/sqlite-lock-file.js', import.meta.url);
const options = { engine: 'node:sqlite' };

contract({ module, name: 'SQLiteLockFile', options, leaves: ['holdfast.sqlite'] }, { describe, it });
