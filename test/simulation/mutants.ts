/**
 * Mutants of the protocols that ship: each lacks one rule, and some exploration must fail for it.
 *
 * Rule: the text that is replaced stands in the compiled file exactly once, so that no mutant is what ships.
 */
import { copyFileSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { projectDirectory } from '../support/paths.js';
import type { Scenario } from './explorer.js';
import type { Protocols } from './programs.js';
import { contest, leaving, orphanAnd, refused, refusedRaid, robbery } from './scenarios.js';

export interface Mutant {
  readonly file: string;
  readonly from: RegExp;
  readonly to: string;
  /** Where it dies, and by which law. */
  readonly scenario: (protocols: Protocols) => Scenario;
  readonly law: RegExp;
}

/** By the rule that it lacks. */
export const mutants: Readonly<Record<string, Mutant>> = {
  'C1, a removal needs the eviction lock': {
    file: 'contend.js',
    from: /yield\* attempt\(eviction, claim, depth\)/,
    to: '({ taken: true })',
    scenario: (protocols) => contest(['link', 'link'], 'link', 0, protocols),
    law: /L[12]/,
  },
  'C2, and a second look': {
    file: 'contend.js',
    from: /if \(!isSame\(yield\* look\(name\), found\)\)\s+return; \/\/ C2/,
    to: '',
    scenario: (protocols) => contest(['link', 'link'], 'link', 0, protocols),
    law: /L[12]/,
  },
  'C3, the eviction lock of the dead is recovered': {
    file: 'contend.js',
    from: /if \(blocker\.judgement\.verdict !== 'dead'\)/,
    to: "if (depth > 0 || blocker.judgement.verdict !== 'dead')",
    scenario: (protocols) => contest(['link', 'link'], 'link', 1, protocols),
    law: /L[45]/,
  },
  'C4, only the dead are removed': {
    file: 'contend.js',
    from: /if \(blocker\.judgement\.verdict !== 'dead'\)\s+break; \/\/ C4/,
    to: '',
    scenario: (protocols) => contest(['link', 'link'], 'free', 0, protocols),
    law: /L[12]/,
  },
  'C4, of an orphan the age is told again under the eviction lock': {
    file: 'contend.js',
    from: /if \(found\.kind === 'empty' && !\(yield\* isOrphan\(name, claim\)\)\)\s+return;/,
    to: '',
    scenario: (protocols) => orphanAnd(['link', 'link'], 'proper-lockfile', protocols),
    law: /L[12]/,
  },
  'C5, a name that is our claim is ours': {
    file: 'contend.js',
    from: /if \(isClaim\(found, claim\)\)\s+return took\(previous\);/,
    to: '',
    scenario: (protocols) => refused(['link'], 'free', 'whose reply is lost', protocols),
    law: /L5/,
  },
  'C5, also when it was made and yet refused': {
    file: 'acquire.js',
    from: /if \(yield\* isTaken\(claim\)\)\s+return \{ taken: true \};/,
    to: '',
    scenario: (protocols) =>
      refused(['link', 'link'], 'free', 'refused once, or made and yet refused', protocols),
    law: /L[45]/,
  },
  'C6, what a refused call may have done is undone': {
    file: 'contend.js',
    from: /yield\* atLast\(\(\) => retract\(eviction, claim\)\);/,
    to: '',
    scenario: (protocols) => refusedRaid('link', 'link', 'refused once, or made and yet refused', protocols),
    law: /L[45]/,
  },
  'C7, work under an eviction lock stays done': {
    file: 'contend.js',
    from: /yield\* atLast\(\(\) => leave\(eviction, claim\)\);/,
    to: 'yield* leave(eviction, claim);',
    scenario: (protocols) => refused(['link'], 'free', 'refused once, or made and yet refused', protocols),
    law: /L3/,
  },
  'D2, held only if alone': {
    file: 'directory.js',
    from: /alone = names\?\.length === 1 && names\[0\] === token;/,
    to: 'alone = true;',
    scenario: (protocols) => contest(['mkdir', 'mkdir'], 'free', 0, protocols),
    law: /L[12]/,
  },
  'A1, nothing is on disk at a pause': {
    file: 'acquire.js',
    from: /if \(!outcome\.taken\)\s+yield\* discard\(claim\);/,
    to: '',
    scenario: (protocols) => leaving(['link', 'link'], 'free', 'abort', protocols),
    law: /L[46]/,
  },
  'A2, nor after an attempt that failed': {
    file: 'acquire.js',
    from: /yield\* quietly\(abandon\(claim\)\);/,
    to: '',
    scenario: (protocols) => refused(['link'], 'link', 'refused once, or made and yet refused', protocols),
    law: /L4/,
  },
  'R1, a release looks again': {
    file: 'release.js',
    from: /const ours = yield\* isStillOurs\(claim\);/,
    to: 'const ours = true;',
    scenario: (protocols) => robbery(['link', 'link'], 'link', 0, protocols),
    law: /L[123]/,
  },
  'S1, every eviction lock is swept': {
    file: 'sweep.js',
    from: /if \(token === undefined\)\s+yield\* sweepEviction\(path, claim\);/,
    to: 'if (token === undefined) { if (evictionDepth(path, claim.lock) === 1) yield* sweepEviction(path, claim); }',
    scenario: (protocols) => contest(['link', 'link'], 'free', 2, protocols),
    law: /L4/,
  },
};

/** The protocols without one rule, in a directory of their own. */
export async function mutate({ file, from, to }: Mutant, directory: string): Promise<Protocols> {
  const source = join(projectDirectory, 'dist/src');
  for (const name of readdirSync(source)) {
    if (name.endsWith('.js')) copyFileSync(join(source, name), join(directory, name));
  }
  writeFileSync(join(directory, 'package.json'), '{ "type": "module" }');
  const text = readFileSync(join(source, file), 'utf8');
  const count = text.match(new RegExp(from, 'g'))?.length ?? 0;
  if (count !== 1) throw new Error(`${String(from)} stands ${count} times in ${file}`);
  writeFileSync(join(directory, file), text.replace(from, to));
  const parts: unknown[] = [];
  for (const name of ['acquire', 'release', 'sweep'])
    parts.push(await import(pathToFileURL(join(directory, `${name}.js`)).href));
  return Object.assign({}, ...parts) as Protocols;
}
