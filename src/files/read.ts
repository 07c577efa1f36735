/**
 * Reads the file that is to be updated.
 *
 * Rule READ-1: What is read is what the last holder of the lock has written. A FUSE file system such as sshfs lets the
 * kernel cache the size of a file, for 20 s and longer, and the kernel reads no further than that: the end of a file
 * that another machine has just written is cut off without an error, and would be lost with the update. So such a file
 * is opened with `O_DIRECT`, which reads past the cache. To read until the end of the file is not enough: the kernel
 * reports the end at the cached size.
 *
 * Not promised: this for a FUSE file system that refuses `O_DIRECT`. Such a file is read as any other.
 */
import * as fs from 'node:fs';
import { withFreshHandle, withFreshHandleSync } from '../driver/stale-handle.js';
import { attempt } from './target.js';

/** Returns the content of a file, or `undefined` if there is no file. */
export async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await withFreshHandle(async () => {
      const fresh = (await isOnFuse(path)) ? await readUncached(path) : undefined;
      return fresh ?? (await fs.promises.readFile(path));
    });
  } catch (error) {
    rethrowUnlessMissing(error);
    return undefined;
  }
}

/** The synchronous form of `readIfThere`. */
export function readIfThereSync(path: string): Buffer | undefined {
  try {
    return withFreshHandleSync(() => {
      const fresh = isOnFuseSync(path) ? readUncachedSync(path) : undefined;
      return fresh ?? fs.readFileSync(path);
    });
  } catch (error) {
    rethrowUnlessMissing(error);
    return undefined;
  }
}

/** See statfs(2): `FUSE_SUPER_MAGIC`. */
const FUSE = 0x65735546;

const isLinux = process.platform === 'linux';

async function isOnFuse(path: string): Promise<boolean> {
  // Some runtimes have no `statfs`: then this is false.
  return (
    isLinux &&
    (
      await Promise.resolve(path)
        .then(fs.promises.statfs)
        .catch(() => undefined)
    )?.type === FUSE
  );
}

function isOnFuseSync(path: string): boolean {
  return isLinux && attempt(() => fs.statfsSync(path))?.type === FUSE;
}

const CHUNK_BYTES = 256 * 1024;
const UNCACHED = fs.constants.O_RDONLY | (isLinux ? fs.constants.O_DIRECT : 0);

/** Returns `undefined` if the file system refuses. */
async function readUncached(path: string): Promise<Buffer | undefined> {
  try {
    const file = await fs.promises.open(path, UNCACHED);
    try {
      const chunks: Buffer[] = [];
      for (;;) {
        const chunk = Buffer.alloc(CHUNK_BYTES);
        const { bytesRead } = await file.read(chunk, 0, CHUNK_BYTES, null);
        if (bytesRead === 0) return Buffer.concat(chunks);
        chunks.push(chunk.subarray(0, bytesRead));
      }
    } finally {
      await file.close();
    }
  } catch (error) {
    rethrowUnlessRefused(error);
    return undefined;
  }
}

function readUncachedSync(path: string): Buffer | undefined {
  try {
    const descriptor = fs.openSync(path, UNCACHED);
    try {
      const chunks: Buffer[] = [];
      for (;;) {
        const chunk = Buffer.alloc(CHUNK_BYTES);
        const bytesRead = fs.readSync(descriptor, chunk, 0, CHUNK_BYTES, null);
        if (bytesRead === 0) return Buffer.concat(chunks);
        chunks.push(chunk.subarray(0, bytesRead));
      }
    } finally {
      fs.closeSync(descriptor);
    }
  } catch (error) {
    rethrowUnlessRefused(error);
    return undefined;
  }
}

function rethrowUnlessRefused(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'EINVAL') throw error;
}

function rethrowUnlessMissing(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}
