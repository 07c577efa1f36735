/** Writes, reads and removes the data of a hold (`holder-data.ts`), as protocols for both forms of a call. */
import { dataPath, formatData, newDataPath, parseData } from '../model/holder-data.js';
import type { HolderRecord, Token } from '../model/record.js';
import { create, read, rename, unlink, type Protocol } from '../model/steps.js';
import { ignoreErrors } from '../protocol/retry.js';

/** The holds of this thread that have data on disk. A set, so that the release of any other one needs no call. */
const withData = new Set<Token>();

let serial = 0;

/** Replaces the data of a hold. */
export function* writeData(lock: string, record: HolderRecord, json: string, mode: number): Protocol<void> {
  const path = newDataPath(lock, record.token, ++serial);
  withData.add(record.token);
  try {
    yield* create(path, formatData(record, json), mode);
    yield* rename(path, dataPath(lock, record.token)); // DATA-2
  } catch (error) {
    yield* ignoreErrors(unlink(path));
    throw error;
  }
}

/** The data of the hold with this token; `undefined` if it has none. */
export function* readData(lock: string, token: Token): Protocol<unknown> {
  try {
    const content = yield* read(dataPath(lock, token));
    return content.is === 'file' ? parseData(content.text, token) : undefined;
  } catch {
    return undefined; // The lock itself can be read, and that matters more.
  }
}

/** Removes the data of a hold of this thread, if it has any. */
export function* removeOwnData(lock: string, token: Token): Protocol<void> {
  if (withData.delete(token)) yield* removeData(lock, token);
}

/** Removes the data of any hold, which may have none. */
export function* removeData(lock: string, token: Token): Protocol<void> {
  yield* ignoreErrors(unlink(dataPath(lock, token)));
}
