/**
 * The pid file: a lock whose name holds its holder's pid and a newline, as service managers expect, and nothing else.
 *
 * The text can't carry what a verdict needs, so a holder's record stands beside it, at `<path>.holder`.
 *
 * Rule P1: both names are made and removed only by whoever holds `<path>.evict` (C1, C3), who looks at them under that
 * (C2). So no two of us are ever between the two names, and whoever dies there is recovered from.
 * Rule P2: the record appears before the pid file and goes after it. So a pid file without a record is not ours.
 * Rule P3: a record speaks for the pid file only if that is the very file that the record's token names
 * (`<path>.pid.<token>`, a second name of it), and still holds the record's pid. A number of an inode may be used
 * again, but two names of one file at one time are one file; the text is compared because others write into pid files
 * in place. So a record that was left behind never speaks for another program's pid file.
 * Rule P4: another program's pid file is judged by its pid alone (W1 to W3), and left alone unless that proves it dead.
 *
 * Not promised: a race with a program that knows nothing of `<path>.evict`. Between our second look at its dead pid
 * file and its removal there is a moment in which another such program may have replaced it.
 */
import { makeClaim, type AnyClaim, type Claim, type ClaimOptions } from '../model/claim.js';
import { discard, prepare, retract, underEviction, type Attempt } from './contend.js';
import { atLast, insist, quietly } from './retry.js';
import { evictionOf, isClaim, isSame, judgeFound, look, recordsOf } from './inspect.js';
import { stagedPath, type HolderRecord } from '../model/record.js';
import {
  judgePid,
  link,
  pause,
  read,
  same,
  stage,
  unlink,
  type Blocker,
  type Content,
  type Found,
  type Protocol,
} from '../model/steps.js';

/** A claim on a pid file. */
export interface PidClaim extends AnyClaim {
  /** The pid file. */
  readonly path: string;
  /** What takes `<path>.evict`, and whose private file becomes the record beside the pid file. */
  readonly name: Claim;
}

/** How often both names are read anew that change between two calls. */
const LOOKS = 8;

const PID_LIMIT = 2 ** 31;

export function makePidClaim(path: string, record: HolderRecord, options: ClaimOptions): PidClaim {
  return { path, record, name: makeClaim(path, 'link', record, options) };
}

/** The pid that a text is: digits and blanks, as the many programs write that write such files. */
export function parsePid(text: string): number | undefined {
  const digits = /^\s*(\d{1,10})\s*$/.exec(text)?.[1];
  const pid = Number(digits ?? 0);
  return pid > 0 && pid < PID_LIMIT ? pid : undefined;
}

export function pidText(record: HolderRecord): string {
  return `${String(record.pid)}\n`;
}

/** Where the record of a pid file's holder stands. */
export function recordBeside(path: string): string {
  return `${path}.holder`;
}

/** The second name of a pid file of ours. */
export function secondName(path: string, record: HolderRecord): string {
  return stagedPath(`${path}.pid`, record.token);
}

/** What stands at a pid file's name and beside it, and whether its holder lives; `undefined` if nothing does. */
export function* inspectPid(path: string): Protocol<Blocker | undefined> {
  let looks = 1;
  for (; ; looks++) {
    const beside = yield* look(recordBeside(path));
    const content = yield* read(path);
    const [record] = beside === undefined ? [] : recordsOf(beside);
    if (beside !== undefined && record === undefined) return yield* besideIsForeign(beside, path);
    if (record !== undefined && (content.is === 'nothing' || (yield* isOurs(path, content, record)))) {
      const found: Found = { kind: 'pid', record };
      return { path, found, judgement: yield* judgeFound(found, path) };
    }
    // One of us may have come or gone between the two calls.
    if (looks < LOOKS && !isUnchanged(beside, yield* look(recordBeside(path)))) continue;
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

/** P3. */
function* isOurs(path: string, content: Content, record: HolderRecord): Protocol<boolean> {
  if (content.is !== 'file' || content.text !== pidText(record)) return false;
  return yield* same(path, secondName(path, record));
}

/** P4. */
function* judgeStranger(content: Content, path: string): Protocol<Blocker> {
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

/** Takes the lock, pausing as often as it takes, with nothing on disk meanwhile (A1). */
export function* acquirePid(claim: PidClaim): Protocol<Attempt & { taken: true }> {
  for (;;) {
    const seen = yield* inspectPid(claim.path);
    let blocker = seen;
    if (seen === undefined || seen.judgement.verdict === 'dead') {
      const outcome = yield* contendPid(claim);
      if (outcome.taken) return outcome;
      blocker = outcome.blocker;
    }
    if (blocker !== undefined) yield* pause(blocker);
  }
}

/** One attempt; if it fails, it leaves nothing (A2). */
function* contendPid(claim: PidClaim): Protocol<Attempt> {
  yield* prepare(claim.name);
  try {
    const outcome = yield* underEviction(claim.path, claim.name, 1, () => take(claim));
    const attempt: Attempt = 'blocker' in outcome ? { taken: false, blocker: outcome.blocker } : outcome.done;
    if (!attempt.taken) yield* discard(claim.name);
    return attempt;
  } catch (refusal) {
    yield* quietly(abandonPid(claim));
    throw refusal;
  }
}

/** Under the eviction lock: removes what is dead, and makes both names ours (P1). */
function* take(claim: PidClaim): Protocol<Attempt> {
  const { path } = claim;
  const seen = yield* inspectPid(path);
  if (seen !== undefined && seen.judgement.verdict !== 'dead') return { taken: false, blocker: seen };
  const previous = yield* clear(path, seen?.found);
  try {
    if (yield* publish(claim)) return previous === undefined ? { taken: true } : { taken: true, previous };
  } catch (refusal) {
    // Here, while nobody else is at the names: to come back for them we might have to wait (C6).
    yield* quietly(withdraw(claim));
    throw refusal;
  }
  yield* withdraw(claim);
  return { taken: false, blocker: { path, found: QUICKER, judgement: UNCLEAR } };
}

/** Makes both names; false if something has either. P2. By `link`, as E1: neither is ever there without its text. */
function* publish({ path, record, name }: PidClaim): Protocol<boolean> {
  if (!(yield* linked(name.staged, recordBeside(path)))) return false;
  yield* stage(secondName(path, record), pidText(record), name.mode);
  return yield* linked(secondName(path, record), path);
}

/** Under the eviction lock: removes what this claim has at both names; false if it wasn't ours any more. */
function* withdraw({ path, record, name }: PidClaim): Protocol<boolean> {
  if (!isClaim(yield* look(recordBeside(path)), name)) return false;
  return yield* clearOurs(path, record);
}

const QUICKER: Found = { kind: 'foreign', what: 'the pid file of another program, which was quicker' };
const UNCLEAR = { verdict: 'unknown', reason: 'it is there only now' } as const;

/** Gives a file a second name; false if something else has it. */
function* linked(from: string, to: string): Protocol<boolean> {
  const answer = yield* insist(() => link(from, to));
  return answer === 'made' || (answer === 'exists' && (yield* same(from, to))); // C5
}

/** Removes what was found at the two names; the record of the holder whose they were. */
function* clear(path: string, found: Found | undefined): Protocol<HolderRecord | undefined> {
  const beside = yield* look(recordBeside(path));
  const [record] = beside === undefined ? [] : recordsOf(beside);
  if (record !== undefined) yield* clearOurs(path, record);
  else if (beside !== undefined) yield* insist(() => unlink(recordBeside(path)));
  // What is there now was there under this very eviction lock, and is not ours.
  if (found?.kind === 'foreign') yield* insist(() => unlink(path));
  return record;
}

/** Removes a pid file of ours, if it is one, and then what spoke for it (P2). */
function* clearOurs(path: string, record: HolderRecord): Protocol<boolean> {
  const content = yield* read(path);
  const ours = yield* isOurs(path, content, record);
  if (ours) yield* insist(() => unlink(path));
  yield* insist(() => unlink(secondName(path, record)));
  yield* unlink(stagedPath(path, record.token));
  try {
    yield* insist(() => unlink(recordBeside(path)));
  } catch (refusal) {
    // Nobody else removes it: if it is gone, it was removed, whatever the refusal is about.
    if ((yield* read(recordBeside(path))).is !== 'nothing') throw refusal;
  }
  return ours || content.is === 'nothing';
}

/** Gives the lock back, pausing while somebody is at its names; false if it was not ours any more. */
export function* releasePid(claim: PidClaim): Protocol<boolean> {
  for (;;) {
    const outcome = yield* relinquishPid(claim);
    if (!('blocker' in outcome)) return outcome.done;
    yield* pause(outcome.blocker);
  }
}

function* relinquishPid(claim: PidClaim): Protocol<{ done: boolean } | { blocker: Blocker }> {
  return yield* underEviction(claim.path, claim.name, 1, function* () {
    const ours = yield* withdraw(claim);
    yield* atLast(() => discard(claim.name));
    return ours;
  });
}

/** Removes whoever's pid file it sees, and nothing that came since (R2); what it was. */
export function* breakPid(claim: PidClaim): Protocol<Found | undefined> {
  const seen = yield* inspectPid(claim.path);
  if (seen === undefined) return undefined;
  yield* prepare(claim.name);
  try {
    for (;;) {
      const outcome = yield* underEviction(claim.path, claim.name, 1, function* () {
        const now = yield* inspectPid(claim.path);
        if (!isSame(now?.found, seen.found)) return undefined;
        yield* clear(claim.path, seen.found);
        return seen.found;
      });
      if (!('blocker' in outcome)) return outcome.done;
      yield* pause(outcome.blocker);
    }
  } finally {
    yield* atLast(() => discard(claim.name));
  }
}

/** Takes back whatever of a claim is on disk, at whatever point its acquire or release was cut off. */
export function* abandonPid(claim: PidClaim): Protocol<void> {
  const { path, name } = claim;
  yield* quietly(unlink(name.staged)); // First, so that a call still under way has nothing to link.
  if (isClaim(yield* look(recordBeside(path)), name)) yield* relinquishPid(claim);
  yield* retract(evictionOf(path), name);
  yield* quietly(unlink(name.staged));
}
