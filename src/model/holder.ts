/** The description of a lock's holder that `holder()` returns and that errors carry. */
import { identifyForeignLock, EMPTY_DIRECTORY } from './foreign-lock.js';
import type { HolderRecord } from './record.js';
import type { Found, Judgement } from './steps.js';

/**
 * Who holds a lock, and whether the holder is alive. A field that the lock doesn't show is absent.
 *
 * @example
 * const holder = await lock.holder();
 * if (holder?.verdict === 'unknown') console.log(`pid ${holder.pid}, on ${holder.host}: ${holder.reason}`);
 */
export interface Holder extends Judgement, Partial<HolderRecord> {
  /**
   * The lock's form on disk. `empty`: an empty directory. `lost`: a lock of ours whose text was lost when its machine
   * crashed. `foreign`: another program's lock.
   */
  readonly kind: Found['kind'];
  /** The holder's own JSON value: the option `data`, or what `Hold.update()` made of it. */
  readonly data?: unknown;
  /** Of a foreign lock: what the lock's name is on disk. */
  readonly description?: string;
  /** Of a foreign or empty lock: the library it looks like. `pid` and `host` are then read by that library's format. */
  readonly library?: string;
}

export function holderFrom(found: Found, judgement: Judgement): Holder {
  const { verdict, reason } = judgement;
  const { kind } = found;
  if (kind === 'foreign')
    return { kind, verdict, reason, description: found.what, ...identifyForeignLock(found) };
  if (kind === 'lost') return { kind, verdict, reason };
  if (kind === 'empty') return { kind, verdict, reason, ...EMPTY_DIRECTORY };
  return { ...(kind === 'mkdir' ? found.records[0] : found.record), kind, verdict, reason };
}
