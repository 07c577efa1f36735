/** Pid files on the simulated disk: free, held, or left by a dead holder. */
import { expect } from 'chai';
import { evictionOf, recordBeside } from '../../src/model/file-names.js';
import { acquirePid } from '../../src/protocol/pid-lock.js';
import { makePidClaim, pidText, secondName } from '../../src/protocol/pid-file.js';
import { recordOf } from '../simulation/programs.js';
import { Scene } from './scene.js';

export const PATH = '/daemon.pid';
export const BESIDE = recordBeside(PATH);
export const EVICTION = evictionOf(PATH);

export const claimOf = (index: number) =>
  makePidClaim(PATH, recordOf(index), { mode: 0o644, orphanGraceMs: 1 });
export const [mine, other] = [claimOf(0), claimOf(1)];

/** The names that exist while a claim is held. */
export function heldBy(claim: typeof mine): Record<string, string> {
  const { record, name } = claim;
  return {
    [PATH]: pidText(record),
    [BESIDE]: name.text,
    [name.privateFile]: name.text,
    [secondName(PATH, record)]: pidText(record),
  };
}

/** A pid file of ours with a living holder. */
export function held(claim = mine): Scene {
  const scene = new Scene();
  scene.play(acquirePid(claim));
  expect(scene.names).to.deep.equal(heldBy(claim));
  return scene;
}

/** A pid file whose holder is dead. */
export function dead(): Scene {
  const scene = held(claimOf(8));
  for (const each of [recordOf(8).token, recordOf(8).pid]) scene.dead.add(each);
  return scene;
}

/** Another program's text. */
export const STRANGER = '77\n';
