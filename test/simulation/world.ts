/**
 * The world of the actors: a disk, which actors are alive, and which mishaps the explorer may still cause.
 *
 * Rule: A world is a value. Two worlds that no actor can distinguish have the same key.
 */
import type { HolderRecord } from '../../src/model/record.js';
import type { Judgement } from '../../src/model/steps.js';
import { placeOf, type ActorCall, type Answer } from './answer.js';
import { performOn } from './calls.js';
import { Refusal, type Disk } from './disk.js';
import { indexOf } from './programs.js';

/** What may happen to an actor's call instead of its answer. */
export const mishaps = [
  'kill',
  'refuse',
  'busy',
  'stuck',
  'full',
  'late',
  'lost',
  'abort',
  'exit',
  'wake',
  'stale',
  // Of the files' texts, in the order of `Disk.cut`, those are lost whose bit is set.
  'cut1',
  'cut2',
  'cut3',
  'cut4',
  'cut5',
  'cut6',
  'cut7',
] as const;
export type Mishap = (typeof mishaps)[number];

/** How many mishaps of each sort the explorer may still cause. */
export interface Budget {
  readonly kills: number;
  /** Refused calls, of whichever sort. */
  readonly refusals: number;
  readonly aborts: number;
  readonly exits: number;
  /** Reads, and links, that a network file system answers from its cache. */
  readonly stales: number;
  /** Power cuts. */
  readonly cuts: number;
  /** How often more time may pass than any grace. */
  readonly ticks: number;
}

export interface World {
  readonly disk: Disk;
  /** Bits, by an actor's index. */
  readonly dead: number;
  /** Whose lock was broken by force since it was last taken; bits. */
  readonly broken: number;
  readonly budget: Budget;
  /** The call that is refused for good, and to whom; `full`: whatever makes a file, to all; empty: none. */
  readonly stuck: string;
  /** A pid that is nobody's proves its writer dead: this machine sees all of them. */
  readonly seesAllPids?: boolean;
  /** What each actor has read last at the lock's names, if its file system has a cache: by actor and path. */
  readonly cache?: Readonly<Record<string, string>>;
  /** Other machines use the disk. */
  readonly isShared?: boolean;
}

export function keyOfWorld({ disk, dead, broken, budget, stuck, cache }: World): string {
  return `${Object.values(budget).join()} ${dead} ${broken} ${stuck} ${cacheKey(cache)}\n${disk.key()}`;
}

const cacheKey = (cache: World['cache']): string =>
  cache === undefined ? '' : JSON.stringify(Object.entries(cache).sort());

const ALIVE: Judgement = { verdict: 'alive', reason: 'the process is alive' };
const DEAD: Judgement = { verdict: 'dead', reason: 'the process is gone' };
const UNKNOWN: Judgement = { verdict: 'unknown', reason: 'a pid proves no life' };

function judge(world: World, record: HolderRecord): Judgement {
  return (world.dead & (1 << indexOf(record))) === 0 ? ALIVE : DEAD;
}

/** The pid of a program that ended long ago. */
export const ENDED_PID = 999;

function judgePid(world: World, pid: number): Judgement {
  const isGone = (world.dead & (1 << indexOf({ pid }))) !== 0;
  return pid === ENDED_PID || (isGone && world.seesAllPids === true) ? DEAD : UNKNOWN;
}

const stuckAs = (actor: number, call: ActorCall): string => `${actor} ${call.call} ${placeOf(call)}`;

export interface Outcome {
  readonly world: World;
  readonly answer: Answer;
}

/** The result of an actor's call, with this mishap or none; `undefined` if that is impossible. */
export function outcomeOf(
  world: World,
  actor: number,
  call: ActorCall,
  mishap?: Mishap,
): Outcome | undefined {
  switch (mishap) {
    case undefined:
      if (world.stuck === stuckAs(actor, call)) return { world, answer: { refusal: 'EBUSY' } };
      if (world.stuck === 'full' && call.call === 'create') return { world, answer: { refusal: 'ENOSPC' } };
      return act(world, call, actor);
    case 'kill': {
      const kills = world.budget.kills - 1;
      const dead = world.dead | (1 << actor);
      return kills < 0 ? undefined : { world: spend({ ...world, dead }, { kills }), answer: NONE };
    }
    case 'abort': {
      const aborts = world.budget.aborts - 1;
      return aborts < 0 || call.call !== 'pause'
        ? undefined
        : { world: spend(world, { aborts }), answer: { refusal: 'TIMEOUT' } };
    }
    case 'exit': {
      const exits = world.budget.exits - 1;
      return exits < 0 ? undefined : { world: spend(world, { exits }), answer: NONE };
    }
    case 'wake':
      return call.call === 'pause' ? { world, answer: { value: true } } : undefined;
    case 'stale':
      return fromCache(world, actor, call);
    case 'cut1':
    case 'cut2':
    case 'cut3':
    case 'cut4':
    case 'cut5':
    case 'cut6':
    case 'cut7':
      return undefined; // These befall the whole world: `cut`.
    case 'full':
    case 'refuse':
    case 'busy':
    case 'stuck':
    case 'late':
    case 'lost':
      return refuse(world, actor, call, mishap);
  }
}

const NONE: Answer = { value: undefined };

function spend(world: World, spent: Partial<Budget>): World {
  return { ...world, budget: { ...world.budget, ...spent } };
}

function act(world: World, call: ActorCall, actor: number): Outcome {
  if (isInstant(call))
    return call.call === 'hold'
      ? { world, answer: NONE }
      : { world: { ...world, dead: world.dead | (1 << actor) }, answer: NONE };
  if (call.call === 'judge') return { world, answer: { value: judge(world, call.record) } };
  if (call.call === 'judgePid') return { world, answer: { value: judgePid(world, call.pid) } };
  if (call.call === 'judgeLost')
    return { world, answer: { value: world.isShared === true ? UNKNOWN : DEAD } };
  if (call.call === 'pause' || call.call === 'backoff') return { world, answer: NONE };
  // WORLD-2: what only reads needs no copy.
  const disk = isReading(call) ? world.disk : world.disk.copy();
  try {
    const value = performOn(disk, call);
    const after = remembering(world, actor, call, value);
    if (disk === world.disk) return { world: after, answer: { value } };
    return { world: { ...after, disk: disk.normal() }, answer: { value } };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { world, answer: { refusal: error.code } };
  }
}

/** Calls that change something, and so can be made and yet reported as refused. */
const LOST: Readonly<Record<string, unknown>> = {
  link: 'exists',
  symlink: 'exists',
  mkdir: 'exists',
  rename: 'missing',
  unlink: false,
  rmdir: false,
};

function refuse(world: World, actor: number, call: ActorCall, mishap: Mishap): Outcome | undefined {
  const refusals = world.budget.refusals - 1;
  if (
    refusals < 0 ||
    ['judge', 'judgePid', 'judgeLost', 'pause', 'backoff', 'hold', 'die'].includes(call.call)
  )
    return undefined;
  const poorer = spend(world, { refusals });
  if (mishap === 'full')
    return call.call === 'create'
      ? { world: { ...poorer, stuck: mishap }, answer: { refusal: 'ENOSPC' } }
      : undefined;
  if (mishap === 'refuse') return { world: unfilled(poorer, call, actor), answer: { refusal: 'EIO' } };
  if (mishap === 'busy') return { world: unfilled(poorer, call, actor), answer: { refusal: 'EBUSY' } };
  if (mishap === 'stuck')
    return {
      world: { ...unfilled(poorer, call, actor), stuck: stuckAs(actor, call) },
      answer: { refusal: 'EBUSY' },
    };
  if (!(call.call in LOST)) return undefined;
  const done = act(poorer, call, actor);
  if ('refusal' in done.answer || done.world.disk.key() === world.disk.key()) return undefined;
  return {
    world: done.world,
    answer: mishap === 'late' ? { refusal: 'EIO' } : { value: LOST[call.call] },
  };
}

/** The real driver removes the file that it could not fill, before it throws. */
function unfilled(world: World, call: ActorCall, actor: number): World {
  return call.call === 'fill' ? act(world, { call: 'unlink', path: call.path }, actor).world : world;
}

/** The answer of a network file system that believes in what the actor read last; `undefined` if it is no other. */
function fromCache(world: World, actor: number, call: ActorCall): Outcome | undefined {
  const stales = world.budget.stales - 1;
  const path = call.call === 'read' ? call.path : call.call === 'link' ? call.from : undefined;
  const text = world.cache?.[`${String(actor)} ${path ?? ''}`];
  if (stales < 0 || path === undefined || text === undefined || world.disk.get(path)?.text === text)
    return undefined;
  const poorer = spend(world, { stales });
  if (call.call !== 'link') return { world: poorer, answer: { value: { is: 'file', text, isMarked: true } } };
  // By the file that it remembers, if that has a name still.
  const from = world.disk.paths().find((each) => world.disk.get(each)?.text === text);
  return from === undefined
    ? { world: poorer, answer: { value: 'missing' } }
    : act(poorer, { ...call, from }, actor);
}

/** What an actor remembers of the lock's names after a call. */
function remembering(world: World, actor: number, call: ActorCall, value: unknown): World {
  const path = 'path' in call ? call.path : 'to' in call ? call.to : '';
  if (world.cache === undefined || !/^\/L(\.evict)*$/.test(path)) return world;
  const key = `${String(actor)} ${path}`;
  const cache = Object.fromEntries(Object.entries(world.cache).filter(([name]) => name !== key));
  const isFile = call.call === 'read' && typeof value === 'object' && value !== null && 'text' in value;
  return { ...world, cache: isFile ? { ...cache, [key]: String(value.text) } : cache };
}

/** The power cut that a mishap is; `undefined` if it is another. */
export const isCut = (mishap: Mishap | undefined): boolean => mishap?.startsWith('cut') === true;

/** A power cut, by which all of `running` die, bits; `undefined` if there may be none. */
export function cut(world: World, mishap: Mishap, running: number): World | undefined {
  const cuts = world.budget.cuts - 1;
  if (cuts < 0 || running === 0) return undefined;
  const disk = world.disk.copy();
  disk.cut(Number(mishap.slice(-1)));
  return spend({ ...world, disk: disk.normal(), dead: world.dead | running }, { cuts });
}

/** Time passes, more than any grace; `undefined` if it may not, or nothing would be older for it. */
export function tick(world: World): World | undefined {
  const ticks = world.budget.ticks - 1;
  if (ticks < 0) return undefined;
  const disk = world.disk.copy();
  disk.tick();
  const normal = disk.normal();
  return normal.key() === world.disk.key() ? undefined : spend({ ...world, disk: normal }, { ticks });
}

const READING: ReadonlySet<string> = new Set(['read', 'readlink', 'list', 'sameFile', 'age']);

const isReading = (call: ActorCall): boolean => READING.has(call.call);

const isInstant = (call: ActorCall): call is Extract<ActorCall, { call: 'hold' | 'die' }> =>
  call.call === 'hold' || call.call === 'die';

/** The world when nothing more befalls anyone, and time passes as it does. A disk that is full stays so. */
export function atPeace(world: World): World {
  const budget: Budget = { kills: 0, refusals: 0, aborts: 0, exits: 0, cuts: 0, stales: 0, ticks: Infinity };
  return { ...world, budget, stuck: world.stuck === 'full' ? 'full' : '' };
}
