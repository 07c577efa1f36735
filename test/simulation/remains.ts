/**
 * Checks what is left on the disk when all actors have ended (LAW-4).
 *
 * Rule: Living actors leave nothing. What a dead actor left shows its token in the name or the text, or is a directory
 * with nothing else in it. One later contender of each kind sweeps all of it, once the grace period is over.
 */
import { Actor, type Node, type Program } from './actor.js';
import type { Disk } from './disk.js';
import type { Scenario } from './explorer.js';
import { WITNESS, contender } from './programs.js';
import { atPeace, isCut, outcomeOf, tick, type World } from './world.js';
import type { Kind } from '../../src/model/claim.js';

/** How many calls the witness may make. */
const PATIENCE = 2_000;

const known = new WeakMap<Scenario, Map<string, string | undefined>>();

/** What is wrong with what is left; `undefined` if nothing is. */
export function remains(world: World, scenario: Scenario): string | undefined {
  const key = `${world.dead} ${world.disk.key()}`;
  let answers = known.get(scenario);
  if (answers === undefined) known.set(scenario, (answers = new Map<string, string | undefined>()));
  if (!answers.has(key)) answers.set(key, examine(world, scenario));
  return answers.get(key);
}

function examine(world: World, scenario: Scenario): string | undefined {
  const { disk } = world;
  const marks = scenario.actors
    .filter((_, index) => (world.dead & (1 << index)) !== 0)
    .map((actor) => actor.mark);
  const ofZombie = scenario.zombieMark === undefined ? [] : [scenario.zombieMark];
  const mayBeErased = scenario.mishaps?.some(isCut) === true;
  for (const path of disk.paths()) {
    if (!isOfTheDead(disk, path, [...marks, ...ofZombie], mayBeErased))
      return `LAW-4: the living left ${path}`;
  }
  for (const witness of scenario.witnesses ?? contenders(scenario)) {
    const left = sweptBy(world, witness);
    if (left !== undefined) return `LAW-4: a later ${witness.name} ${left}`;
  }
  return undefined;
}

function contenders({ protocols }: Scenario): Program[] {
  const kinds: readonly Kind[] = ['link', 'mkdir', 'symlink'];
  return kinds.map((kind) => ({
    ...contender(WITNESS, kind, protocols, { sweeps: true }),
    name: `contender (${kind})`,
  }));
}

function isOfTheDead(disk: Disk, path: string, marks: readonly string[], mayBeErased: boolean): boolean {
  const inode = disk.get(path);
  const names = disk.paths().filter((each) => disk.get(each) === inode);
  const isMarked = (mark: string) =>
    names.some((name) => name.includes(mark)) || inode?.text.includes(mark) === true;
  if (marks.some(isMarked)) return true;
  // A crash leaves nothing in a file that says whose it was.
  if (mayBeErased && inode?.isMarked === true && inode.text === '' && marks.length > 0) return true;
  if (inode?.is !== 'directory' || marks.length === 0) return false;
  const inside = disk.paths().filter((each) => each.startsWith(`${path}/`));
  return inside.every((each) => marks.some((mark) => each.includes(mark)));
}

/** Has one more contender come, alone. */
function sweptBy(world: World, witness: Program): string | undefined {
  const actor = new Actor(witness);
  let now: World = { ...atPeace(world), stuck: '' };
  now = tick(now) ?? now;
  let node: Node = actor.start;
  for (let calls = 0; node.call !== undefined; calls++) {
    if (calls === PATIENCE) return 'never gets the lock';
    const outcome = outcomeOf(now, WITNESS, node.call);
    if (outcome === undefined) throw new Error('a call without a result');
    now = node.call.call === 'pause' ? (tick(outcome.world) ?? outcome.world) : outcome.world;
    node = actor.next(node, outcome.answer);
  }
  if (node.phase !== 'released') return `ends ${node.phase} ${node.complaint ?? ''}`;
  const left = now.disk.paths();
  return left.length === 0 ? undefined : `leaves ${left.join(', ')}`;
}
