/**
 * Does the holder live? One pure function over its record and what this machine can tell.
 *
 * Rule V1: `dead` is said only on proof. A missing field proves nothing, and neither does age or a host name.
 * Rule V2: pids mean something only under the boot, and in the PID namespace, in which they were written down.
 * Rule V3: a live pid with another start time is another process; start times compare in one time namespace only.
 * Rule V4: two running kernels don't write one local filesystem, so there another boot is an earlier one.
 */
import type { Machine } from './machine.js';
import type { HolderRecord } from './record.js';
import type { Judgement } from './step.js';

const alive = (reason: string): Judgement => ({ verdict: 'alive', reason });
const dead = (reason: string): Judgement => ({ verdict: 'dead', reason });
const unknown = (reason: string): Judgement => ({ verdict: 'unknown', reason });

/** Judges the holder of a record that stands at `path`. */
export function judgeHolder(record: HolderRecord, machine: Machine, path: string): Judgement {
  const here = machine.self();
  if (record.boot === undefined || here.boot === undefined) return judgeWithoutBoot(record, machine, path);
  if (record.boot !== here.boot) {
    // V4
    return machine.isLocal(path)
      ? dead('it was taken before the machine was started anew')
      : unknown('it was taken on another machine, or before this one was started anew');
  }
  if (record.pidNamespace === undefined || record.pidNamespace !== here.pidNamespace) {
    return unknown('it was taken in another PID namespace (another container), where pids are others'); // V2
  }
  return judgePid(record, machine);
}

/** No boot id on the one side or the other: macOS, Windows, a sandbox without /proc. */
function judgeWithoutBoot(record: HolderRecord, machine: Machine, path: string): Judgement {
  // On Linux its absence is a sandbox's doing, and then nobody knows whose pids these are.
  if (record.boot !== machine.self().boot || machine.platform === 'linux') {
    return unknown('there is no boot id to tell by whether it was taken on this machine');
  }
  return machine.isLocal(path)
    ? judgePid(record, machine)
    : unknown('nothing tells whether it was taken on this machine');
}

function judgePid(record: HolderRecord, machine: Machine): Judgement {
  const state = machine.process(record.pid);
  if (state.is === 'gone') return dead('the process is gone');
  if (state.zombie) return dead('the process has ended, though nobody has reaped it yet');
  const comparable = record.timeNamespace === machine.self().timeNamespace;
  if (
    comparable &&
    record.started !== undefined &&
    state.started !== undefined &&
    record.started !== state.started
  ) {
    return dead('the process is gone; its pid is now another’s'); // V3
  }
  return alive('the process is alive');
}
