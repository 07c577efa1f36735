/** The names that a lock has on disk besides its own. Each begins with the lock's name or with `.holdfast-`. */
import { fnv1a } from './hash.js';
import type { Token } from './record.js';

/** Has a name in a lock directory the form of a token? */
export function isToken(name: string): name is Token {
  return /^[0-9a-f]{24}$/.test(name);
}

/** The directory of a lock; empty for the root's. */
export function directoryOf(lock: string): string {
  return lock.replace(/[/\\][^/\\]*$/, '');
}

/** The private file of a claim: complete there before it appears under the lock's name. */
export function privatePath(lock: string, token: Token): string {
  return `${lock}.${token}`;
}

/** The token at the end of a private file's name, or `undefined` if the name is not one. */
export function tokenOfPrivateFile(name: string): Token | undefined {
  return /\.([0-9a-f]{24})$/.exec(name)?.[1];
}

/**
 * Eight hexadecimal digits that identify the lock in its beacons' names (an FNV-1a hash). A beacon's name must be
 * short, since a socket's path ends at 107 bytes, and must identify the lock, since only the lock's holder may sweep
 * it. Two locks of one directory have the same digits once in four billion; at worst, a dead holder is then not
 * recognized.
 */
export function lockDigits(lock: string): string {
  return fnv1a(lock.slice(lock.lastIndexOf('/') + 1))
    .toString(16)
    .padStart(8, '0');
}

/** The socket on which the holder of a claim listens, in the lock's directory. */
export function beaconPath(directory: string, digits: string, token: Token): string {
  return `${directory}/.holdfast-${digits}-${token}`;
}

/** The token in the name of a beacon of the lock with these digits, or `undefined` if the name is not one. */
export function tokenOfBeacon(name: string, digits: string): Token | undefined {
  const [, found, token] = /^\.holdfast-([0-9a-f]{8})-([0-9a-f]{24})$/.exec(name) ?? [];
  return found === digits ? token : undefined;
}

/** The path of a claim in a lock directory. No other claim ever has this path. */
export function claimIn(name: string, token: string): string {
  return `${name}/${token}`;
}

const EVICTION = '.evict';

/** The eviction lock of a name: the lock under which it is recovered, released or broken. */
export function evictionOf(name: string): string {
  return `${name}${EVICTION}`;
}

/** How many times `.evict` follows `lock` in a path; 0 if the path is not an eviction lock of `lock`. */
export function evictionDepth(path: string, lock: string): number {
  if (!path.startsWith(lock)) return 0;
  const depth = (path.length - lock.length) / EVICTION.length;
  return path === lock + EVICTION.repeat(Math.floor(depth)) ? depth : 0;
}

/** The path of the record that describes a pid file's holder. */
export function recordBeside(path: string): string {
  return `${path}.holder`;
}
