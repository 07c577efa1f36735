/**
 * Does the writer of a pid file live, when its pid is all that is known?
 *
 * Rule PIDVERDICT-1: `dead` is said only on proof (VERDICT-1). That no process here has the pid proves nothing by itself: the writer
 * may be on another machine, or in another PID namespace, where pids are others.
 * Rule PIDVERDICT-2: it is proof on a filesystem of this machine alone, seen from the initial PID namespace, which sees every
 * process of the machine, if none of them has the pid in its own namespace or in any above. Then the writer, of this
 * boot or an earlier one, is gone.
 * Rule PIDVERDICT-3: that a process has the pid is no proof of life either, for pids are reused; but none of death, so it holds.
 */
import { readFileSync, readdirSync } from 'node:fs';
import type { Machine } from './machine.js';
import { INITIAL_PID_NAMESPACE } from './proc.js';
import type { Judgement } from '../model/steps.js';

const unknown = (reason: string): Judgement => ({ verdict: 'unknown', reason });

/** Judges the writer of a pid file in `directory`. */
export function judgePidAlone(
  pid: number,
  machine: Machine,
  directory: string,
  isAnybodys: (pid: number) => boolean | undefined = isPidInUse,
): Judgement {
  const state = machine.process(pid);
  if (state.is === 'there' && !state.zombie) return unknown(`a process has its pid, ${String(pid)}`); // PIDVERDICT-3
  if (state.is === 'untold') return unknown('this process may not ask whether another exists');
  const none = `no process has its pid, ${String(pid)}`;
  if (machine.isLocal(directory) !== true) return unknown(`${none}, but another machine may have written it`);
  if (machine.self().pidNamespace !== INITIAL_PID_NAMESPACE)
    return unknown(`${none}, as far as can be seen from this PID namespace (container)`);
  const seen = isAnybodys(pid);
  if (seen === undefined) return unknown(`${none}, but not every process can be looked at`);
  return seen
    ? unknown(`${none}, but one does in another PID namespace (container)`)
    : { verdict: 'dead', reason: `${none}, in no PID namespace of this machine` }; // PIDVERDICT-2
}

/** Does any process have this pid, in any namespace that it is in? `undefined` if not all can be seen. */
export function isPidInUse(pid: number, proc = '/proc'): boolean | undefined {
  try {
    readFileSync(`${proc}/1/status`); // Refused if /proc hides the processes of other users: hidepid, in proc(5).
    return readdirSync(proc)
      .filter((name) => /^\d+$/.test(name))
      .some((name) => namespacePids(`${proc}/${name}/status`).includes(pid));
  } catch {
    return undefined;
  }
}

function namespacePids(status: string): readonly number[] {
  let text: string;
  try {
    text = readFileSync(status, 'latin1');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH') return []; // It has ended meanwhile.
    throw error;
  }
  if (/^State:\s*[ZX]/m.test(text) && /^Threads:\s*[01]$/m.test(text)) return [];
  const pids = /^NSpid:\s*(.*)$/m.exec(text)?.[1];
  if (pids === undefined) throw new Error(`${status} tells no pids in namespaces`);
  return pids.split(/\s+/).map(Number);
}
