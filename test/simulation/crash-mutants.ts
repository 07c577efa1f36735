/** Mutants of what the protocols do about locks without a text, and about stale reads. */
import { onItsWay, pidEmptied, pidPowerCut, pidWrittenSince, powerCut } from './crash-scenarios.js';
import type { Mutant } from './mutate.js';
import { meeting } from './scenarios.js';
import { staleReads } from './stale-scenarios.js';

/** By the rule that it lacks. */
export const crashMutants: Readonly<Record<string, Mutant>> = {
  'CRASH-1, a marked file without its text is a dead holder’s': {
    file: 'protocol/inspect.js',
    from: /if \(isLost\(content\)\)\s+return \{ kind: 'lost' \};/,
    to: '',
    scenario: (protocols) => powerCut(['link', 'link'], 'free', 0, protocols),
    law: /LAW-[45]/,
  },
  'CRASH-1, also in a directory': {
    file: 'protocol/inspect.js',
    from: /if \(isLost\(content\) && isToken\(each\)\)\s+lost\.push\(each\);/,
    to: '',
    scenario: (protocols) => powerCut(['mkdir', 'link'], 'free', 0, protocols),
    law: /LAW-[45]/,
  },
  'CRASH-2, an unmarked one is another program’s lock': {
    file: 'model/mark.js',
    from: /return content\.is === 'file' && content\.isMarked === true;/,
    to: "return content.is === 'file';",
    scenario: (protocols) => meeting(['link'], 'pylockfile link', protocols),
    law: /LAW-[12]/,
  },
  'CRASH-3, on a disk that machines share it proves nothing': {
    file: 'protocol/inspect.js',
    from: /return yield\* judgeLost\(name\);\s+let judgement/,
    to: "return { verdict: 'dead', reason: '' }; let judgement",
    scenario: (protocols) => onItsWay('link', protocols),
    law: /LAW-[12]/,
  },
  'CRASH-5, a record without its text describes an erased pid file': {
    file: 'protocol/pid-file.js',
    from: /if \(isErased\(content\)\)\s+return true;/,
    to: '',
    scenario: (protocols) => pidPowerCut(2, 'free', 0, protocols),
    law: /LAW-[45]/,
  },
  'CRASH-5, and one that was written right after it': {
    file: 'protocol/pid-file.js',
    from: /return ms >= 0 && ms < TOGETHER_MS;/,
    to: 'return false;',
    scenario: (protocols) => pidPowerCut(2, 'free', 0, protocols),
    law: /LAW-[45]/,
  },
  'CRASH-5, but none that was written later': {
    file: 'protocol/pid-file.js',
    from: /return ms >= 0 && ms < TOGETHER_MS;/,
    to: 'return true;',
    scenario: (protocols) => pidWrittenSince(protocols),
    law: /LAW-[12]/,
  },
  'CRASH-5, and a record that has its text decides': {
    file: 'protocol/pid-file.js',
    from: /isErased\(content\) \? \{ is: 'file', text: pidText\(record\) \} : content/,
    to: 'content',
    scenario: (protocols) => pidEmptied(protocols),
    law: /LAW-[12]/,
  },
  'EVICT-8, who removes a lock has removed the private file': {
    file: 'protocol/contend.js',
    from: /!\(yield\* obtainRight\(name, found, claim\.lock\)\)\)\s+return;/,
    to: '(yield* unlink(`${claim.lock}.${found.record.token}`), false)) return;',
    scenario: (protocols) => staleReads(['link', 'link'], 'link', 0, 1, protocols),
    law: /LAW-[12]/,
  },
};
