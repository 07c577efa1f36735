/** The laws. Each is a row of the table of what callers may rely on, and holds in every form. */
import { acquireLaws } from './contract-acquire-laws.js';
import { contenderLaws } from './contract-contender-laws.js';
import { holderLaws } from './contract-holder-laws.js';
import type { Law } from './contract-law.js';

export const laws: readonly Law[] = [...acquireLaws, ...holderLaws, ...contenderLaws];
