/**
 * Who holds a lock: reads what stands at its name, of whatever kind, and judges it.
 *
 * Rule INSPECT-1: nothing is taken for a claim of ours unless it is one to the letter; the rest is foreign, and held.
 * Rule INSPECT-2: a lock is dead only if every claim in it is.
 *
 * Not promised: that what was read still stands when the caller looks at the answer.
 */
import { claimIn } from '../model/file-names.js';
import type { Claim } from '../model/claim.js';
import { parseRecord, type HolderRecord } from '../model/record.js';
import {
  MAX_NAMES,
  judge,
  list,
  read,
  readlink,
  type Found,
  type Judgement,
  type Protocol,
} from '../model/steps.js';

/** How often a name is read anew that changes its kind between two calls. */
const MAX_READS = 8;

/** What stands at a lock's name; `undefined` if nothing does. */
export function* readLock(name: string): Protocol<Found | undefined> {
  for (let looks = 0; looks < MAX_READS; looks++) {
    const content = yield* read(name);
    if (content.is === 'nothing') return undefined;
    if (content.is === 'other') return { kind: 'foreign', what: content.what };
    if (content.is === 'file') return fromText('link', content.text);
    // A link or a directory takes a second call, and may be gone by then.
    if (content.is === 'symlink') {
      const target = yield* readlink(name);
      if (target !== undefined) return fromText('symlink', target);
    } else {
      const found = yield* readLockDirectory(name);
      if (found !== undefined) return found;
    }
  }
  return { kind: 'foreign', what: 'a name that changes faster than it can be read' };
}

function fromText(kind: 'link' | 'symlink', text: string): Found {
  const record = parseRecord(text);
  if (record !== undefined) return { kind, text, record };
  const what = kind === 'symlink' ? 'a symbolic link that is not ours' : 'a file that is not ours';
  return { kind: 'foreign', what, text };
}

/** The claims in a lock directory; `undefined` if it changed under our eyes. */
function* readLockDirectory(name: string): Protocol<Found | undefined> {
  const names = yield* list(name, MAX_NAMES, name);
  if (names === undefined) return undefined;
  if (names.length === MAX_NAMES) return { kind: 'foreign', what: 'a directory of many files' };
  const texts: string[] = [];
  for (const each of names) {
    const content = yield* read(claimIn(name, each), name);
    if (content.is === 'nothing') return undefined;
    if (content.is !== 'file') return foreignFiles;
    texts.push(content.text);
  }
  if (names.length === 0) return { kind: 'empty' };
  const records = texts.map(parseRecord).filter((record, index) => record?.token === names[index]);
  const [first, ...rest] = records.filter((record) => record !== undefined);
  if (first !== undefined && rest.length === names.length - 1)
    return { kind: 'mkdir', records: [first, ...rest] };
  return texts.every((text) => text === '') ? { kind: 'foreign', what: FOREIGN_FILES, names } : foreignFiles;
}

const FOREIGN_FILES = 'a directory of files that are not ours';
const foreignFiles: Found = { kind: 'foreign', what: FOREIGN_FILES };

/** The records in what was found; none, if it isn't ours. */
export function recordsOf(found: Found): readonly HolderRecord[] {
  if (found.kind === 'mkdir') return found.records;
  return 'record' in found ? [found.record] : [];
}

/** Does what was found stand for this claim, and no other? */
export function isClaim(found: Found | undefined, claim: Claim): boolean {
  if (found === undefined) return false;
  const records = recordsOf(found);
  return records.length === 1 && records[0]?.token === claim.record.token;
}

/** Did two looks at a name see the same claims? A token is never used twice, so equal tokens are one claim. */
export function isSame(one: Found | undefined, other: Found): boolean {
  if (one?.kind !== other.kind) return false;
  if (one.kind === 'foreign' && other.kind === 'foreign')
    return one.what === other.what && one.text === other.text;
  const tokens = new Set(recordsOf(one).map((record) => record.token));
  const others = recordsOf(other);
  return tokens.size === others.length && others.every((record) => tokens.has(record.token));
}

/** Does the holder of what was found live? Of an empty directory or a foreign lock nobody knows. */
export function* judgeFound(found: Found, name: string): Protocol<Judgement> {
  if (found.kind === 'empty') return { verdict: 'unknown', reason: 'an empty directory names no holder' };
  if (found.kind === 'foreign') return { verdict: 'unknown', reason: `it is ${found.what}` };
  let judgement: Judgement = { verdict: 'unknown', reason: 'it names no holder' };
  for (const record of recordsOf(found)) {
    judgement = yield* judge(record, name);
    if (judgement.verdict !== 'dead') break; // INSPECT-2
  }
  return judgement;
}
