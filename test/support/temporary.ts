/**
 * Directories for tests, which prove that nothing is left behind in them.
 *
 * Rule: when a test ends, its directory holds what the test said with `expect`, and nothing else. A directory
 * made outside a test (in a `before` hook) is looked at once, after the whole suite.
 *
 * Not promised: a test that failed is not also blamed for what it left.
 */
import { mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';

/** Memory rather than a disk, where the system has it: `temporaryDirectory(memoryFilesystem)`. */
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
    // Real, because a lock's path is compared with ours, and a system's temporary directory may be a link.
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
   * Names that may remain, relative to this directory, each present or not. `'data/'` with its slash stands for
   * everything below it; `'data'` only for the directory itself.
   */
  expect(...names: string[]): this {
    this.#expected.push(...names);
    return this;
  }

  /** What is in the directory though nobody expected it. */
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

/** A fresh, empty directory; `HOLDFAST_TEST_DIR` says where, else the system's temporary directory. */
export function temporaryDirectory(base = process.env['HOLDFAST_TEST_DIR'] ?? tmpdir()): TemporaryDirectory {
  return new TemporaryDirectory(base);
}

export function testBegins(): void {
  testRunning = true;
}

/** Removes the directories of the test that ended; says what was left in them. */
export function testEnds(): string[] {
  testRunning = false;
  return clear([...standing].filter((directory) => directory.madeInTest));
}

/** Removes every directory; says what was left in them, and which directories of ours outlived them. */
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
