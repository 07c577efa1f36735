/**
 * Does the holder live? A pure function of its record and the facts about this machine.
 *
 * Rule VERDICT-1: The verdict is "dead" only on proof. A missing field proves nothing, and neither does age or a host
 * name.
 * Rule VERDICT-2: A pid has a meaning only under the boot, and in the PID namespace, in which it was recorded.
 * Rule VERDICT-3: A live pid with another start time is another process. Start times compare only within one time
 * namespace.
 * Rule VERDICT-4: Two running kernels never write one local disk, so a record there with another boot id is from an
 * earlier boot. The disk must be local to both sides: our own disk may be another machine's network drive, or a
 * guest's shared folder. A memory filesystem (tmpfs, ramfs) doesn't survive its kernel, so there another boot id proves
 * that one of them isn't the kernel's, as in gVisor, where each mount of /proc has its own.
 * Rule VERDICT-5: A holder's beacon proves life or death to any process under the same kernel. Two sides to which the
 * disk is local run under the same kernel, unless the holder's kernel has ended (VERDICT-4); then its beacon is dark.
 * Both must see the beacon on the same device: in an overlay's upper directory the socket is another inode, and refuses.
 * Rule VERDICT-6: A process that runs another program than the one that made the record doesn't hold its lock any more
 * (IMAGE-1).
 *
 * Not promised: to distinguish copies of one virtual machine, which have the same boot id and the same pids.
 */
import { differ, type Machine } from './machine.js';
import { type HolderRecord } from '../model/record.js';
import { beaconPath } from '../model/file-names.js';
import type { Judgement, BeaconState } from '../model/steps.js';

const alive = (reason: string): Judgement => ({ verdict: 'alive', reason });
const dead = (reason: string): Judgement => ({ verdict: 'dead', reason });
const unknown = (reason: string): Judgement => ({ verdict: 'unknown', reason });

/**
 * Judges the holder of a record in `directory`.
 *
 * @param state The state of its beacon, once that was probed. Without it, the answer may name a beacon to probe.
 */
export function judgeHolder(
  record: HolderRecord,
  machine: Machine,
  directory: string,
  state?: BeaconState,
): Judgement {
  const here = machine.self();
  if (record.boot === undefined || here.boot === undefined)
    return judgeWithoutBoot(record, machine, directory);
  if (state === 'lit' || state === 'dark') return judgeByBeacon(state); // VERDICT-5
  const beacon = state === undefined ? beaconOf(record, machine, directory) : undefined;
  if (beacon !== undefined) return { ...unknown('its beacon has not been probed'), beacon };
  if (record.boot !== here.boot) return judgeOtherBoot(record, machine, directory);
  if (!sharesPids(record, machine)) {
    return unknown(
      'the lock was taken in another PID namespace (another container), where its pid means something else. ' +
        adviceFor(record),
    ); // VERDICT-2
  }
  return judgePid(record, machine);
}

/**
 * Judges the holder of a lock in `directory` that has our mark and no text. Our names appear with their text, and a kernel
 * that runs doesn't forget what was written; so the machine has crashed since (CRASH-1, CRASH-3).
 */
export function judgeLost(machine: Machine, directory: string): Judgement {
  return machine.isLocal(directory) === true
    ? dead('the machine crashed before the lock’s text was on the disk')
    : unknown('its text is missing, and on a disk that machines share it may come later');
}

/** The path of the holder's beacon, if it has one and only the beacon can decide. */
function beaconOf(record: HolderRecord, machine: Machine, directory: string): string | undefined {
  if (record.beacon === undefined || record.local !== true || sharesPids(record, machine)) return undefined;
  const kernelsMayBeOne =
    record.boot === machine.self().boot || hasReplacedBoot(record, machine) || machine.isVolatile(directory);
  const isReachable =
    machine.isLocal(directory) === true &&
    record.device !== undefined &&
    record.device === machine.device(directory);
  return kernelsMayBeOne && isReachable ? beaconPath(directory, record.beacon, record.token) : undefined;
}

function judgeByBeacon(state: 'lit' | 'dark'): Judgement {
  return state === 'lit'
    ? alive('the process is alive, in another PID namespace (another container)')
    : dead('the process is gone; it ran in another PID namespace (another container)');
}

function hasReplacedBoot(record: HolderRecord, machine: Machine): boolean {
  return record.replacedBoot === true || machine.self().replacedBoot === true;
}

function sharesPids({ boot, pidNamespace }: HolderRecord, machine: Machine): boolean {
  const here = machine.self();
  return boot === here.boot && pidNamespace !== undefined && pidNamespace === here.pidNamespace;
}

/** What a user can do about a holder in another container. If it has a beacon, that has proved nothing. */
function adviceFor({ beacon }: HolderRecord): string {
  const check = 'Check from inside that container';
  return beacon === undefined ? `${check}, or run holders with \`beacon: true\`` : check;
}

/** VERDICT-4 */
function judgeOtherBoot(record: HolderRecord, machine: Machine, directory: string): Judgement {
  if (hasReplacedBoot(record, machine)) {
    return unknown(
      'the lock was taken in a container with its own boot id, so it may be from before or after the last reboot. ' +
        adviceFor(record),
    );
  }
  if (record.local !== true || machine.isLocal(directory) !== true) {
    return unknown(
      'the lock was taken on another machine, or on this one before a reboot, and the disk may be shared. ' +
        'Check from the machine that took it',
    );
  }
  if (machine.isVolatile(directory)) {
    return unknown(
      'the lock has another boot id, but its filesystem is in memory and survives no reboot, so boot ids prove ' +
        `nothing here. ${adviceFor(record)}`,
    );
  }
  return dead('the lock was taken before this machine rebooted');
}

/** Judges if either side has no boot id: macOS, Windows, a sandbox without /proc. */
function judgeWithoutBoot(record: HolderRecord, machine: Machine, directory: string): Judgement {
  // On Linux only a sandbox lacks a boot id, and then the PID namespace is unknown too.
  if (record.boot !== machine.self().boot || machine.platform === 'linux') {
    return unknown(
      'without /proc and a boot id it is not known whether the lock was taken on this machine. ' +
        'Check from where it was taken',
    );
  }
  if (record.local !== true || machine.isLocal(directory) !== true) {
    return unknown(
      'the disk may be shared, and it is not known whether the lock was taken on this machine. ' +
        'Check from the machine that took it',
    );
  }
  return judgePid(record, machine);
}

function judgePid(record: HolderRecord, machine: Machine): Judgement {
  const state = machine.process(record.pid);
  if (state.is === 'gone') return dead('the process is gone');
  if (state.is === 'unknown')
    return unknown('this process has no permission to check whether the holder exists (Deno: --allow-run)');
  if (state.zombie) return dead('the process has ended, and its parent has not reaped it yet (a zombie)');
  const comparable = record.timeNamespace === machine.self().timeNamespace;
  if (comparable && differ(record.started, state.started)) {
    return dead('the process is gone; another process has its pid now'); // VERDICT-3
  }
  if (differ(record.image, state.image)) {
    return dead('the process has replaced itself with another program (execve)'); // VERDICT-6
  }
  if (record.task !== undefined && hasEnded(record, record.task, machine, comparable)) {
    return dead('the worker thread has ended; its process is still running');
  }
  return record.pid === machine.self().pid
    ? alive('the process is alive, and it is this very process')
    : alive('the process is alive');
}

function hasEnded(record: HolderRecord, task: number, machine: Machine, comparable: boolean): boolean {
  const state = machine.task(record.pid, task);
  if (state.is === 'gone' || state.ending) return true;
  return comparable && differ(record.taskStarted, state.started); // VERDICT-3
}
