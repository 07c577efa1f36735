import { pidText, secondName } from '../../src/protocol/pid-file.js';
import { formatRecord } from '../../src/model/record.js';
import { privatePath, recordBeside } from '../../src/model/file-names.js';
import { Disk } from './disk.js';
import type { Program } from './actor.js';
import type { Scenario } from './explorer.js';
import { daemon, pidBreaker, pidContender, pidHolder } from './pid-programs.js';
import { LOCK, WITNESS, ZOMBIE, recordOf, shipped, type Protocols } from './programs.js';
import { refusals, worldOf } from './scenarios.js';
import { ENDED_PID, type World } from './world.js';

/** How the pid file stands at the start: not at all, as a dead holder of ours left it, or as another program did. */
export type PidStart = 'free' | 'ours' | 'stranger';

export const pidStarts: readonly PidStart[] = ['free', 'ours', 'stranger'];

/** A pid file of ours, whole. */
export function pidFileOf(index: number): Disk {
  const disk = new Disk();
  const record = recordOf(index);
  const staged = privatePath(LOCK, record.token);
  disk.create(staged, true);
  disk.fill(staged, formatRecord(record));
  disk.link(staged, recordBeside(LOCK));
  const second = secondName(LOCK, record);
  disk.create(second, true);
  disk.fill(second, pidText(record));
  disk.link(second, LOCK);
  return disk;
}

function write(disk: Disk, pid: number): Disk {
  disk.create(LOCK);
  disk.fill(LOCK, `${String(pid)}\n`);
  return disk.normal();
}

function diskOf(start: PidStart): Disk {
  if (start === 'ours') return pidFileOf(ZOMBIE).normal();
  return start === 'free' ? new Disk() : write(new Disk(), ENDED_PID);
}

function scenario(name: string, actors: readonly Program[], world: World, protocols: Protocols): Scenario {
  return {
    name: `pid: ${name}`,
    actors,
    world,
    zombieMark: world.disk.get(LOCK)?.text === `${ENDED_PID}\n` ? `${ENDED_PID}\n` : recordOf(ZOMBIE).token,
    protocols,
    witnesses: [{ ...pidContender(WITNESS, protocols, { sweeps: true }), name: 'contender' }],
  };
}

/** So many contenders, some of them killed. Where a pid proves nobody dead, a record must. */
export function pidContest(
  count: number,
  start: PidStart,
  kills: number,
  protocols: Protocols = shipped,
  seesAllPids = false,
): Scenario {
  const actors = Array.from({ length: count }, (_, index) => pidContender(index, protocols));
  const world = { ...worldOf('free', { kills }), disk: diskOf(start), seesAllPids };
  const how = seesAllPids ? ', all pids seen' : '';
  return {
    ...scenario(`${count} from ${start}, ${kills} kills${how}`, actors, world, protocols),
    mishaps: ['kill'],
  };
}

/** Contenders, of whom one gives up, exits, or is refused a call. */
export function pidTrouble(
  count: number,
  start: PidStart,
  how: 'abort' | 'exit' | keyof typeof refusals,
  protocols: Protocols = shipped,
): Scenario {
  const base = pidContest(count, start, 0, protocols);
  const name = `pid: ${count} from ${start}, ${how}`;
  if (how === 'abort' || how === 'exit') {
    const actors = base.actors.map((_, index) => pidContender(index, protocols, { retries: true }));
    const budget = { ...base.world.budget, aborts: how === 'abort' ? 1 : 0, exits: how === 'exit' ? 1 : 0 };
    return { ...base, name, actors, world: { ...base.world, budget }, mishaps: [how] };
  }
  const budget = { ...base.world.budget, refusals: 1 };
  return { ...base, name, world: { ...base.world, budget }, ...refusals[how], mayFail: true };
}

/** A contender or two, and one who breaks whatever stands by force. */
export function pidRobbery(
  count: number,
  start: PidStart,
  kills: number,
  protocols: Protocols = shipped,
): Scenario {
  const base = pidContest(count, start, kills, protocols);
  return {
    ...base,
    name: `${base.name}, and a forced break`,
    actors: [...base.actors, pidBreaker(count, protocols)],
  };
}

/** A holder whose pid file is broken by force, by somebody of whom, or by whom, a call is refused. */
export function pidRaid(
  start: PidStart,
  how: keyof typeof refusals,
  protocols: Protocols = shipped,
): Scenario {
  const base = pidTrouble(1, start, how, protocols);
  return {
    ...base,
    name: `${base.name}, and a forced break`,
    actors: pidRobbery(1, start, 0, protocols).actors,
  };
}

/** Contenders, and another program that makes a pid file at the same name. */
export function pidMeeting(count: number, protocols: Protocols = shipped): Scenario {
  const base = pidContest(count, 'free', 0, protocols);
  return {
    ...base,
    name: `pid: ${count} and another program`,
    actors: [...base.actors, daemon(count, recordOf(count).pid)],
  };
}

/** A dead holder's record beside the pid file of another program, which has the same pid now. */
export function pidReused(protocols: Protocols = shipped): Scenario {
  const disk = pidFileOf(ZOMBIE);
  disk.unlink(LOCK);
  const { pid } = recordOf(ZOMBIE);
  const actors = [pidContender(0, protocols), daemon(1, pid, 'hold')];
  const world = { ...worldOf('free'), disk: write(disk, pid) };
  return scenario('a record left behind, and its pid reused', actors, world, protocols);
}

/** One who holds, into whose pid file another program has written its own pid. */
export function pidOverwritten(protocols: Protocols = shipped): Scenario {
  const disk = pidFileOf(0);
  disk.fill(LOCK, pidText(recordOf(1)));
  const actors = [pidHolder(0, protocols), daemon(1, recordOf(1).pid, 'hold')];
  // It has lost it, though not to a break of ours.
  const world = { ...worldOf('free'), disk: disk.normal(), broken: 1 };
  const name = 'a pid file overwritten by another program';
  // What its release says depends on whether the other has gone.
  return { ...scenario(name, actors, world, protocols), laws: /LAW-[12456]/ };
}
