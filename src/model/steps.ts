/**
 * The steps that a protocol may yield, with one typed helper for each.
 *
 * A protocol does no input or output. It yields a description of one call and is resumed with the answer: by the
 * synchronous driver, by the asynchronous one, or by a simulated world that tries every order of every call. So the
 * code that is explored is the code that ships.
 *
 * Rule: An expected failure ("the name exists") is an answer. Any other failure is thrown into the protocol at
 * its `yield`. Only this file casts between a step and its answer.
 */
import type { HolderRecord } from './record.js';

/** The most bytes of a lock's text that are read. Our records, also with data, are shorter; a longer text isn't ours. */
export const MAX_TEXT_BYTES = 8192;

/** The most names of a lock directory that are read. Our directories hold one, for an instant two or three. */
export const MAX_NAMES = 16;

/** What a name is on disk, as far as one `open` that doesn't follow links can determine. */
export type Content =
  | { is: 'nothing' }
  /** `isMarked`: its mode has our mark (`mark.ts`). */
  | { is: 'file'; text: string; isMarked?: true }
  | { is: 'symlink' }
  | { is: 'directory' }
  /** Something that we don't create or may not read. `what` describes it for people. */
  | { is: 'other'; what: string };

/** `alive`, `dead` or `unknown`, with the reason for people. Only `dead` allows a claim's removal. */
export interface Judgement {
  /** `dead` requires proof. A contender treats `unknown` as alive. */
  readonly verdict: 'alive' | 'dead' | 'unknown';
  /** The reason, for people; without a capital letter or a period. */
  readonly reason: string;
  /** With `unknown`: the beacon that can decide, if it is probed. `judge` probes it. */
  readonly beacon?: string;
}

/** The result of probing a holder's beacon. `silent` proves nothing. */
export type BeaconState = 'lit' | 'dark' | 'silent';

/** One call that a protocol requests. The fields are named as in the system call. */
export type Step =
  | { call: 'create'; path: string; text: string; mode: number }
  | { call: 'link'; from: string; to: string }
  | { call: 'symlink'; text: string; path: string }
  | { call: 'mkdir'; path: string; mode: number }
  | { call: 'rename'; from: string; to: string; lockDirectory?: LockDirectory }
  | { call: 'read'; path: string; lockDirectory?: LockDirectory }
  | { call: 'readlink'; path: string }
  | { call: 'list'; path: string; limit: number; lockDirectory?: LockDirectory }
  | { call: 'sameFile'; path: string; other: string }
  | { call: 'age'; path: string; witness?: string }
  | { call: 'unlink'; path: string; lockDirectory?: LockDirectory }
  | { call: 'rmdir'; path: string }
  | { call: 'judge'; record: HolderRecord; path: string; beacon?: BeaconState }
  | { call: 'probe'; path: string }
  | { call: 'judgePid'; pid: number; path: string }
  | { call: 'judgeLost'; path: string }
  | { call: 'custom'; sync: () => unknown; async: () => Promise<unknown> }
  | { call: 'pause'; blocker: Blocker; position?: QueuePosition }
  | { call: 'backoff'; tries: number };

/**
 * The lock directory that a path is, or is in. If that name is a symbolic link to a directory, or becomes one
 * meanwhile, the call finds nothing: otherwise it would touch files of a directory that isn't the lock's.
 */
export type LockDirectory = string | undefined;

/** What a protocol waits for: the name that is in the way, and what is known about its holder. */
export interface Blocker {
  /** The path of the lock, or of its eviction lock. */
  readonly path: string;
  /** What was found at that path. */
  readonly found: Found;
  /** Whether the holder is alive. */
  readonly judgement: Judgement;
}

/** The position in the wait queue of a waiter that pauses. */
export interface QueuePosition {
  /** The waiter or holder to watch, right ahead; `undefined`: the blocker itself. */
  readonly ahead: Blocker | undefined;
  /** How many are ahead, at most, besides the holder. */
  readonly count?: number;
  /** There are waiters ahead, but they don't move (QUEUE-3). */
  readonly isPassing?: boolean;
  /**
   * The waiter could try at once, but lets those ahead go first. The pause is long enough for them to wake, short
   * enough that a stopped process delays nobody, and never so long that the waiter's own timeout expires.
   */
  readonly isYielding?: boolean;
}

/** What was found at a lock's name. */
export type Found =
  /** A claim of ours. Two checks that read the same `text` saw the same claim. */
  | { kind: 'link' | 'symlink'; text: string; record: HolderRecord }
  /** A directory of claims of ours: one, or more for an instant, but never none. `lost` are those without a text. */
  | { kind: 'mkdir'; records: readonly [HolderRecord, ...HolderRecord[]]; lost?: readonly string[] }
  /**
   * A lock of ours whose text was lost when its machine crashed (`crash.ts`). `names` are the claims of a directory if
   * none of them has its text.
   */
  | { kind: 'lost'; names?: readonly string[] }
  /** A claim of ours whose record is elsewhere: beside a pid file, in a database, or where a lock's author keeps it. */
  | { kind: 'pid' | 'row' | 'other'; record: HolderRecord }
  /** An empty directory: a lock that is being created or released, or another program's complete lock. */
  | { kind: 'empty' }
  /**
   * Another program's lock; `what` describes it. `text` is the text of the file or symbolic link, if there is one.
   * `names` are the files of a directory, if they are few and all empty: a lock's files are, a user's are not.
   * `sibling` is another name of the same file beside the lock, where the caller searched for it.
   */
  | { kind: 'foreign'; what: string; text?: string; names?: readonly string[]; sibling?: string };

/** A request to run another protocol to its end, and to resume the requester with its result (`trampoline.ts`). */
export interface Delegation {
  /** Distinguishes it from a step. */
  readonly call: 'delegate';
  /** The protocol to run. */
  readonly protocol: Protocol<unknown>;
}

/** A generator that yields steps and returns a `T`. A driver runs it, or another protocol by `yield*`. */
export type Protocol<T> = Generator<Step | Delegation, T, unknown>;

/** Creates a new file that contains `text`. Throws if the name exists. */
export function* create(path: string, text: string, mode = 0o644): Protocol<void> {
  yield { call: 'create', path, text, mode };
}

/** Gives the file `from` the second name `to`. `missing`: `from`, or the directory of `to`, doesn't exist. */
export function* link(from: string, to: string): Protocol<'made' | 'exists' | 'missing'> {
  return (yield { call: 'link', from, to }) as 'made' | 'exists' | 'missing';
}

/** Creates a symbolic link whose target is `text`. */
export function* symlink(text: string, path: string): Protocol<'made' | 'exists'> {
  return (yield { call: 'symlink', text, path }) as 'made' | 'exists';
}

/** Creates a directory with these permissions, less the umask. */
export function* mkdir(path: string, mode = 0o755): Protocol<'made' | 'exists'> {
  return (yield { call: 'mkdir', path, mode }) as 'made' | 'exists';
}

/** Renames a file. `missing`: `from`, or the directory of `to`, doesn't exist. */
export function* rename(
  from: string,
  to: string,
  lockDirectory?: LockDirectory,
): Protocol<'moved' | 'missing'> {
  return (yield { call: 'rename', from, to, lockDirectory: lockDirectory }) as 'moved' | 'missing';
}

/** Reads what a name is and, of a file, up to `MAX_TEXT_BYTES`. It doesn't follow links and never blocks on a pipe. */
export function* read(path: string, lockDirectory?: LockDirectory): Protocol<Content> {
  return (yield { call: 'read', path, lockDirectory: lockDirectory }) as Content;
}

/** The target of a symbolic link; `undefined` if the name is no symbolic link any more. */
export function* readlink(path: string): Protocol<string | undefined> {
  return (yield { call: 'readlink', path }) as string | undefined;
}

/** Up to `limit` names of a directory, in no order; `undefined` if the path is no directory any more. */
export function* list(
  path: string,
  limit: number,
  lockDirectory?: LockDirectory,
): Protocol<readonly string[] | undefined> {
  return (yield { call: 'list', path, limit, lockDirectory: lockDirectory }) as readonly string[] | undefined;
}

/**
 * Are two names the same file? True only if device and inode prove it. False if either name is gone, or if the
 * filesystem's inodes are unreliable.
 */
export function* sameFile(path: string, other: string): Protocol<boolean> {
  return (yield { call: 'sameFile', path, other }) as boolean;
}

/**
 * How many milliseconds before `witness` the file `path` last changed; `undefined` if either is gone. Both times come
 * from the filesystem's own clock, so that a server whose clock is wrong can't make a lock look old. Without a witness,
 * the other time is the current one by this machine's clock: never remove anything on its account.
 */
export function* age(path: string, witness?: string): Protocol<number | undefined> {
  const step: Step = witness === undefined ? { call: 'age', path } : { call: 'age', path, witness };
  return (yield step) as number | undefined;
}

/** Removes the name of a file or link; false if it didn't exist. */
export function* unlink(path: string, lockDirectory?: LockDirectory): Protocol<boolean> {
  return (yield { call: 'unlink', path, lockDirectory: lockDirectory }) as boolean;
}

/** Removes an empty directory; false if it doesn't exist, isn't empty, or isn't a directory. */
export function* rmdir(path: string): Protocol<boolean> {
  return (yield { call: 'rmdir', path }) as boolean;
}

/** Determines whether the holder of a record that was found at `path` is alive. */
export function* judge(record: HolderRecord, path: string): Protocol<Judgement> {
  const judgement = (yield { call: 'judge', record, path }) as Judgement;
  if (judgement.beacon === undefined) return judgement;
  const signal = yield* probeBeacon(judgement.beacon);
  return (yield { call: 'judge', record, path, beacon: signal }) as Judgement;
}

/** Does a process listen on a beacon? */
export function* probeBeacon(path: string): Protocol<BeaconState> {
  return (yield { call: 'probe', path }) as BeaconState;
}

/** Determines whether the writer of the pid file at `path` is alive. The file contains only its pid. */
export function* judgePid(pid: number, path: string): Protocol<Judgement> {
  return (yield { call: 'judgePid', pid, path }) as Judgement;
}

/** Is the holder of a lock without its text, which is at `path`, dead? */
export function* judgeLost(path: string): Protocol<Judgement> {
  return (yield { call: 'judgeLost', path }) as Judgement;
}

/**
 * Any other call, in its synchronous and its asynchronous form: for locks that aren't files, such as a row or a key on
 * a server. The protocols in `protocol/` never yield it, since the explorer can't simulate it.
 */
export function* custom<T>(sync: () => T, async: () => Promise<T> = () => settled(sync)): Protocol<T> {
  return (yield { call: 'custom', sync, async }) as T;
}

/** A promise for the result or error of a function. */
function settled<T>(call: () => T): Promise<T> {
  return new Promise((resolve) => {
    resolve(call());
  });
}

/**
 * Waits. The driver decides for how long, and throws here when the timeout expires.
 *
 * @returns At the first pause: whether to join the wait queue, which requires a driver that can wake the waiters in it.
 * At later pauses: whether the queue has moved.
 */
export function* pause(blocker: Blocker, position?: QueuePosition): Protocol<boolean> {
  const step: Step =
    position === undefined ? { call: 'pause', blocker } : { call: 'pause', blocker, position: position };
  return (yield step) === true;
}

/** Waits a few milliseconds, more with each try, for a failure that may be temporary. It never throws. */
export function* backoff(tries: number): Protocol<void> {
  yield { call: 'backoff', tries };
}
