/**
 * The steps that a protocol may yield, one typed helper each.
 *
 * A protocol (floor 1) never acts: it yields a description of one call and is resumed with the answer, by the
 * synchronous driver, the asynchronous one, or a simulated world that tries every order of every call. So what
 * ships is what is explored.
 *
 * Rule: an expected refusal ("the name exists") is an answer; whatever else goes wrong is thrown into the
 * protocol at its `yield`. The casts between a step and its answer stand in this file and nowhere else.
 */
import type { HolderRecord } from './record.js';

/** How many bytes of a lock's text are ever read. Ours are far shorter; what is longer is somebody else's. */
export const MAX_TEXT_BYTES = 4096;

/** How many names of a lock directory are ever read. Ours hold one, for an instant two or three. */
export const MAX_NAMES = 16;

/** What stands at a name, as far as one `open` without following links can tell. */
export type Content =
  | { is: 'nothing' }
  | { is: 'file'; text: string }
  | { is: 'symlink' }
  | { is: 'directory' }
  /** Present, but nothing we could have made or may read: `what` says why, in words. */
  | { is: 'other'; what: string };

/** `alive`, `dead` or `unknown`, with the reason in words. Only `dead` lets anyone break a claim. */
export interface Judgement {
  /** `dead` is said on proof only. `unknown` counts as alive for whoever wants the lock. */
  readonly verdict: 'alive' | 'dead' | 'unknown';
  /** Why, in words for people, without a capital or a full stop. */
  readonly reason: string;
  /** Of `unknown`: the beacon that would tell, if it were asked. `judge` asks it. */
  readonly beacon?: string;
}

/** What came of asking a holder's beacon. `silent`: nothing that would prove anything. */
export type BeaconState = 'lit' | 'dark' | 'silent';

/** One call that a protocol asks for. Field names are those of the system call that answers it. */
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
  | { call: 'age'; path: string; witness: string }
  | { call: 'unlink'; path: string; lockDirectory?: LockDirectory }
  | { call: 'rmdir'; path: string }
  | { call: 'judge'; record: HolderRecord; path: string; beacon?: BeaconState }
  | { call: 'probe'; path: string }
  | { call: 'judgePid'; pid: number; path: string }
  | { call: 'custom'; sync: () => unknown; async: () => Promise<unknown> }
  | { call: 'pause'; blocker: Blocker; position?: QueuePosition }
  | { call: 'backoff'; tries: number };

/**
 * The lock directory that a path is, or is in. If that is a link to a directory, or becomes one under our eyes, the
 * call finds nothing: it would touch names of a directory that is not the lock's.
 */
export type LockDirectory = string | undefined;

/** What a protocol waits for: the name that is in the way, and what is known of its holder. */
export interface Blocker {
  /** The lock's name, or that of the lock under which it is recovered. */
  readonly path: string;
  /** What stands there. */
  readonly found: Found;
  /** Whether its holder lives. */
  readonly judgement: Judgement;
}

/** The place in line of whoever pauses: right behind whom, if anyone. */
export interface QueuePosition {
  readonly ahead: Blocker | undefined;
  /**
   * It need not wait, but lets those ahead go first: long enough for them to wake, not to be held up by the stopped,
   * and not if its time would run out.
   */
  readonly isYielding?: boolean;
}

/** What stands at a lock's name, read whole. */
export type Found =
  /** A claim of ours: `text` is what proves that a second look saw the same claim as the first. */
  | { kind: 'link' | 'symlink'; text: string; record: HolderRecord }
  /** A directory of claims of ours: one, or for an instant more. Never none. */
  | { kind: 'mkdir'; records: readonly [HolderRecord, ...HolderRecord[]] }
  /** A claim of ours that is no name with a record in it: beside a pid file, in a database, or as its author has it. */
  | { kind: 'pid' | 'row' | 'other'; record: HolderRecord }
  /** An empty directory: a lock being born, one being given back, or somebody else's whole lock. */
  | { kind: 'empty' }
  /**
   * Somebody else's: `what` describes it. `text` is the file's or link's text, where there is one; `names` are the
   * files of a directory, where they are few and all empty, as a lock's are and a user's are not. `sibling` is the name
   * of a file beside it that is the same file, where it was looked for.
   */
  | { kind: 'foreign'; what: string; text?: string; names?: readonly string[]; sibling?: string };

/** A protocol that is to be run in the place of the one that yields it, until it returns (`trampoline.ts`). */
export interface Delegation {
  /** Tells it from a step. */
  readonly call: 'delegate';
  /** What is to be run. */
  readonly protocol: Protocol<unknown>;
}

/** A generator that yields steps and returns a `T`; run by a driver, or inside another by `yield*`. */
export type Protocol<T> = Generator<Step | Delegation, T, unknown>;

/** Makes a new file that holds `text`, readable at once. Throws if anything has that name. */
export function* create(path: string, text: string, mode = 0o644): Protocol<void> {
  yield { call: 'create', path, text, mode };
}

/** Gives the file `from` a second name. `missing`: `from` is gone (or the directory of `to` is). */
export function* link(from: string, to: string): Protocol<'made' | 'exists' | 'missing'> {
  return (yield { call: 'link', from, to }) as 'made' | 'exists' | 'missing';
}

/** Makes a symbolic link whose target is `text`. */
export function* symlink(text: string, path: string): Protocol<'made' | 'exists'> {
  return (yield { call: 'symlink', text, path }) as 'made' | 'exists';
}

/** Makes a directory with these permissions, less the umask. */
export function* mkdir(path: string, mode = 0o755): Protocol<'made' | 'exists'> {
  return (yield { call: 'mkdir', path, mode }) as 'made' | 'exists';
}

/** Moves a file. `missing`: `from` is gone (or the directory of `to` is). */
export function* rename(
  from: string,
  to: string,
  lockDirectory?: LockDirectory,
): Protocol<'moved' | 'missing'> {
  return (yield { call: 'rename', from, to, lockDirectory: lockDirectory }) as 'moved' | 'missing';
}

/** Opens a name without following links or waiting for anyone, and reads a bounded text. */
export function* read(path: string, lockDirectory?: LockDirectory): Protocol<Content> {
  return (yield { call: 'read', path, lockDirectory: lockDirectory }) as Content;
}

/** The target of a symbolic link; `undefined` if none stands there any more. */
export function* readlink(path: string): Protocol<string | undefined> {
  return (yield { call: 'readlink', path }) as string | undefined;
}

/** Up to `limit` names of a directory, in no order; `undefined` if no directory stands there any more. */
export function* list(
  path: string,
  limit: number,
  lockDirectory?: LockDirectory,
): Protocol<readonly string[] | undefined> {
  return (yield { call: 'list', path, limit, lockDirectory: lockDirectory }) as readonly string[] | undefined;
}

/**
 * Do two names lead to one file? True only if they do, by device and inode; where the filesystem's inodes tell
 * nothing, or either name is gone, false.
 */
export function* sameFile(path: string, other: string): Protocol<boolean> {
  return (yield { call: 'sameFile', path, other }) as boolean;
}

/**
 * How many milliseconds before `witness` the name `path` last changed, both told by the filesystem's own clock,
 * so that a server whose clock is off can't age a lock; `undefined` if either is gone.
 */
export function* age(path: string, witness: string): Protocol<number | undefined> {
  return (yield { call: 'age', path, witness }) as number | undefined;
}

/** Removes a file's or link's name; false if there was none. */
export function* unlink(path: string, lockDirectory?: LockDirectory): Protocol<boolean> {
  return (yield { call: 'unlink', path, lockDirectory: lockDirectory }) as boolean;
}

/** Removes an empty directory; false if there is none, it isn't empty, or it isn't a directory. */
export function* rmdir(path: string): Protocol<boolean> {
  return (yield { call: 'rmdir', path }) as boolean;
}

/** Does the holder of a record that stands at `path` live? */
export function* judge(record: HolderRecord, path: string): Protocol<Judgement> {
  const judgement = (yield { call: 'judge', record, path }) as Judgement;
  if (judgement.beacon === undefined) return judgement;
  const signal = yield* probeBeacon(judgement.beacon);
  return (yield { call: 'judge', record, path, beacon: signal }) as Judgement;
}

/** Does somebody listen at a beacon? */
export function* probeBeacon(path: string): Protocol<BeaconState> {
  return (yield { call: 'probe', path }) as BeaconState;
}

/** Does the writer of a pid file live that stands at `path` and tells nothing but its pid? */
export function* judgePid(pid: number, path: string): Protocol<Judgement> {
  return (yield { call: 'judgePid', pid, path }) as Judgement;
}

/**
 * Any call that has no step of its own, in both forms, for locks that are no names: a row, a key on a server. The
 * protocols of floor 1 never yield it, for what it does can't be explored.
 */
export function* custom<T>(sync: () => T, async: () => Promise<T> = () => settled(sync)): Protocol<T> {
  return (yield { call: 'custom', sync, async }) as T;
}

/** What a function returns or throws, as a promise. */
function settled<T>(call: () => T): Promise<T> {
  return new Promise((resolve) => {
    resolve(call());
  });
}

/**
 * Lets time pass. The driver decides how much, and throws here when there is none left.
 *
 * @returns At the first pause: may a line be joined, since the driver can wake who waits in it? Later: has it moved?
 */
export function* pause(blocker: Blocker, position?: QueuePosition): Protocol<boolean> {
  const step: Step =
    position === undefined ? { call: 'pause', blocker } : { call: 'pause', blocker, position: position };
  return (yield step) === true;
}

/** Lets a refusal pass that may be over in a moment: a few milliseconds, more with each try, and never a throw. */
export function* backoff(tries: number): Protocol<void> {
  yield { call: 'backoff', tries };
}
