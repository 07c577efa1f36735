/**
 * Is a directory on a disk that only one running kernel writes at a time?
 *
 * Rule DISK-1: Yes, only if the system says so. A network filesystem, a hypervisor's shared folder and FUSE pass the
 * calls on to another program or machine.
 *
 * Not promised: that no other machine reaches the same disk over the network *through* this one. So both sides must see
 * a local disk: a holder that came over the network didn't, and its record lacks the field `local`.
 */
import { realpathSync, statSync, statfsSync } from 'node:fs';
import { present } from './proc.js';

/**
 * The types, from statfs(2), of filesystems that only the mounting kernel writes; from linux/magic.h and the kernel's
 * sources. Cluster filesystems, which several machines mount at once (OCFS2, GFS2), are left out on purpose.
 */
const LOCAL_TYPES: ReadonlySet<number> = new Set([
  0xef53, // ext2, ext3, ext4
  0x58465342, // xfs
  0x9123683e, // btrfs
  0xf2f52010, // f2fs
  0x2fc12fc1, // zfs
  0xca451a4e, // bcachefs
  0x01021994, // tmpfs
  0x858458f6, // ramfs
  0x794c7630, // overlayfs
  0x3153464a, // jfs
  0x52654973, // reiserfs
  0x4d44, // vfat
  0x2011bab0, // exfat
  0x7366746e, // ntfs3
]);

/** Those that keep their files in memory. */
const VOLATILE_TYPES: ReadonlySet<number> = new Set([0x01021994, 0x858458f6]);

/** The check for each platform; no entry means that it can't be determined. */
const CHECKS: { readonly [platform in NodeJS.Platform]?: (path: string) => boolean } = {
  linux: (path) => LOCAL_TYPES.has(statfsSync(path).type),
  // The numbers depend on the order in which filesystems are loaded, so only the root's is known: APFS.
  darwin: (path) => statfsSync(path).type === statfsSync('/').type,
  // No types here. If a drive letter stands for a network share, the real path begins with two backslashes.
  win32: (path) => /^[a-z]:/i.test(realpathSync.native(path)),
};

export function isLocalDisk(path: string, platform: NodeJS.Platform = process.platform): boolean | undefined {
  return present(() => CHECKS[platform]?.(path));
}

/** Is a directory on a filesystem that loses its files when its kernel ends: tmpfs, ramfs? */
export function isVolatileDisk(path: string): boolean {
  return process.platform === 'linux' && present(() => VOLATILE_TYPES.has(statfsSync(path).type)) === true;
}

/**
 * The number of the device that a directory is on: the same through every mount of one filesystem, and another through
 * an overlay than in its upper directory. `undefined` if it can't be determined.
 */
export function deviceOf(path: string): number | undefined {
  return present(() => statSync(path).dev);
}
