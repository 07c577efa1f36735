/**
 * The pid file: a lock that contains its holder's pid and a newline, as service managers expect, and nothing else.
 *
 * This text is too little for a verdict, so the holder's record is a second file, `<path>.holder`.
 *
 * Rule PID-1: Only a process that holds `<path>.evict` (EVICT-1, EVICT-3) creates or removes the two names, after
 * reading them under it (EVICT-2). So no two of our processes work on the names at once, and a process that dies there
 * is recovered from.
 * Rule PID-2: The record is created before the pid file and removed after it. So a pid file without a record isn't
 * ours.
 * Rule PID-3: A record describes the pid file only if that is the same file as `<path>.pid.<token>` with the record's
 * token, and still contains the record's pid. An inode number may be reused, but two names with one inode at one time
 * are one file. The text is compared because other programs overwrite pid files in place. So a record that was left
 * behind never describes another program's pid file.
 * Rule PID-4: Another program's pid file is judged by its pid alone (PIDVERDICT-1 to PIDVERDICT-3). It is removed only
 * if that proves its writer dead.
 *
 * Rule CRASH-5: A record without its text (CRASH-1) describes the marked pid file that has no text either, or whose text was
 * written right after the record by the file system's clock; a pid that was written later may be another program's. A
 * record that has its text describes by PID-3 also a marked file without a text. Without this:
 *
 *     P.1 takes .evict, links its record   P.2 links its pid file: P holds
 *     · power cut: the names are kept, the texts are lost
 *     Q.1 reads: a record that is not ours, another program's: stuck
 *
 * Not promised: safety in a race with a program that doesn't use `<path>.evict`. Between our second check of a dead
 * program's pid file and its removal, another such program may have replaced it.
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
import {
  discard,
  prepare,
  replacedBy,
  retract,
  withEvictionLock,
  type Attempt,
  type Replaced,
} from './contend.js';
import { privateFilesOf, removePrivateFile } from './crash.js';
import { isClaim, isSame, readLock, recordsOf } from './inspect.js';
import {
  inspectPid,
  isOfErasedRecord,
  isOurs,
  isOursOrErased,
  pidText,
  secondName,
  type PidClaim,
} from './pid-file.js';
import { bestEffort, ignoreErrors, retry } from './retry.js';

/** Takes the lock, with as many pauses as necessary and nothing on disk during a pause (ACQUIRE-1). */
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

/** One attempt. If it fails, it leaves nothing (ACQUIRE-2). */
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

/** Under the eviction lock: removes a dead holder's files, and creates both names (PID-1). */
function* take(claim: PidClaim): Protocol<Attempt> {
  const { path } = claim;
  const seen = yield* inspectPid(path);
  if (seen !== undefined && seen.judgement.verdict !== 'dead') return { taken: false, blocker: seen };
  const replaced = yield* clear(path, seen?.found);
  try {
    if (yield* publish(claim)) return { taken: true, ...replaced };
  } catch (refusal) {
    // Now, under the eviction lock: to take it again later, this process might have to wait (EVICT-6).
    yield* ignoreErrors(withdraw(claim));
    throw refusal;
  }
  yield* withdraw(claim);
  return { taken: false, blocker: { path, found: CREATED_FIRST, judgement: UNCLEAR } };
}

/**
 * Creates both names, in the order of PID-2; false if either exists. By `link`, as in LINK-1: neither name ever exists
 * without its text.
 */
function* publish({ path, record, name }: PidClaim): Protocol<boolean> {
  if (!(yield* linked(name.privateFile, recordBeside(path)))) return false;
  yield* create(secondName(path, record), pidText(record), name.mode);
  return yield* linked(secondName(path, record), path);
}

/** Under the eviction lock: removes this claim's files at both names; false if the lock wasn't ours any more. */
function* withdraw({ path, record, name }: PidClaim): Protocol<boolean> {
  if (!isClaim(yield* readLock(recordBeside(path)), name)) return false;
  return yield* clearOurs(path, record);
}

const CREATED_FIRST: Found = { kind: 'foreign', what: 'the pid file of another program, which was quicker' };
const UNCLEAR = { verdict: 'unknown', reason: 'it is there only now' } as const;

/** Gives a file a second name; false if another file has it. */
function* linked(from: string, to: string): Protocol<boolean> {
  const answer = yield* retry(() => link(from, to));
  return answer === 'made' || (answer === 'exists' && (yield* sameFile(from, to))); // EVICT-5
}

/** Removes the two names that were found; returns what is known of their holder. */
function* clear(path: string, found: Found | undefined): Protocol<Replaced> {
  const beside = yield* readLock(recordBeside(path));
  const [record] = beside === undefined ? [] : recordsOf(beside);
  if (record !== undefined) yield* clearOurs(path, record, isOursOrErased);
  else if (found?.kind === 'lost' || beside?.kind === 'lost') yield* clearErased(path);
  else if (beside !== undefined) yield* retry(() => unlink(recordBeside(path)));
  // It was read under this same eviction lock, so it is still the foreign file that was found.
  if (found?.kind === 'foreign') yield* retry(() => unlink(path));
  return beside === undefined ? (found?.kind === 'lost' ? { afterCrash: true } : {}) : replacedBy(beside);
}

/**
 * Removes the pid file of an erased record, and what belongs to it, in the order of PID-2. All second names are dead
 * processes': under the eviction lock only the holder of `<path>.holder` has one, and it is dead (CRASH-5).
 */
function* clearErased(path: string): Protocol<void> {
  if (yield* isOfErasedRecord(path, yield* read(path))) yield* retry(() => unlink(path));
  for (const name of yield* privateFilesOf(`${path}.pid`)) yield* retry(() => unlink(name));
  yield* removePrivateFile(recordBeside(path), path);
  yield* retry(() => unlink(recordBeside(path)));
}

/**
 * Removes the pid file if it is ours, and then the record that describes it (PID-2).
 *
 * @param belongs Determines whether it is. A holder that releases its lock must not take an emptied file for its own:
 *   another program may be about to write its pid into it.
 */
function* clearOurs(path: string, record: HolderRecord, belongs = isOurs): Protocol<boolean> {
  const content = yield* read(path);
  const ours = yield* belongs(path, content, record);
  if (ours) yield* retry(() => unlink(path));
  yield* retry(() => unlink(secondName(path, record)));
  yield* unlink(privatePath(path, record.token));
  try {
    yield* retry(() => unlink(recordBeside(path)));
  } catch (refusal) {
    // Nobody else removes it. If it is gone, this call removed it, and the error is about something else.
    if ((yield* read(recordBeside(path))).is !== 'nothing') throw refusal;
  }
  return ours || content.is === 'nothing';
}

/** Releases the lock, with pauses while others hold its eviction lock; false if it wasn't ours any more. */
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

/** Removes the pid file that it finds at the start, and no later one (RELEASE-2); returns what it removed. */
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

/** Removes everything of a claim from disk, at whatever point its acquire or release was interrupted. */
export function* abandonPid(claim: PidClaim): Protocol<void> {
  const { path, name } = claim;
  yield* ignoreErrors(unlink(name.privateFile)); // First, so that an interrupted call has nothing to link.
  if (isClaim(yield* readLock(recordBeside(path)), name)) yield* relinquishPid(claim);
  yield* retract(evictionOf(path), name);
  yield* ignoreErrors(unlink(name.privateFile));
}
