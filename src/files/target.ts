/**
 * The file that a path leads to, which is the one to replace.
 *
 * Rule TARGET-1: A symbolic link is followed, also a dangling one: the file that it names is created, as by
 * `fs.writeFile`. To replace the link would detach a file from where its user has put it.
 *
 * The caller holds the lock of the path. Not promised: that a link is not changed meanwhile.
 */
import { readlinkSync, realpathSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join } from 'node:path';

/** As in Linux. */
const MAX_LINKS = 40;

/** Throws only for a link into a directory that doesn't exist. */
export async function resolveTarget(path: string): Promise<string> {
  return await realpath(path).catch(() => followLinks(path));
}

/** The synchronous form of `resolveTarget`. */
export function resolveTargetSync(path: string): string {
  return attempt(() => realpathSync.native(path)) ?? followLinks(path);
}

/** Follows the links of a path that has no file at its end. They are rare, so the asynchronous form calls it too. */
function followLinks(path: string): string {
  let name = path;
  for (let links = 0; links < MAX_LINKS; links++) {
    const target = attempt(() => readlinkSync(name));
    if (target === undefined) return name;
    // Not `path.resolve`, which takes `..` for the directory that a name stands in, even after a link.
    const next = isAbsolute(target) ? target : `${dirname(name)}/${target}`;
    const directory = attempt(() => realpathSync.native(dirname(next)));
    if (directory === undefined) throw danglingDirectory(path, dirname(next));
    name = join(directory, basename(next));
  }
  return path; // A loop: the call that opens it says so.
}

function danglingDirectory(path: string, directory: string): Error {
  const message = `${path} is a symbolic link into ${directory}, which does not exist; create it first (ENOENT)`;
  return Object.assign(new Error(message), { code: 'ENOENT', path });
}

/** Returns the result of a call, or `undefined` if it throws. */
export function attempt<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch {
    return undefined;
  }
}
