/**
 * Other programs that tests run if the machine has them. `.ci/run` installs them where it can; a test that lacks one is
 * reported as skipped.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { projectDirectory } from './paths.js';

/** A Node that has `node:sqlite`: this one, `HOLDFAST_NEWER_NODE`, or the one that `.ci/run` fetched. */
export function newerNode(): string | undefined {
  const candidates = [
    process.env['HOLDFAST_NEWER_NODE'],
    join(projectDirectory, '.peers/node_modules/node/bin/node'),
    process.execPath,
  ];
  return candidates.find((node) => {
    if (node === undefined || !existsSync(node)) return false;
    const script = "process.exit(process.getBuiltinModule?.('node:sqlite') === undefined ? 1 : 0)";
    return spawnSync(node, ['--no-warnings', '-e', script]).status === 0;
  });
}

/** Debian's Python, if it can import a module. */
export function pythonWith(module: string): string | undefined {
  const python = '/usr/bin/python3';
  return existsSync(python) && spawnSync(python, ['-c', `import ${module}`]).status === 0
    ? python
    : undefined;
}

/** A command that is on the PATH. */
export function command(name: string): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(':')
    .map((directory) => join(directory, name))
    .find((path) => existsSync(path));
}
