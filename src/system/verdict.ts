/**
 * Does the holder live? One pure function over its record and what this machine can tell.
 *
 * Rule VERDICT-1: `dead` is said only on proof. A missing field proves nothing, and neither does age or a host name.
 * Rule VERDICT-2: pids mean something only under the boot, and in the PID namespace, in which they were written down.
 * Rule VERDICT-3: a live pid with another start time is another process; start times compare in one time namespace only.
 * Rule VERDICT-4: two running kernels don't write one local disk, so there another boot is an earlier one. Local it must be
 * to both sides: our own disk may be another machine's network drive, or a guest's shared folder.
 * Rule VERDICT-5: the beacon of a holder proves its life, or its death, to whoever runs under the same kernel. Two sides to
 * whom a disk is local do, unless the holder's is over (VERDICT-4), and then its beacon is dark as well.
 *
 * Not promised: to tell two copies of one virtual machine apart, which have one boot id and the same pids.
 */
import type { Machine } from './machine.js';
import { type HolderRecord } from '../model/record.js';
import { beaconPath } from '../model/file-names.js';
import type { Judgement, BeaconState } from '../model/steps.js';

const alive = (reason: string): Judgement => ({ verdict: 'alive', reason });
const dead = (reason: string): Judgement => ({ verdict: 'dead', reason });
const unknown = (reason: string): Judgement => ({ verdict: 'unknown', reason });

/**
 * Judges the holder of a record that stands in `directory`.
 *
 * @param signal What its beacon said, once it was asked; without it the answer may be that it is to be.
 */
export function judgeHolder(
  record: HolderRecord,
  machine: Machine,
  directory: string,
  signal?: BeaconState,
): Judgement {
  const here = machine.self();
  if (record.boot === undefined || here.boot === undefined)
    return judgeWithoutBoot(record, machine, directory);
  if (signal === 'lit' || signal === 'dark') return judgeByBeacon(signal); // VERDICT-5
  const beacon = signal === undefined ? beaconOf(record, machine, directory) : undefined;
  if (beacon !== undefined) return { ...unknown('its beacon has not been asked'), beacon: beacon };
  if (record.boot !== here.boot) return judgeOtherBoot(record, machine, directory);
  if (!sharesPids(record, machine)) {
    return unknown(
      'it was taken in another PID namespace (another container), where pids are others; ' +
        'only a process in there can tell, or a beacon (the option) of the holder',
    ); // VERDICT-2
  }
  return judgePid(record, machine);
}

/** The beacon that can prove what nothing else can, if the holder has one. */
function beaconOf(record: HolderRecord, machine: Machine, directory: string): string | undefined {
  if (record.beacon === undefined || record.local !== true || sharesPids(record, machine)) return undefined;
  const kernelsMayBeOne = record.boot === machine.self().boot || hasReplacedBoot(record, machine);
  return kernelsMayBeOne && machine.isLocal(directory) === true
    ? beaconPath(directory, record.beacon, record.token)
    : undefined;
}

function judgeByBeacon(signal: 'lit' | 'dark'): Judgement {
  return signal === 'lit'
    ? alive('the process is alive, in another PID namespace (another container)')
    : dead('the process is gone, and so may be the PID namespace (the container) that it was in');
}

function hasReplacedBoot(record: HolderRecord, machine: Machine): boolean {
  return record.replacedBoot === true || machine.self().replacedBoot === true;
}

function sharesPids({ boot, pidNamespace }: HolderRecord, machine: Machine): boolean {
  const here = machine.self();
  return boot === here.boot && pidNamespace !== undefined && pidNamespace === here.pidNamespace;
}

/** VERDICT-4 */
function judgeOtherBoot(record: HolderRecord, machine: Machine, directory: string): Judgement {
  if (hasReplacedBoot(record, machine)) {
    return unknown(
      'it was taken in a container with a boot id of its own, so it can’t be told whether before the last start ' +
        'of this machine; only a process in there can tell, or a beacon (the option) of the holder',
    );
  }
  if (record.local !== true || machine.isLocal(directory) !== true) {
    return unknown(
      'it was taken on another machine, or before this one was started anew, and on a disk that machines share; ' +
        'only a process on that machine can tell',
    );
  }
  return dead('it was taken before the machine was started anew');
}

/** No boot id on the one side or the other: macOS, Windows, a sandbox without /proc. */
function judgeWithoutBoot(record: HolderRecord, machine: Machine, directory: string): Judgement {
  // On Linux its absence is a sandbox's doing, and then nobody knows whose pids these are.
  if (record.boot !== machine.self().boot || machine.platform === 'linux') {
    return unknown(
      'nothing (no /proc, no boot id) tells whether it was taken on this machine; only a process where it was ' +
        'taken can tell',
    );
  }
  if (record.local !== true || machine.isLocal(directory) !== true) {
    return unknown(
      'it is on a disk that machines share, and nothing tells whether it was taken on this one; ' +
        'only a process on that machine can tell',
    );
  }
  return judgePid(record, machine);
}

function judgePid(record: HolderRecord, machine: Machine): Judgement {
  const state = machine.process(record.pid);
  if (state.is === 'gone') return dead('the process is gone');
  if (state.is === 'untold')
    return unknown('this process may not ask whether the holder’s exists (Deno: --allow-run)');
  if (state.zombie) return dead('the process has ended, though nobody has reaped it yet');
  const comparable = record.timeNamespace === machine.self().timeNamespace;
  if (comparable && differ(record.started, state.started)) {
    return dead('the process is gone; its pid is now another’s'); // VERDICT-3
  }
  if (record.task !== undefined && hasEnded(record, record.task, machine, comparable)) {
    return dead('the worker thread has ended, though its process lives');
  }
  return alive('the process is alive');
}

function hasEnded(record: HolderRecord, task: number, machine: Machine, comparable: boolean): boolean {
  const state = machine.task(record.pid, task);
  if (state.is === 'gone' || state.ending) return true;
  return comparable && differ(record.taskStarted, state.started); // VERDICT-3
}

/** Two times that are known, and not the same. */
function differ(one: string | undefined, other: string | undefined): boolean {
  return one !== undefined && other !== undefined && one !== other;
}
