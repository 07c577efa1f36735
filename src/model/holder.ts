/** A lock's holder, as `holder()` and the errors give it. */
import { identifyForeignLock, EMPTY_DIRECTORY } from './foreign-lock.js';
import type { HolderRecord } from './record.js';
import type { Found, Judgement } from './steps.js';

/**
 * Who holds a lock, and whether it lives. What the lock doesn't tell is absent.
 *
 * @example
 * const holder = await lock.holder();
 * if (holder?.verdict === 'unknown') console.log(`pid ${holder.pid}, on ${holder.host}: ${holder.reason}`);
 */
export interface Holder extends Judgement, Partial<HolderRecord> {
  /** How the lock stands on disk. `empty`: a directory with nothing in it; `foreign`: another program's lock. */
  readonly kind: Found['kind'];
  /** Of a foreign lock: what stands there. */
  readonly description?: string;
  /** Of a foreign or empty lock: whose it looks like. Its `pid` and `host` are then what their format tells. */
  readonly library?: string;
}

export function holderFrom(found: Found, judgement: Judgement): Holder {
  const { verdict, reason } = judgement;
  const { kind } = found;
  if (kind === 'foreign')
    return { kind, verdict, reason, description: found.what, ...identifyForeignLock(found) };
  if (kind === 'empty') return { kind, verdict, reason, ...EMPTY_DIRECTORY };
  return { ...(kind === 'mkdir' ? found.records[0] : found.record), kind, verdict, reason };
}
