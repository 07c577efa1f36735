/**
 * Finds the file beside a foreign lock that is the same file: pylockfile's holder, whose name tells who it is.
 *
 * Not promised: to find it in a directory of more names than are read here, nor to look for it at every attempt. It is
 * for whoever asks who holds the lock.
 */
import { isTwinName } from '../model/foreign-lock.js';
import { quietly } from './retry.js';
import { list, same, type Found, type Protocol } from '../model/steps.js';

const NAMES = 1_000;

/** What was found at `name` in `directory`, with its twin if it has one. */
export function* withTwin(found: Found, name: string, directory: string): Protocol<Found> {
  let twin: string | undefined;
  if (found.kind === 'foreign' && found.text === '') {
    yield* quietly(
      (function* () {
        twin = yield* findTwin(name, directory);
      })(),
    );
  }
  return twin === undefined ? found : { ...(found as Found & { kind: 'foreign' }), twin };
}

function* findTwin(name: string, directory: string): Protocol<string | undefined> {
  for (const each of (yield* list(directory, NAMES)) ?? []) {
    if (isTwinName(each) && (yield* same(name, `${directory}/${each}`))) return each;
  }
  return undefined;
}
