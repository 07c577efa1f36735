/**
 * Creates mutants of the protocols that ship, and runs them: in the explorer, or in a test of real processes.
 *
 * Rule: The replaced text occurs in the compiled file exactly once, so that every mutant differs from what ships.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { pureFolders } from '../house/floors.js';
import { projectDirectory } from '../support/paths.js';
import type { Scenario } from './explorer.js';
import type { Protocols } from './programs.js';

/** What is replaced in which compiled file. */
export interface Change {
  readonly file: string;
  readonly from: RegExp;
  readonly to: string;
}

export interface Mutant extends Change {
  /** Where it dies, and by which law. */
  readonly scenario: (protocols: Protocols) => Scenario;
  readonly law: RegExp;
}

/** A mutant of a rule for which the simulated world has no law. */
export interface RealMutant extends Change {
  /** Where it dies: a compiled test, and the name of the one that fails. */
  readonly test: string;
  readonly name: string;
}

const compiled = join(projectDirectory, 'dist');

function change({ file, from, to }: Change, directory: string): void {
  const text = readFileSync(join(compiled, 'src', file), 'utf8');
  const count = text.match(new RegExp(from, 'g'))?.length ?? 0;
  if (count !== 1) throw new Error(`${String(from)} occurs ${count} times in ${file}`);
  writeFileSync(join(directory, file), text.replace(from, to));
}

/** The protocols without one rule, in a directory of their own. */
export async function mutate(mutant: Change, directory: string): Promise<Protocols> {
  for (const folder of pureFolders)
    cpSync(join(compiled, 'src', folder), join(directory, folder), { recursive: true });
  writeFileSync(join(directory, 'package.json'), '{ "type": "module" }');
  change(mutant, directory);
  const parts: unknown[] = [];
  for (const name of ['acquire', 'release', 'sweep', 'pid-lock'])
    parts.push(await import(pathToFileURL(join(directory, `protocol/${name}.js`)).href));
  return Object.assign({}, ...parts) as Protocols;
}

/** Runs a test of the suite on a package without one rule; returns its output. */
export function runReal(mutant: RealMutant, directory: string): string {
  for (const part of ['src', 'test'])
    cpSync(join(compiled, part), join(directory, 'dist', part), { recursive: true });
  copyFileSync(join(projectDirectory, 'package.json'), join(directory, 'package.json'));
  symlinkSync(join(projectDirectory, 'node_modules'), join(directory, 'node_modules'));
  change(mutant, join(directory, 'dist/src'));
  const mocha = join(projectDirectory, 'node_modules/mocha/bin/mocha.js');
  const options = ['--no-config', '--no-package', '--reporter', 'dot', '--require', './dist/test/hooks.js'];
  const { stdout } = spawnSync(
    process.execPath,
    [mocha, ...options, join('dist/test', mutant.test), '--fgrep', mutant.name],
    { cwd: directory, encoding: 'utf8', timeout: 50_000 },
  );
  return stdout;
}
