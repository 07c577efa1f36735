/**
 * Determines who holds a lock: reads its name, of any kind, and judges the claims in it.
 *
 * Rule INSPECT-1: Only an exact record of ours counts as a claim. Anything else is foreign and counts as held.
 * Rule INSPECT-2: A lock is dead only if every claim in it is dead.
 *
 * Not promised: that the lock is still the same when the caller uses the answer.
 */
import { claimIn, isToken } from '../model/file-names.js';
import type { Claim } from '../model/claim.js';
import { isLost } from '../model/mark.js';
import { parseRecord, type HolderRecord, type Token } from '../model/record.js';
import {
  MAX_NAMES,
  age,
  judge,
  judgeLost,
  list,
  read,
  readlink,
  type Found,
  type Judgement,
  type Protocol,
} from '../model/steps.js';

/** How often a name is read again because it changed between two calls. */
const MAX_READS = 8;

/** Reads what is at a lock's name; `undefined` if nothing is. */
export function* readLock(name: string): Protocol<Found | undefined> {
  for (let reads = 0; reads < MAX_READS; reads++) {
    const content = yield* read(name);
    if (content.is === 'nothing') return undefined;
    if (content.is === 'other') return { kind: 'foreign', what: content.what };
    if (isLost(content)) return { kind: 'lost' }; // CRASH-1
    if (content.is === 'file') return fromText('link', content.text);
    // A symbolic link or a directory needs a second call, and may be gone by then.
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

/** Reads the claims in a lock directory; `undefined` if it changed meanwhile. */
function* readLockDirectory(name: string): Protocol<Found | undefined> {
  const names = yield* list(name, MAX_NAMES, name);
  if (names === undefined) return undefined;
  if (names.length === MAX_NAMES) return { kind: 'foreign', what: 'a directory of many files' };
  const texts: string[] = [];
  const lost: Token[] = [];
  for (const each of names) {
    const content = yield* read(claimIn(name, each), name);
    if (content.is === 'nothing') return undefined;
    if (content.is !== 'file') return foreignFiles;
    texts.push(content.text);
    if (isLost(content) && isToken(each)) lost.push(each); // CRASH-1
  }
  if (names.length === 0) return { kind: 'empty' };
  const records = texts.map(parseRecord).filter((record, index) => record?.token === names[index]);
  const [first, ...rest] = records.filter((record) => record !== undefined);
  if (lost.length === names.length) return { kind: 'lost', names };
  if (first !== undefined && 1 + rest.length + lost.length === names.length)
    return { kind: 'mkdir', records: [first, ...rest], ...(lost.length === 0 ? {} : { lost }) };
  return texts.every((text) => text === '') ? { kind: 'foreign', what: FOREIGN_FILES, names } : foreignFiles;
}

const FOREIGN_FILES = 'a directory of files that are not ours';
const foreignFiles: Found = { kind: 'foreign', what: FOREIGN_FILES };

/** The records of a lock; none if it isn't ours. */
export function recordsOf(found: Found): readonly HolderRecord[] {
  if (found.kind === 'mkdir') return found.records;
  return 'record' in found ? [found.record] : [];
}

/** The tokens of the claims in a lock, those without a text included; none if they are unknown. */
function tokensOf(found: Found): readonly Token[] {
  const tokens = recordsOf(found).map((record) => record.token);
  if (found.kind === 'lost') return found.names ?? [];
  return found.kind === 'mkdir' ? [...tokens, ...(found.lost ?? [])] : tokens;
}

/** Is a lock this claim's alone? */
export function isClaim(found: Found | undefined, claim: Claim): boolean {
  if (found === undefined) return false;
  const tokens = tokensOf(found);
  return tokens.length === 1 && tokens[0] === claim.record.token;
}

/** Did two reads of a name find the same claims? A token is never used twice, so equal tokens mean one claim. */
export function isSame(one: Found | undefined, other: Found): boolean {
  if (one?.kind !== other.kind) return false;
  if (one.kind === 'foreign' && other.kind === 'foreign')
    return one.what === other.what && one.text === other.text;
  const tokens = new Set(tokensOf(one));
  const others = tokensOf(other);
  return tokens.size === others.length && others.every((token) => tokens.has(token));
}

/** An empty directory that the next acquire removes. */
export const ORPHAN: Judgement = {
  verdict: 'dead',
  reason: 'it has been an empty directory, unchanged, for longer than its grace',
};

/**
 * As `judgeFound`, for a check that takes nothing: an empty directory counts as dead once an acquire would remove it.
 * Unlike an acquire, it compares the directory's time with this machine's clock, because a check must work in a
 * directory that may not be written.
 */
export function* judgeSeen(found: Found, name: string, orphanGraceMs: number): Protocol<Judgement> {
  if (found.kind !== 'empty') return yield* judgeFound(found, name);
  return ((yield* age(name)) ?? 0) >= orphanGraceMs ? ORPHAN : yield* judgeFound(found, name);
}

/** Determines whether a lock's holder is alive; `unknown` for an empty directory or a foreign lock. */
export function* judgeFound(found: Found, name: string): Protocol<Judgement> {
  if (found.kind === 'empty') return { verdict: 'unknown', reason: 'an empty directory names no holder' };
  if (found.kind === 'foreign') return { verdict: 'unknown', reason: `it is ${found.what}` };
  if (found.kind === 'lost') return yield* judgeLost(name);
  let judgement: Judgement = { verdict: 'unknown', reason: 'it names no holder' };
  for (const record of recordsOf(found)) {
    judgement = yield* judge(record, name);
    if (judgement.verdict !== 'dead') break; // INSPECT-2
  }
  const isUndecided = found.kind === 'mkdir' && found.lost !== undefined && judgement.verdict === 'dead';
  return isUndecided ? yield* judgeLost(name) : judgement;
}
