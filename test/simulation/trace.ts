/** Moves in words: numbered lines, one actor a column; and as a command line that replays them. */
import { Actor, type Node } from './actor.js';
import type { Move, Scenario } from './explorer.js';
import { placeOf } from './answer.js';
import { cut, isCut, mishaps, outcomeOf, tick, type Mishap, type World } from './world.js';

const WIDTH = 46;

/** `P`, `Q!kill`, `tick`. */
export function format(moves: readonly Move[], scenario: Scenario): string {
  const say = ({ actor, mishap }: Move) =>
    actor < 0 ? 'tick' : `${scenario.actors[actor]?.name ?? '?'}${mishap === undefined ? '' : `!${mishap}`}`;
  const words = moves.map(say);
  const runs: string[] = [];
  for (let start = 0; start < words.length;) {
    let end = start;
    while (words[end] === words[start]) end++;
    runs.push(`${end - start > 1 ? String(end - start) : ''}${words[start] ?? ''}`);
    start = end;
  }
  return runs.join(',');
}

export function parse(text: string, scenario: Scenario): Move[] {
  return text.split(',').flatMap((word) => {
    const [, count = '', name = '', mishap] = /^(\d*)(\w+?)(?:!(\w+))?$/.exec(word) ?? [];
    const actor = name === 'tick' ? -1 : scenario.actors.findIndex((each) => each.name === name);
    if (actor < 0 && name !== 'tick') throw new Error(`no actor '${word}' in ${scenario.name}`);
    if (mishap !== undefined && !mishaps.includes(mishap as Mishap)) throw new Error(`no mishap: '${word}'`);
    const move: Move = { actor, mishap: mishap as Mishap | undefined };
    return Array.from({ length: count === '' ? 1 : Number(count) }, () => move);
  });
}

/** Makes the moves again, and tells each. */
export function tell(moves: readonly Move[], scenario: Scenario): string[] {
  const actors = scenario.actors.map((program) => new Actor(program));
  const nodes: Node[] = actors.map((actor) => actor.start);
  const lines: string[] = [];
  let world: World = scenario.world;
  for (const [number, { actor, mishap }] of moves.entries()) {
    const automaton = actors[actor];
    const node = nodes[actor];
    let words = 'time passes';
    if (automaton === undefined || node === undefined) world = tick(world) ?? world;
    else if (mishap !== undefined && isCut(mishap)) {
      const running = actors.map(
        (each, index) => nodes[index]?.call !== undefined && nodes[index] !== each.start,
      );
      const bits = running.reduce((sum, runs, index) => (runs ? sum | (1 << index) : sum), 0);
      world = cut(world, mishap, bits) ?? world;
      for (const [index, each] of actors.entries()) if (running[index] === true) nodes[index] = each.dead;
      lines.push(`${String(number + 1).padStart(3)} · the power fails (${mishap})`);
      continue;
    } else {
      const outcome = node.call && outcomeOf(world, actor, node.call, mishap);
      if (outcome === undefined) throw new Error(`move ${number + 1} can't be made`);
      words = sayMove(node, outcome.answer, mishap);
      const next =
        mishap === 'kill'
          ? automaton.dead
          : mishap === 'exit'
            ? automaton.enter(automaton.phaseOf(node)?.atExit ?? '')
            : automaton.next(node, outcome.answer);
      if (next.phase !== node.phase) words += ` → ${next.phase}`;
      world = outcome.world;
      nodes[actor] = next;
    }
    const column = ' '.repeat(Math.max(0, actor) * WIDTH);
    lines.push(`${String(number + 1).padStart(3)} ${column}${automaton?.program.name ?? '·'} ${words}`);
  }
  return [...lines, ...world.disk.paths().map((path) => `    left: ${short(path)} ${sayInode(world, path)}`)];
}

function sayMove(
  node: Node,
  answer: { value: unknown } | { refusal: string },
  mishap: Mishap | undefined,
): string {
  if (mishap === 'kill') return 'is killed';
  if (mishap === 'exit') return 'exits';
  const call = node.call;
  if (call === undefined) return '';
  const place = call.call === 'judge' ? call.record.token : placeOf(call);
  const said = 'refusal' in answer ? answer.refusal : sayAnswer(answer.value);
  return short(
    `${call.call} ${place}${said === '' ? '' : `: ${said}`}${mishap === undefined ? '' : ` (${mishap})`}`,
  );
}

function sayAnswer(value: unknown): string {
  if (value === undefined) return '';
  if (typeof value !== 'object' || value === null) return short(JSON.stringify(value));
  if ('verdict' in value) return String(value.verdict);
  if (!('is' in value)) return JSON.stringify(value);
  return value.is === 'file' && 'text' in value ? `"${String(value.text)}"` : String(value.is);
}

function sayInode(world: World, path: string): string {
  const inode = world.disk.get(path);
  return inode === undefined
    ? ''
    : short(inode.is === 'directory' ? inode.is : `${inode.is} "${inode.text}"`);
}

/** Tokens by their actor's letter, records by their token. */
function short(text: string): string {
  return text
    .replace(/\{"holdfast":1,"token":"(\d)\1{23}"[^}]*\}/g, (_, digit: string) => letter(digit))
    .replace(/(\d)\1{23}/g, (_, digit: string) => letter(digit));
}

const letter = (digit: string): string => 'PQRSTUVXZW'[Number(digit)] ?? digit;
