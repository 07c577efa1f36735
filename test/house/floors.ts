/**
 * The floors of `src/`, from the bottom to the top. A folder is a room; rooms on one floor don't know each other.
 *
 * Only folders are listed, so a new file needs no entry: its folder says where it belongs. Files directly in `src/`
 * are the entry points of the package, above all folders. `floor-rules.ts` has the rules that follow.
 */
export type Floors = readonly (readonly string[])[];

export const floors: Floors = [
  ['model'],
  ['protocol', 'system'],
  ['driver'],
  ['lock'],
  ['files', 'sqlite'],
  ['zc', 'command', 'contract'],
];

/** Folders without input, output or time: pure data, and the protocols that are explored. */
export const pureFolders: readonly string[] = ['model', 'protocol'];

/** The folder of a file, by its name relative to `src/`; empty for an entry point. */
export function folderOf(name: string): string {
  return name.slice(0, Math.max(0, name.lastIndexOf('/')));
}
