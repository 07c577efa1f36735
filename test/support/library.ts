/**
 * `lib/`, the bundles that users load, for the tests that import the package by its name. `npm test` builds it; after
 * a mere `tsc` it is missing, or older than what was changed.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { projectDirectory, sourceDirectory } from './paths.js';

const script = join(projectDirectory, 'scripts/build-library.js');

/** Where mutants are tested there are no sources, and nothing imports the package by its name. */
export function buildLibraryIfStale(): void {
  if (!existsSync(sourceDirectory) || !isStale()) return;
  const { status, stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`lib/ could not be built:\n${stderr}`);
}

function isStale(): boolean {
  const built = statSync(join(projectDirectory, 'lib/index.js'), { throwIfNoEntry: false });
  const sources = readdirSync(sourceDirectory, { recursive: true, encoding: 'utf8' });
  const ingredients = [script, ...sources.map((name) => join(sourceDirectory, name))];
  return built === undefined || ingredients.some((path) => statSync(path).mtimeMs > built.mtimeMs);
}
