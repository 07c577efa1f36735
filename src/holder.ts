/** What is told of a lock's holder: the data that `holder()` gives, and the words that errors say. */
import type { HolderRecord } from './record.js';
import type { Found, Judgement } from './step.js';

/** Who holds a lock, and whether it lives. What the lock doesn't tell is absent. */
export interface Holder extends Judgement, Partial<HolderRecord> {
  /** How the lock stands on disk. `empty`: a directory with nothing in it; `foreign`: another program's lock. */
  readonly kind: Found['kind'];
  /** Of a foreign lock: what it looks like. */
  readonly description?: string;
}

export function describe(found: Found, judgement: Judgement): Holder {
  const { verdict, reason } = judgement;
  if (found.kind === 'foreign') return { kind: found.kind, verdict, reason, description: found.what };
  if (found.kind === 'empty') return { kind: found.kind, verdict, reason };
  return { ...(found.kind === 'mkdir' ? found.records[0] : found.record), kind: found.kind, verdict, reason };
}

/** One or two sentences for people: who holds `path`, how long at `now`, whether it lives, what to do next. */
export function sayHolder(path: string, holder: Holder, now: number): string {
  if (holder.kind === 'foreign') {
    return (
      `${path} is held by a foreign lock: ${holder.description ?? 'not one of ours'}. It is never broken ` +
      `by itself; if you know that nobody uses it, call breakLock() or remove it.`
    );
  }
  if (holder.kind === 'empty') {
    return `${path} is an empty directory: a lock being made, or another program's. If it stays so, it is removed.`;
  }
  return `${path} is held by ${sayWho(holder)}, for ${sayAge(now - (holder.since ?? now))}; ${sayLife(holder)}`;
}

function sayWho(holder: Holder): string {
  const thread = holder.thread === undefined ? '' : `, thread ${String(holder.thread)}`;
  const note = holder.note === undefined ? '' : ` (${JSON.stringify(holder.note)})`;
  return `pid ${String(holder.pid)}${thread}, on host ${holder.host ?? 'unknown'}${note}`;
}

function sayLife(holder: Holder): string {
  if (holder.verdict === 'alive') {
    return `${holder.reason}. Wait for it, or break the lock with breakLock() if you know it is stuck.`;
  }
  if (holder.verdict === 'dead') return `${holder.reason}. Whoever tries next replaces it.`;
  return `it can't be told whether it lives: ${holder.reason}. If you know that it is dead, call breakLock().`;
}

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const;

function sayAge(ms: number): string {
  const [unit, size] = UNITS.find(([, size]) => ms >= size) ?? (['ms', 1] as const);
  return `${String(Math.max(0, Math.floor(ms / size)))} ${unit}`;
}
