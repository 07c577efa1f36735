/**
 * Does the process that wrote a pid file live, if its pid is all that is known?
 *
 * Rule PIDVERDICT-1: The verdict is "dead" only on proof (VERDICT-1). A pid that no process here has is not enough: the
 * writer may be on another machine, or in another PID namespace, where pids mean something else.
 * Rule PIDVERDICT-2: It is proof on a local disk, seen from the initial PID namespace, which sees every process of the
 * machine, if no process has that pid in its own namespace or in any namespace above it. Then the writer, of this boot
 * or an earlier one, has ended.
 * Rule PIDVERDICT-3: A process that has the pid doesn't prove life, because pids are reused. It doesn't prove death
 * either, so the lock stays held.
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
  isInUse: (pid: number) => boolean | undefined = isPidInUse,
): Judgement {
  const state = machine.process(pid);
  if (state.is === 'there' && !state.zombie) return unknown(`a process with its pid, ${String(pid)}, exists`); // PIDVERDICT-3
  if (state.is === 'unknown')
    return unknown('this process has no permission to check whether another process exists');
  const none = `no process has its pid, ${String(pid)}`;
  if (machine.isLocal(directory) !== true)
    return unknown(`${none} here, but another machine may have written the file`);
  if (machine.self().pidNamespace !== INITIAL_PID_NAMESPACE)
    return unknown(`${none} in this PID namespace (container), but processes outside can't be seen`);
  const inUse = isInUse(pid);
  if (inUse === undefined) return unknown(`${none}, but /proc doesn't show every process`);
  return inUse
    ? unknown(`a process in another PID namespace (container) has its pid, ${String(pid)}`)
    : { verdict: 'dead', reason: `${none}, in any PID namespace of this machine` }; // PIDVERDICT-2
}

/** Does any process have this pid in any of its namespaces? `undefined` if /proc doesn't show every process. */
export function isPidInUse(pid: number, proc = '/proc'): boolean | undefined {
  try {
    readFileSync(`${proc}/1/status`); // Fails if /proc hides other users' processes (hidepid): proc(5).
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
    if (code === 'ENOENT' || code === 'ESRCH') return []; // It has ended since we listed it.
    throw error;
  }
  if (/^State:\s*[ZX]/m.test(text) && /^Threads:\s*[01]$/m.test(text)) return [];
  const pids = /^NSpid:\s*(.*)$/m.exec(text)?.[1];
  if (pids === undefined) throw new Error(`${status} has no NSpid line`);
  return pids.split(/\s+/).map(Number);
}
