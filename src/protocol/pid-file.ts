/** Reads the two names of a pid file, and determines whether its holder is alive. `pid-lock.ts` states the rules. */
import { isErased } from '../model/mark.js';
import { makeClaim, type AnyClaim, type Claim, type ClaimOptions } from '../model/claim.js';
import { privatePath, recordBeside } from '../model/file-names.js';
import type { HolderRecord } from '../model/record.js';
import {
  age,
  judgeLost,
  judgePid,
  read,
  sameFile,
  type Blocker,
  type Content,
  type Found,
  type Protocol,
} from '../model/steps.js';
import { isSame, judgeFound, readLock, recordsOf } from './inspect.js';

/** A claim on a pid file. */
export interface PidClaim extends AnyClaim {
  /** The pid file. */
  readonly path: string;
  /** The claim that takes `<path>.evict`. Its private file becomes the record beside the pid file. */
  readonly name: Claim;
}

/** How often both names are read again because they changed between two calls. */
const MAX_READS = 8;

/** How long after its record a pid file is written at most. No machine fails and starts again so fast. */
const TOGETHER_MS = 1_000;

const PID_LIMIT = 2 ** 31;

export function makePidClaim(path: string, record: HolderRecord, options: ClaimOptions): PidClaim {
  return { path, record, name: makeClaim(path, 'link', record, options) };
}

/** Parses a pid file's text: digits with white space around them, as most programs write it. */
export function parsePid(text: string): number | undefined {
  const digits = /^\s*(\d{1,10})\s*$/.exec(text)?.[1];
  const pid = Number(digits ?? 0);
  return pid > 0 && pid < PID_LIMIT ? pid : undefined;
}

export function pidText(record: HolderRecord): string {
  return `${String(record.pid)}\n`;
}

/** The second name of a pid file of ours. */
export function secondName(path: string, record: HolderRecord): string {
  return privatePath(`${path}.pid`, record.token);
}

/** Reads a pid file and the record beside it, and judges its holder; `undefined` if neither exists. */
export function* inspectPid(path: string): Protocol<Blocker | undefined> {
  let reads = 1;
  for (; ; reads++) {
    const beside = yield* readLock(recordBeside(path));
    const content = yield* read(path);
    const [record] = beside === undefined ? [] : recordsOf(beside);
    const isBesideLost = beside?.kind === 'lost';
    if (beside !== undefined && record === undefined && !isBesideLost)
      return yield* besideIsForeign(beside, path);
    if (isBesideLost && (content.is === 'nothing' || (yield* isOfErasedRecord(path, content))))
      return yield* judgeErased(path); // CRASH-5
    if (
      record !== undefined &&
      (content.is === 'nothing' || (yield* isOursOrErased(path, content, record)))
    ) {
      const found: Found = { kind: 'pid', record };
      return { path, found, judgement: yield* judgeFound(found, path) };
    }
    // Another holdfast process may have taken or released the lock between the two calls.
    if (reads < MAX_READS && !isUnchanged(beside, yield* readLock(recordBeside(path)))) continue;
    return content.is === 'nothing' ? undefined : yield* judgeStranger(content, path);
  }
}

function isUnchanged(one: Found | undefined, other: Found | undefined): boolean {
  return other === undefined ? one === undefined : isSame(one, other);
}

function* besideIsForeign(found: Found, path: string): Protocol<Blocker> {
  const name = recordBeside(path);
  return { path: name, found, judgement: yield* judgeFound(found, name) };
}

/** PID-3. */
export function* isOurs(path: string, content: Content, record: HolderRecord): Protocol<boolean> {
  if (content.is !== 'file' || content.text !== pidText(record)) return false;
  return yield* sameFile(path, secondName(path, record));
}

/** As `isOurs`, also where a crash has erased the pid (CRASH-5). */
export function* isOursOrErased(path: string, content: Content, record: HolderRecord): Protocol<boolean> {
  // With the text that a crash has taken.
  return yield* isOurs(path, isErased(content) ? { is: 'file', text: pidText(record) } : content, record);
}

/** Is a pid file the one of the erased record beside it (CRASH-5)? */
export function* isOfErasedRecord(path: string, content: Content): Protocol<boolean> {
  if (isErased(content)) return true;
  if (content.is !== 'file' || content.isMarked !== true || parsePid(content.text) === undefined)
    return false;
  const ms = (yield* age(recordBeside(path), path)) ?? Infinity;
  return ms >= 0 && ms < TOGETHER_MS;
}

/** CRASH-5. */
function* judgeErased(path: string): Protocol<Blocker> {
  return { path, found: { kind: 'lost' }, judgement: yield* judgeLost(path) };
}

/** PID-4. */
function* judgeStranger(content: Content, path: string): Protocol<Blocker> {
  if (isErased(content)) return yield* judgeErased(path);
  const pid = content.is === 'file' ? parsePid(content.text) : undefined;
  if (content.is !== 'file' || pid === undefined) {
    const what = content.is === 'other' ? content.what : 'no pid file';
    const found: Found = { kind: 'foreign', what, ...(content.is === 'file' ? { text: content.text } : {}) };
    return { path, found, judgement: { verdict: 'unknown', reason: `it is ${what}` } };
  }
  const what = `the pid file of another program, pid ${String(pid)}`;
  const found: Found = { kind: 'foreign', what, text: content.text };
  return { path, found, judgement: yield* judgePid(pid, path) };
}
