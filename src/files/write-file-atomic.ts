/**
 * Loads write-file-atomic when it is first needed. It takes longer to load than all of this package, and only
 * `updateFile` and `updateJson` need it.
 *
 * Not for bundlers: they don't follow `createRequire`. package.json leads them to `write-file-atomic-bundled.ts`.
 */
import type writeFileAtomic from 'write-file-atomic';

let loaded: typeof writeFileAtomic | undefined;

export function loadWriteFileAtomic(): typeof writeFileAtomic {
  if (loaded !== undefined) return loaded;
  const require = process.getBuiltinModule('node:module').createRequire(import.meta.url);
  return (loaded = require('write-file-atomic') as typeof writeFileAtomic);
}
