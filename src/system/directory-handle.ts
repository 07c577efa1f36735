/**
 * Ways into a directory whose own name may change hands: another user may put a link to somewhere else there between
 * two of our calls, and then `<name>/<file>` is a file of somebody else's.
 *
 * Rule HANDLE-1: what is done in a lock directory is done by way of a descriptor of it, opened without following a link.
 * Node has no openat(2) and its kin, but on Linux /proc leads through an open directory by the descriptor's number.
 *
 * Not promised: the same elsewhere. There the name is looked at right before, which leaves an instant open.
 */
import * as fs from 'node:fs';

const { O_DIRECTORY = 0, O_NOFOLLOW = 0 } = fs.constants as Partial<typeof fs.constants>;

/** As a place to go on from, and no more: asks for no permission to read. Node doesn't name it; asm-generic/fcntl.h. */
export const O_PATH = 0o10000000;

const DIRECTORY_FLAGS = O_PATH | O_DIRECTORY | O_NOFOLLOW;

/** Where the system leads on from a descriptor. */
const DESCRIPTORS = '/proc/self/fd';

let isSupported: boolean | undefined;

/** Can a path lead through a descriptor? Without /proc it can't. */
export function hasDescriptorPaths(): boolean {
  return (isSupported ??= process.platform === 'linux' && !isConfined() && existsQuietly(DESCRIPTORS));
}

/** Node's permission model goes by the path's text, and such a path is in no directory that it allows. */
function isConfined(): boolean {
  return (process as { readonly permission?: unknown }).permission !== undefined;
}

function existsQuietly(path: string): boolean {
  try {
    return fs.existsSync(path);
  } catch {
    return false; // Deno's permissions refuse the question itself.
  }
}

export const descriptorPath = (descriptor: number): string => `${DESCRIPTORS}/${descriptor}`;

/** Calls `work` with a way into `directory`; throws ENOTDIR if that is none, or a link to one. */
export function withDirectorySync<T>(directory: string, work: (way: string) => T): T {
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

export async function withDirectory<T>(directory: string, work: (way: string) => Promise<T>): Promise<T> {
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
  throw Object.assign(new Error('the name of a lock directory is none any more'), { code: 'ENOTDIR' });
}
