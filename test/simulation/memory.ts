/**
 * What an actor remembers of the answers in its phase: enough to distinguish its states, and no more, so that equal
 * states are merged.
 *
 * Rule MEMORY-1: At a pause, it remembers what its program specifies (`Phase.memory`), by default nothing: `acquire`
 * and `release` start over after each pause. It also remembers its place in the wait queue: whether it has one, whether it
 * is the first or was woken (else it would not read the queue), and whom it lets go first.
 * Rule MEMORY-2: When it returns from an eviction lock to the name that this is for, it forgets how it took or released
 * the eviction lock, except for the last answer there, which shows whether it has it: `withEvictionLock` passes on
 * nothing else. Errors are kept, since they end the call that is in progress.
 *
 * Rule MEMORY-3: When `attempt` tries a name again, it remembers the number of its earlier tries and, for the lock
 * itself, whom it removed.
 *
 * Rule MEMORY-4: When an acquire of a pid file creates its private file, it forgets what it read, since it reads all of
 * it again under the eviction lock. Not when it creates the file again, in the middle of an attempt.
 *
 * These rules follow from the protocols, and are checked: the suite continues the protocol from merged histories, with
 * the answers of the others, and compares (`Actor.difference`).
 */
import type { Step } from '../../src/model/steps.js';
import { keyOf, placeOf, type ActorCall, type Answer } from './answer.js';

export interface Memory {
  readonly base: string;
  /** Its place in line, and whether it was woken at its last pause; empty: it is in none. */
  readonly line: string;
  readonly entries: readonly Entry[];
  /** How many `.evict` the name ends with that it is at. */
  readonly depth: number;
}

interface Entry {
  readonly depth: number;
  readonly isRefusal: boolean;
  readonly key: string;
}

export const BLANK: Memory = { base: '', line: '', entries: [], depth: 0 };

/** The memory with one more answer, when `next` is what the actor does then. */
export function remember(
  memory: Memory,
  call: ActorCall,
  answer: Answer,
  next: ActorCall,
  forgets = false,
): Memory {
  const whom = call.call === 'judge' ? call.record.token : '';
  // A link to a private file is no try at a name (EVICT-8).
  const word = call.call === 'link' && /\.[0-9a-f]{24}$/.test(call.to) ? 'relink' : call.call;
  const key = `${word} ${whom}${keyOf(answer)}`;
  const entry = { depth: depthOf(call) ?? memory.depth, isRefusal: 'refusal' in answer, key };
  const entries = [...memory.entries, entry];
  const depth = depthOf(next) ?? entry.depth;
  if (forgets && depth === 0 && isPrivate(next)) return { ...memory, entries: [], depth }; // MEMORY-4
  const kept = depth < entry.depth ? comeBack(entries, depth) : entries;
  const line = call.call === 'pause' && isWoken(answer) ? `${memory.line} woken` : memory.line;
  return { base: memory.base, line, entries: isTry(next) ? tryAnew(kept, depth) : kept, depth };
}

/** MEMORY-2. */
function comeBack(entries: readonly Entry[], depth: number): Entry[] {
  const kept = entries.filter((each) => each.depth <= depth || each.isRefusal);
  const last = entries.at(-1)?.key ?? '';
  return [...kept, { depth, isRefusal: false, key: `after ${last} there` }];
}

/** Is it the making of a private file? */
function isPrivate(call: ActorCall): boolean {
  return call.call === 'create' && /^\/L\.[0-9a-f]{24}$/.test(call.path);
}

/** Is it the call by which a lock or an eviction lock appears? */
function isTry(call: ActorCall): boolean {
  const makes = call.call === 'link' || call.call === 'symlink' || call.call === 'mkdir';
  const place = placeOf(call);
  return (
    makes && !/\/.*\//.test(place.replace(/^.* /, '')) && !/^\/L\.pid\.|\.holder$|\.[0-9a-f]{24}$/.test(place)
  );
}

/** MEMORY-3. A private file that was gone is no try of the attempt's, and is counted apart. */
function tryAnew(entries: readonly Entry[], depth: number): Entry[] {
  const past = entries.filter((each) => each.depth === depth && !each.isRefusal);
  const tries = past.filter(
    ({ key }) => /^(link|symlink|mkdir|tries) /.test(key) && !key.endsWith('"missing"'),
  );
  const missing = past.filter(({ key }) => key.endsWith('"missing"')).length;
  const [, before = '0', lost = '0', whom = ''] = /^tries (\d+) (\d+) (.*)$/.exec(past[0]?.key ?? '') ?? [];
  // What was judged before the first try was looked at after a pause, and nothing was removed for it.
  const isFirst = before === '0' && lost === '0' && tries.length + missing === 0;
  const judged = isFirst ? undefined : past.findLast(({ key }) => /^(judge|judgeLost|age) /.test(key))?.key;
  const removed = judged ?? whom;
  const count = Number(before) + tries.length - (past[0]?.key.startsWith('tries ') === true ? 1 : 0);
  const key = `tries ${count} ${Number(lost) + missing} ${depth === 0 ? removed : ''}`;
  return [...entries.filter((each) => !past.includes(each)), { depth, isRefusal: false, key }];
}

const isWoken = (answer: Answer): boolean => 'value' in answer && answer.value === true;

/** At a pause (MEMORY-1), of one who remembered `before` up to it. */
export function atPause(
  before: Memory,
  { position: line }: Extract<Step, { call: 'pause' }>,
  base: string,
): Memory {
  const letsPass = line?.isYielding === true || before.line.startsWith('courteous') ? 'courteous ' : '';
  // An actor that lets others pass does so in steps, and still knows what it saw before.
  if (line?.isYielding === true) {
    const step = before.line === '' ? 1 : Number(/\d/.exec(before.line)?.[0] ?? 1) + 1;
    return { ...before, base, line: `${letsPass}step ${step}` };
  }
  const place =
    line === undefined
      ? ''
      : line.isPassing === true
        ? 'passing in line'
        : line.ahead === undefined
          ? 'first in line'
          : 'in line';
  return { base, line: letsPass + place, entries: [], depth: 0 };
}

export const keyOfMemory = ({ base, line, entries }: Memory): string =>
  `${base}|${line}|${entries.map((entry) => entry.key).join()}`;

/** How deep a call's name is in eviction locks; `undefined`: it is a private name, of whichever depth. */
function depthOf(call: ActorCall): number | undefined {
  const path = 'path' in call ? call.path : 'to' in call ? call.to : undefined;
  if (/^\/L\.(?:holder$|pid\.)/.test(path ?? '')) return 0; // A pid file's other names.
  const evictions = /^\/L((?:\.evict)*)(?:\/.*)?$/.exec(path ?? '')?.[1];
  return evictions === undefined ? undefined : evictions.length / '.evict'.length;
}
