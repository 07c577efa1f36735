/** All laws. Each applies in every form, unless it says otherwise. */
import { acquireLaws } from './acquire-laws.js';
import { contenderLaws } from './contender-laws.js';
import { holderLaws } from './holder-laws.js';
import type { Law } from './law.js';

export const laws: readonly Law[] = [...acquireLaws, ...holderLaws, ...contenderLaws];
