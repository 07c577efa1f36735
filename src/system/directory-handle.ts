/**
 * A handle on a directory whose name may be replaced: between two of our calls another user may put a symbolic link
 * there, and `<name>/<file>` would then be someone else's file.
 *
 * Rule HANDLE-1: Calls inside a lock directory go through a descriptor of that directory, opened without following a
 * link. Node has no openat(2), but on Linux `/proc/self/fd/<descriptor>/<file>` does the same.
 *
 * Not promised: the same on other systems. There the name is checked right before the call, which leaves a gap.
 */
import * as fs from 'node:fs';

const { O_DIRECTORY = 0, O_NOFOLLOW = 0 } = fs.constants as Partial<typeof fs.constants>;

/** Opens a file without permission to read it: asm-generic/fcntl.h. Node lacks this constant. */
export const O_PATH = 0o10000000;

const DIRECTORY_FLAGS = O_PATH | O_DIRECTORY | O_NOFOLLOW;

/** The directory in which Linux shows a process its open descriptors. */
const DESCRIPTORS = '/proc/self/fd';

let isSupported: boolean | undefined;

/** Can a path go through a descriptor? Only with /proc. */
export function hasDescriptorPaths(): boolean {
  return (isSupported ??= process.platform === 'linux' && !isConfined() && existsQuietly(DESCRIPTORS));
}

/** Node's permission model checks the path's text, and allows no path of this form. */
function isConfined(): boolean {
  return (process as { readonly permission?: unknown }).permission !== undefined;
}

function existsQuietly(path: string): boolean {
  try {
    return fs.existsSync(path);
  } catch {
    return false; // Deno's permissions may refuse even `existsSync`.
  }
}

export const descriptorPath = (descriptor: number): string => `${DESCRIPTORS}/${descriptor}`;

/**
 * Calls `work` with a path that always leads to this very directory. Throws ENOTDIR if `directory` isn't a directory,
 * or is a link to one.
 */
export function withDirectorySync<T>(directory: string, work: (path: string) => T): T {
  if (!hasDescriptorPaths()) {
    refuseNonDirectory(fs.lstatSync(directory));
    return work(directory);
  }
  const descriptor = fs.openSync(directory, DIRECTORY_FLAGS);
  try {
    return work(descriptorPath(descriptor));
  } finally {
    fs.closeSync(descriptor);
  }
}

export async function withDirectory<T>(directory: string, work: (path: string) => Promise<T>): Promise<T> {
  if (!hasDescriptorPaths()) {
    refuseNonDirectory(await fs.promises.lstat(directory));
    return await work(directory);
  }
  const file = await fs.promises.open(directory, DIRECTORY_FLAGS);
  try {
    return await work(descriptorPath(file.fd));
  } finally {
    await file.close();
  }
}

function refuseNonDirectory(stats: fs.Stats): void {
  if (stats.isDirectory()) return;
  const message = 'the lock directory has been replaced by something that is not a directory';
  throw Object.assign(new Error(message), { code: 'ENOTDIR' });
}
