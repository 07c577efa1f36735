/** The project's directories, seen from the compiled tests in `dist/test/support`. */
import { readdirSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

export const projectDirectory = fileURLToPath(new URL('../../../', import.meta.url));
export const sourceDirectory = join(projectDirectory, 'src');

/** The TypeScript files of `src/`, relative to it, with forward slashes. */
export function sourceFiles(): string[] {
  return readdirSync(sourceDirectory, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => name.replaceAll(sep, '/'))
    .sort();
}
