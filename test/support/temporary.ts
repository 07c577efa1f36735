/**
 * Directories for tests, which check that nothing is left behind in them.
 *
 * Rule: when a test ends, its directory contains only what the test announced with `expect`. A directory that was made
 * outside a test (in a `before` hook) is checked once, after the whole suite.
 *
 * Leftovers of a test that failed are not reported.
 */
import { mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';

/** A file system in memory, if the system has one: `temporaryDirectory(memoryFilesystem)`. */
export const memoryFilesystem = '/dev/shm';

const prefix = `holdfast-test-${process.pid}-`;
const standing = new Set<TemporaryDirectory>();
const bases = new Set<string>();
let testRunning = false;

export class TemporaryDirectory {
  readonly path: string;
  readonly #madeInTest = testRunning;
  readonly #expected: string[] = [];

  constructor(base: string) {
    // The real path, because tests compare it with a lock's path, and the temporary directory may be a symbolic link.
    const realBase = realpathSync(base);
    this.path = mkdtempSync(join(realBase, prefix));
    bases.add(realBase);
    standing.add(this);
  }

  get madeInTest(): boolean {
    return this.#madeInTest;
  }

  /** The path of `name` inside this directory. */
  join(...names: string[]): string {
    return join(this.path, ...names);
  }

  /**
   * Names that may remain, relative to this directory. `'data/'` stands for everything below it, `'data'` only for the
   * directory itself.
   */
  expect(...names: string[]): this {
    this.#expected.push(...names);
    return this;
  }

  /** The names in the directory that nobody expected. */
  leftovers(): string[] {
    return readdirSync(this.path, { recursive: true, withFileTypes: true })
      .map((entry) => relative(this.path, join(entry.parentPath, entry.name)).split(sep).join('/'))
      .filter((name) => !this.#expected.some((expected) => covers(expected, name)))
      .sort();
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true, maxRetries: 3 });
    standing.delete(this);
  }
}

function covers(expected: string, name: string): boolean {
  return expected.endsWith('/') ? `${name}/`.startsWith(expected) : name === expected;
}

/** A new, empty directory in `HOLDFAST_TEST_DIR`, or else in the system's temporary directory. */
export function temporaryDirectory(base = process.env['HOLDFAST_TEST_DIR'] ?? tmpdir()): TemporaryDirectory {
  return new TemporaryDirectory(base);
}

export function testBegins(): void {
  testRunning = true;
}

/** Removes the directories of the test that ended, and returns the names that were left in them. */
export function testEnds(): string[] {
  testRunning = false;
  return clear([...standing].filter((directory) => directory.madeInTest));
}

/** Removes every directory, and returns what was left in them and which other directories of ours remain. */
export function suiteEnds(): string[] {
  const left = clear([...standing]);
  for (const base of bases) {
    for (const name of readdirSync(base)) {
      if (name.startsWith(prefix)) left.push(`the directory ${join(base, name)}`);
    }
  }
  return left;
}

function clear(directories: readonly TemporaryDirectory[]): string[] {
  const left: string[] = [];
  for (const directory of directories) {
    left.push(...directory.leftovers());
    directory.remove();
  }
  return left;
}
