/**
 * A file system of its own in a file, whose power can be cut: names that were committed stay, texts that were not
 * written back are gone.
 *
 * ext4 and XFS are shut down by `FS_IOC_SHUTDOWN`, without a last write of their log. btrfs has no such call in most
 * kernels: it is mounted again from a copy that was made of its disk while it was mounted, which is what a disk holds
 * that loses its power.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, copyFileSync, fsyncSync, mkdirSync, openSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const fileSystems = ['ext4', 'xfs', 'btrfs'] as const;
export type FileSystem = (typeof fileSystems)[number];

const MEGABYTES: Readonly<Record<FileSystem, number>> = { ext4: 32, xfs: 320, btrfs: 128 };

/** Without the last write of the log: what was committed before is all that is kept. */
const SHUTDOWN = `
import fcntl, os, struct, sys
fcntl.ioctl(os.open(sys.argv[1], os.O_RDONLY), 0x8004587d, struct.pack('I', 2))`;

const succeeds = (command: string, ...args: string[]): boolean => spawnSync(command, args).status === 0;

/** What is missing to cut the power of such a file system; `undefined` if nothing is. */
export function missingFor(fileSystem: FileSystem): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return 'root, on Linux, to mount a file system';
  if (!succeeds('losetup', '--find')) return 'a loop device';
  if (spawnSync(`mkfs.${fileSystem}`, ['-V']).error !== undefined) return `mkfs.${fileSystem}`;
  if (fileSystem !== 'btrfs' && !succeeds('python3', '--version'))
    return 'python3, to shut a file system down';
  const disk = tried(() => new LoopDisk(fileSystem, process.env['TMPDIR'] ?? '/tmp'));
  disk?.remove();
  return disk === undefined ? `a kernel that mounts ${fileSystem}` : undefined;
}

function tried<T>(make: () => T): T | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}

let count = 0;

export class LoopDisk {
  readonly fileSystem: FileSystem;
  /** Where it is mounted. */
  readonly path: string;
  #image: string;
  readonly #base: string;

  constructor(fileSystem: FileSystem, directory: string) {
    this.fileSystem = fileSystem;
    this.#base = join(directory, `holdfast-disk-${process.pid}-${String(count++)}`);
    this.path = join(this.#base, 'mounted');
    this.#image = join(this.#base, 'image');
    mkdirSync(this.path, { recursive: true });
    try {
      execFileSync('truncate', ['-s', `${String(MEGABYTES[fileSystem])}M`, this.#image]);
      execFileSync(`mkfs.${fileSystem}`, ['-q', ...(fileSystem === 'ext4' ? ['-F'] : ['-f']), this.#image], {
        stdio: 'ignore',
      });
      this.#mount();
      execFileSync('sync', ['-f', this.path]);
    } catch (error) {
      this.remove();
      throw error;
    }
  }

  /** Has every name that stands now outlive a power cut, and no text: what a journal does every few seconds. */
  commit(): void {
    const directory = openSync(this.path, 'r');
    fsyncSync(directory);
    closeSync(directory);
  }

  /** Nothing after this call outlives the cut. Nobody may be in the file system any more when it is `restart`ed. */
  cut(): void {
    if (this.fileSystem !== 'btrfs') execFileSync('python3', ['-c', SHUTDOWN, this.path]);
    else copyFileSync(this.#image, `${this.#image}.cut`);
  }

  async restart(): Promise<void> {
    execFileSync('umount', [this.path]);
    if (this.fileSystem === 'btrfs') {
      rmSync(this.#image);
      this.#image += '.cut';
    }
    this.#mount();
    // Some other process's mount namespace may have a copy of the mount for a moment, and then it is the old one again.
    for (let tries = 0; tries < 100 && tried(() => readdirSync(this.path)) === undefined; tries++) {
      execFileSync('umount', [this.path]);
      await sleep(100);
      this.#mount();
    }
  }

  remove(): void {
    spawnSync('umount', [this.path]);
    rmSync(this.#base, { recursive: true, force: true });
  }

  #mount(): void {
    execFileSync('mount', ['-o', 'loop', this.#image, this.path], { stdio: 'ignore' });
  }
}
