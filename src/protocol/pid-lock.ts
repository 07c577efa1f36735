/**
 * The pid file: a lock whose name holds its holder's pid and a newline, as service managers expect, and nothing else.
 *
 * The text can't carry what a verdict needs, so a holder's record stands beside it, at `<path>.holder`.
 *
 * Rule PID-1: both names are made and removed only by whoever holds `<path>.evict` (EVICT-1, EVICT-3), who looks at them under that
 * (EVICT-2). So no two of us are ever between the two names, and whoever dies there is recovered from.
 * Rule PID-2: the record appears before the pid file and goes after it. So a pid file without a record is not ours.
 * Rule PID-3: a record speaks for the pid file only if that is the very file that the record's token names
 * (`<path>.pid.<token>`, a second name of it), and still holds the record's pid. A number of an inode may be used
 * again, but two names of one file at one time are one file; the text is compared because others write into pid files
 * in place. So a record that was left behind never speaks for another program's pid file.
 * Rule PID-4: another program's pid file is judged by its pid alone (PIDVERDICT-1 to PIDVERDICT-3), and left alone unless that proves it dead.
 *
 * Not promised: a race with a program that knows nothing of `<path>.evict`. Between our second look at its dead pid
 * file and its removal there is a moment in which another such program may have replaced it.
 */
import { evictionOf, privatePath, recordBeside } from '../model/file-names.js';
import type { HolderRecord } from '../model/record.js';
import {
  create,
  link,
  pause,
  read,
  sameFile,
  unlink,
  type Blocker,
  type Found,
  type Protocol,
} from '../model/steps.js';
import { discard, prepare, retract, withEvictionLock, type Attempt } from './contend.js';
import { isClaim, isSame, readLock, recordsOf } from './inspect.js';
import { inspectPid, isOurs, pidText, secondName, type PidClaim } from './pid-file.js';
import { bestEffort, ignoreErrors, retry } from './retry.js';

/** Takes the lock, pausing as often as it takes, with nothing on disk meanwhile (ACQUIRE-1). */
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

/** One attempt; if it fails, it leaves nothing (ACQUIRE-2). */
function* contendPid(claim: PidClaim): Protocol<Attempt> {
  yield* prepare(claim.name);
  try {
    const outcome = yield* withEvictionLock(claim.path, claim.name, 1, () => take(claim));
    const attempt: Attempt = 'blocker' in outcome ? { taken: false, blocker: outcome.blocker } : outcome.done;
    if (!attempt.taken) yield* discard(claim.name);
    return attempt;
  } catch (refusal) {
    yield* ignoreErrors(abandonPid(claim));
    throw refusal;
  }
}

/** Under the eviction lock: removes what is dead, and makes both names ours (PID-1). */
function* take(claim: PidClaim): Protocol<Attempt> {
  const { path } = claim;
  const seen = yield* inspectPid(path);
  if (seen !== undefined && seen.judgement.verdict !== 'dead') return { taken: false, blocker: seen };
  const previous = yield* clear(path, seen?.found);
  try {
    if (yield* publish(claim)) return previous === undefined ? { taken: true } : { taken: true, previous };
  } catch (refusal) {
    // Here, while nobody else is at the names: to come back for them we might have to wait (EVICT-6).
    yield* ignoreErrors(withdraw(claim));
    throw refusal;
  }
  yield* withdraw(claim);
  return { taken: false, blocker: { path, found: CREATED_FIRST, judgement: UNCLEAR } };
}

/** Makes both names; false if something has either. PID-2. By `link`, as LINK-1: neither is ever there without its text. */
function* publish({ path, record, name }: PidClaim): Protocol<boolean> {
  if (!(yield* linked(name.privateFile, recordBeside(path)))) return false;
  yield* create(secondName(path, record), pidText(record), name.mode);
  return yield* linked(secondName(path, record), path);
}

/** Under the eviction lock: removes what this claim has at both names; false if it wasn't ours any more. */
function* withdraw({ path, record, name }: PidClaim): Protocol<boolean> {
  if (!isClaim(yield* readLock(recordBeside(path)), name)) return false;
  return yield* clearOurs(path, record);
}

const CREATED_FIRST: Found = { kind: 'foreign', what: 'the pid file of another program, which was quicker' };
const UNCLEAR = { verdict: 'unknown', reason: 'it is there only now' } as const;

/** Gives a file a second name; false if something else has it. */
function* linked(from: string, to: string): Protocol<boolean> {
  const answer = yield* retry(() => link(from, to));
  return answer === 'made' || (answer === 'exists' && (yield* sameFile(from, to))); // EVICT-5
}

/** Removes what was found at the two names; the record of the holder whose they were. */
function* clear(path: string, found: Found | undefined): Protocol<HolderRecord | undefined> {
  const beside = yield* readLock(recordBeside(path));
  const [record] = beside === undefined ? [] : recordsOf(beside);
  if (record !== undefined) yield* clearOurs(path, record);
  else if (beside !== undefined) yield* retry(() => unlink(recordBeside(path)));
  // What is there now was there under this very eviction lock, and is not ours.
  if (found?.kind === 'foreign') yield* retry(() => unlink(path));
  return record;
}

/** Removes a pid file of ours, if it is one, and then what spoke for it (PID-2). */
function* clearOurs(path: string, record: HolderRecord): Protocol<boolean> {
  const content = yield* read(path);
  const ours = yield* isOurs(path, content, record);
  if (ours) yield* retry(() => unlink(path));
  yield* retry(() => unlink(secondName(path, record)));
  yield* unlink(privatePath(path, record.token));
  try {
    yield* retry(() => unlink(recordBeside(path)));
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
  return yield* withEvictionLock(claim.path, claim.name, 1, function* () {
    const ours = yield* withdraw(claim);
    yield* bestEffort(() => discard(claim.name));
    return ours;
  });
}

/** Removes whoever's pid file it sees, and nothing that came since (RELEASE-2); what it was. */
export function* breakPid(claim: PidClaim): Protocol<Found | undefined> {
  const seen = yield* inspectPid(claim.path);
  if (seen === undefined) return undefined;
  yield* prepare(claim.name);
  try {
    for (;;) {
      const outcome = yield* withEvictionLock(claim.path, claim.name, 1, function* () {
        const now = yield* inspectPid(claim.path);
        if (!isSame(now?.found, seen.found)) return undefined;
        yield* clear(claim.path, seen.found);
        return seen.found;
      });
      if (!('blocker' in outcome)) return outcome.done;
      yield* pause(outcome.blocker);
    }
  } finally {
    yield* bestEffort(() => discard(claim.name));
  }
}

/** Takes back whatever of a claim is on disk, at whatever point its acquire or release was cut off. */
export function* abandonPid(claim: PidClaim): Protocol<void> {
  const { path, name } = claim;
  yield* ignoreErrors(unlink(name.privateFile)); // First, so that a call still under way has nothing to link.
  if (isClaim(yield* readLock(recordBeside(path)), name)) yield* relinquishPid(claim);
  yield* retract(evictionOf(path), name);
  yield* ignoreErrors(unlink(name.privateFile));
}
