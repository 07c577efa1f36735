/** Contenders on a network file system, whose reads may show what the actor has read before (EVICT-8). */
import type { Kind } from '../../src/model/claim.js';
import type { Scenario } from './explorer.js';
import { shipped, type Protocols } from './programs.js';
import { contest, type Start } from './scenarios.js';

/** So many answers come from a cache. */
export function staleReads(
  of: readonly Kind[],
  start: Start,
  kills: number,
  stales: number,
  protocols: Protocols = shipped,
): Scenario {
  const { world, ...rest } = contest(of, start, kills, protocols);
  return {
    ...rest,
    name: `${rest.name}, ${String(stales)} stale answers`,
    world: { ...world, budget: { ...world.budget, stales }, cache: {} },
    mishaps: ['kill', 'stale'],
  };
}
