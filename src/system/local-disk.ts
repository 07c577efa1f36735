/**
 * Is a directory on a disk that only one running kernel writes at a time?
 *
 * Rule DISK-1: yes only where the system says so. A network's file system, a hypervisor's shared folder and FUSE pass
 * calls on to somebody else, whose kernel is another.
 *
 * Not promised: that nobody else reaches this very disk over the network *through* this machine. So it is asked on
 * both sides: a holder that came over the network saw no local disk, and its record doesn't say that it did.
 */
import { realpathSync, statfsSync } from 'node:fs';
import { present } from './proc.js';

/**
 * What statfs(2) says of those that only the kernel that mounted them writes; from linux/magic.h and the sources. Not
 * here, besides the above: what several machines may mount at once (OCFS2, GFS2).
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

/** How each platform tells; `undefined` where it can't be told. */
const CHECKS: { readonly [platform in NodeJS.Platform]?: (path: string) => boolean } = {
  linux: (path) => LOCAL_TYPES.has(statfsSync(path).type),
  // The numbers are given out as file systems are loaded, so only the root's own is known to be a disk's: APFS.
  darwin: (path) => statfsSync(path).type === statfsSync('/').type,
  // Has no types. The real name of what a letter stands for that was given to a share begins with two backslashes.
  win32: (path) => /^[a-z]:/i.test(realpathSync.native(path)),
};

export function isLocalDisk(path: string, platform: NodeJS.Platform = process.platform): boolean | undefined {
  return present(() => CHECKS[platform]?.(path));
}
