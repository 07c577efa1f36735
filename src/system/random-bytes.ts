/**
 * Random bytes from the system, without loading `node:crypto`: that takes 3 ms, half of what the first lock of a process
 * takes, and most programs that take a lock need it for nothing else.
 *
 * Rule RANDOM-1: bytes are taken from `/dev/urandom` only if it is a device that delivers all of them. In a chroot it may
 * be missing, or be a file that somebody made. Everywhere else they come from `node:crypto`.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

export function randomBytes(count: number): Buffer {
  const bytes = Buffer.alloc(count);
  return readDevice(bytes) ? bytes : process.getBuiltinModule('node:crypto').randomFillSync(bytes);
}

function readDevice(bytes: Buffer): boolean {
  if (process.platform === 'win32') return false;
  try {
    const device = openSync('/dev/urandom', 'r');
    try {
      return fstatSync(device).isCharacterDevice() && readSync(device, bytes) === bytes.length;
    } finally {
      closeSync(device);
    }
  } catch {
    return false;
  }
}
