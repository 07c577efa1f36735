/**
 * Finds another name of the same file beside a foreign lock: pylockfile's unique file, whose name shows the holder.
 *
 * Not promised: to find it in a directory with more than `MAX_NAMES_READ` names. No attempt searches for it: it is only
 * for a description of the holder.
 */
import { isPylockfileName } from '../model/foreign-lock.js';
import { ignoreErrors } from './retry.js';
import { list, sameFile, type Found, type Protocol } from '../model/steps.js';

const MAX_NAMES_READ = 1_000;

/** A lock at `name` in `directory`, with its sibling if it has one. */
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
