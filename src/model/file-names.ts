/** The names that a lock has on disk besides its own: all of them begin with it, or with `.holdfast-`. */
import type { Token } from './record.js';

/** Where a claim is written before it appears under the lock's name. */
export function privatePath(lock: string, token: Token): string {
  return `${lock}.${token}`;
}

/** The token at the end of a staged claim's name, or `undefined` if the name is not one. */
export function tokenOfPrivateFile(name: string): Token | undefined {
  return /\.([0-9a-f]{24})$/.exec(name)?.[1];
}

/**
 * Eight digits that stand for the lock in its beacons' names. Those must be short, since a socket's path is cut at 107
 * bytes, and must tell the lock, since only its holder may sweep them. Two locks of one directory whose digits are the
 * same, once in four thousand million, at worst leave a dead holder unproved. FNV-1a.
 */
export function lockDigits(lock: string): string {
  let hash = 0x811c9dc5;
  for (let at = lock.lastIndexOf('/') + 1; at < lock.length; at++)
    hash = Math.imul(hash ^ lock.charCodeAt(at), 0x01000193) >>> 0;
  return hash.toString(16).padStart(8, '0');
}

/** Where the holder of a claim listens, in the lock's directory. */
export function beaconPath(directory: string, digits: string, token: Token): string {
  return `${directory}/.holdfast-${digits}-${token}`;
}

/** The token in the name of a beacon of the lock with these digits, or `undefined` if the name is not one. */
export function tokenOfBeacon(name: string, digits: string): Token | undefined {
  const [, found, token] = /^\.holdfast-([0-9a-f]{8})-([0-9a-f]{24})$/.exec(name) ?? [];
  return found === digits ? token : undefined;
}

/** Where a claim stands in a lock directory: a name that no other claim ever has. */
export function claimIn(name: string, token: string): string {
  return `${name}/${token}`;
}

const EVICTION = '.evict';

/** The lock under which a name is recovered, given back or broken. */
export function evictionOf(name: string): string {
  return `${name}${EVICTION}`;
}

/** How many recoveries of `lock` stand one within the other at an eviction lock's path; 0 if it is not one of them. */
export function evictionDepth(path: string, lock: string): number {
  if (!path.startsWith(lock)) return 0;
  const depth = (path.length - lock.length) / EVICTION.length;
  return path === lock + EVICTION.repeat(Math.floor(depth)) ? depth : 0;
}

/** Where the record of a pid file's holder stands. */
export function recordBeside(path: string): string {
  return `${path}.holder`;
}
