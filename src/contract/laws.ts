/** The laws. Each is a row of the table of what callers may rely on, and holds in every form. */
import { acquireLaws } from './acquire-laws.js';
import { contenderLaws } from './contender-laws.js';
import { holderLaws } from './holder-laws.js';
import type { Law } from './law.js';

export const laws: readonly Law[] = [...acquireLaws, ...holderLaws, ...contenderLaws];
