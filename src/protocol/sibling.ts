/**
 * Finds the file beside a foreign lock that is the same file: pylockfile's holder, whose name tells who it is.
 *
 * Not promised: to find it in a directory of more names than are read here, nor to look for it at every attempt. It is
 * for whoever asks who holds the lock.
 */
import { isPylockfileName } from '../model/foreign-lock.js';
import { ignoreErrors } from './retry.js';
import { list, sameFile, type Found, type Protocol } from '../model/steps.js';

const MAX_NAMES_READ = 1_000;

/** What was found at `name` in `directory`, with its sibling if it has one. */
export function* withSibling(found: Found, name: string, directory: string): Protocol<Found> {
  let sibling: string | undefined;
  if (found.kind === 'foreign' && found.text === '') {
    yield* ignoreErrors(
      (function* () {
        sibling = yield* findSibling(name, directory);
      })(),
    );
  }
  return sibling === undefined ? found : { ...(found as Found & { kind: 'foreign' }), sibling };
}

function* findSibling(name: string, directory: string): Protocol<string | undefined> {
  for (const each of (yield* list(directory, MAX_NAMES_READ)) ?? []) {
    if (isPylockfileName(each) && (yield* sameFile(name, `${directory}/${each}`))) return each;
  }
  return undefined;
}
