/** Mutants of the pid file's protocol. */
import type { Mutant } from './mutate.js';
import {
  pidContest,
  pidMeeting,
  pidOverwritten,
  pidRaid,
  pidReused,
  pidRobbery,
  pidTrouble,
} from './pid-scenarios.js';

const REFUSED = 'that fails once, possibly after it was done';

/** The mutants, by the rule that each lacks. */
export const pidMutants: Readonly<Record<string, Mutant>> = {
  'PID-1, both names are created under the eviction lock': {
    file: 'protocol/pid-lock.js',
    from: /yield\* withEvictionLock\(claim\.path, claim\.name, 1, \(\) => take\(claim\)\)/,
    to: '{ done: yield* take(claim) }',
    scenario: (protocols) => pidContest(2, 'ours', 0, protocols),
    law: /LAW-[12]/,
  },
  'PID-1, after a check under it': {
    file: 'protocol/pid-lock.js',
    from: /if \(seen !== undefined && seen\.judgement\.verdict !== 'dead'\)\s+return \{ taken: false, blocker: seen \};/,
    to: '',
    scenario: (protocols) => pidContest(2, 'free', 0, protocols),
    law: /LAW-[12]/,
  },
  'PID-2, the record appears first': {
    file: 'protocol/pid-lock.js',
    from: /if \(!\(yield\* linked\(name.privateFile, recordBeside\(path\)\)\)\)\s+return false;([^]*?)return yield\* linked\(secondName\(path, record\), path\);/,
    to: '$1 if (!(yield* linked(secondName(path, record), path))) return false; return yield* linked(name.privateFile, recordBeside(path));',
    scenario: (protocols) => pidContest(1, 'free', 1, protocols),
    law: /LAW-[45]/,
  },
  'PID-2, the record goes last': {
    file: 'protocol/pid-lock.js',
    from: /const content = yield\* read\(path\);\s+const ours = yield\* belongs\(path, content, record\);\s+if \(ours\)/,
    to: 'const content = yield* read(path); const ours = yield* belongs(path, content, record); yield* unlink(recordBeside(path)); if (ours)',
    scenario: (protocols) => pidContest(1, 'free', 1, protocols),
    law: /LAW-[45]/,
  },
  'PID-3, a record describes one file': {
    file: 'protocol/pid-file.js',
    from: /return yield\* sameFile\(path, secondName\(path, record\)\);/,
    to: 'return true;',
    scenario: (protocols) => pidReused(protocols),
    law: /LAW-[12]/,
  },
  'PID-3, with its own pid in it': {
    file: 'protocol/pid-file.js',
    from: / \|\| content\.text !== pidText\(record\)/,
    to: '',
    scenario: (protocols) => pidOverwritten(protocols),
    law: /LAW-[12]/,
  },
  'PID-4, another program’s pid file is left alone': {
    file: 'protocol/pid-file.js',
    from: /judgement: yield\* judgePid\(pid, path\)/,
    to: "judgement: { verdict: 'dead' }",
    scenario: (protocols) => pidMeeting(1, protocols),
    law: /LAW-[12]/,
  },
  'RELEASE-2, a forced break removes the pid file that it read': {
    file: 'protocol/pid-lock.js',
    from: /if \(!isSame\(now\?\.found, seen\.found\)\)\s+return undefined;/,
    to: '',
    scenario: (protocols) => pidRobbery(2, 'free', 0, protocols),
    law: /LAW-[123]/,
  },
  'ACQUIRE-2, nor after a failed call at a pid file’s names': {
    file: 'protocol/pid-lock.js',
    from: /yield\* ignoreErrors\(abandonPid\(claim\)\);/,
    to: '',
    scenario: (protocols) => pidTrouble(1, 'ours', REFUSED, protocols),
    law: /LAW-4/,
  },
  'EVICT-6, under the eviction lock': {
    file: 'protocol/pid-lock.js',
    from: /yield\* ignoreErrors\(withdraw\(claim\)\);/,
    to: '',
    scenario: (protocols) => pidTrouble(2, 'ours', REFUSED, protocols),
    law: /LAW-[45]/,
  },
  'EVICT-7, an eviction lock is not released twice': {
    file: 'protocol/contend.js',
    from: /\(\) => removeEvictionLock\(eviction, claim\), (?:\/\/ EVICT-7)?\s*\(\) => retract\(eviction, claim\)/,
    to: '() => removeEvictionLock(eviction, claim)',
    scenario: (protocols) => pidRaid('free', REFUSED, protocols),
    law: /LAW-[123]/,
  },
};
