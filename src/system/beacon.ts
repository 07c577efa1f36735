/**
 * Beacons: Unix sockets beside a lock that prove life and death across PID namespaces. A beacon is "lit" while its
 * holder listens on it, and "dark" once the kernel has closed it.
 *
 * Rule BEACON-1: A beacon is lit before the claim whose record names it is published, and put out after that claim is
 * gone. So if a claim stands and its beacon is dark, the kernel has closed the socket: the thread or process has ended.
 * Rule BEACON-2: Only a refused connection means "dark", and only if the name still leads to that socket afterwards. A
 * socket that is missing, isn't a socket or may not be connected to proves nothing: someone may have removed or
 * replaced it.
 * Rule BEACON-3: A thread has one socket per directory. Each claim has its own name for that socket, a hard link, so
 * removing the beacon of one claim leaves the proof of the others.
 * Rule BEACON-4: A beacon has its name only while it listens: the name is made after the socket listens, and removed
 * before the socket closes. Otherwise a claim that rests, and is published again, could be judged dead:
 *
 *     Q.1 reads P's claim, and opens its beacon
 *     P.1 withdraws the claim, puts the beacon out, and pauses
 *     Q.2 connects, and is refused: P is dead, it seems
 *     P.2 lights the beacon again, and acquires with the same claim
 *     Q.3 finds the claim that it judged, and removes it
 *
 * Connecting works across PID and network namespaces, and while the listening process is stopped or busy: the kernel
 * completes the connection.
 *
 * Not promised: that a beacon survives in a directory where another user may remove it. Its holder is then "unknown".
 */
import * as fs from 'node:fs';
import type { Server } from 'node:net';
import { basename, dirname } from 'node:path';
import { STATES, probeInWorker } from './beacon-worker.js';
import { randomBytes } from './random-bytes.js';
import { threadGlobal } from './thread-global.js';
import { type Token } from '../model/record.js';
import { lockDigits, beaconPath } from '../model/file-names.js';
import type { BeaconState } from '../model/steps.js';
import { O_PATH, hasDescriptorPaths, descriptorPath } from './directory-handle.js';

/** A listening socket and its names. */
interface BeaconSocket {
  readonly server: Server;
  readonly names: Set<string>;
}

interface Beacons {
  /** By directory: the socket that gets the next name. */
  readonly sockets: Map<string, BeaconSocket>;
  readonly lit: Map<Token, { socket: BeaconSocket; name: string }>;
}

/**
 * Shared by all copies of this package in the thread: one copy may break, or release at exit (`registry.ts`), what
 * another copy acquired. If each copy had its own list, those beacons would stay.
 */
const { sockets, lit }: Beacons = threadGlobal('beacons.1', () => ({
  sockets: new Map(),
  lit: new Map(),
}));

/**
 * Lights the beacon of a claim before it is published, or leaves it lit. Returns the digits that the record names it
 * by, or `undefined` if this system or directory has no beacons.
 */
export function lightBeacon(lock: string, token: Token): string | undefined {
  const digits = lockDigits(lock);
  if (lit.has(token)) return digits;
  const directory = dirname(lock);
  const name = beaconPath(directory, digits, token);
  const socket = addName(sockets.get(directory), name) ?? openSocket(directory, digits, name);
  if (socket === undefined) return undefined;
  sockets.set(directory, socket);
  socket.names.add(name);
  lit.set(token, { socket, name });
  return digits;
}

/** Puts out the beacon of a claim, if it has one. */
export function putOutBeacon(token: Token): void {
  const beacon = lit.get(token);
  if (beacon === undefined) return;
  const { socket, name } = beacon;
  if (!removeName(name)) return; // It stays lit: BEACON-4.
  lit.delete(token);
  socket.names.delete(name);
  if (socket.names.size > 0) return;
  const directory = dirname(name);
  if (sockets.get(directory) === socket) sockets.delete(directory);
  socket.server.close();
}

/** Removes a name; false if the system refuses, and it still stands. */
function removeName(name: string): boolean {
  try {
    fs.unlinkSync(name);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}

function attempt<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}

/** Gives a listening socket another name: BEACON-3. */
function addName(socket: BeaconSocket | undefined, name: string): BeaconSocket | undefined {
  const [other] = socket?.names ?? [];
  return other === undefined
    ? undefined
    : attempt(() => {
        fs.linkSync(other, name);
        return socket;
      });
}

const TOKEN_BYTES = 12;

const { O_DIRECTORY = 0, O_NOFOLLOW = 0 } = fs.constants as Partial<typeof fs.constants>;

/** Opens a new socket through the directory's descriptor, because Node silently truncates a long socket path. */
function openSocket(directory: string, digits: string, name: string): BeaconSocket | undefined {
  if (!hasDescriptorPaths()) return undefined;
  // Named as the beacon of no claim: if this process is killed before the rename, it is swept as one.
  const newborn = beaconPath(directory, digits, randomBytes(TOKEN_BYTES).toString('hex'));
  const server = process.getBuiltinModule('node:net').createServer((socket) => socket.destroy());
  server.on('error', () => undefined); // `listening` reports the same failure below.
  server.unref();
  const isLit = attempt(() => {
    const descriptor = fs.openSync(directory, O_PATH | O_DIRECTORY);
    try {
      // `listen` binds before it returns. `exclusive`: otherwise a cluster worker's socket would belong to the primary
      // process, and outlive the worker.
      server.listen({ path: `${descriptorPath(descriptor)}/${basename(newborn)}`, exclusive: true });
    } finally {
      fs.closeSync(descriptor);
    }
    // A process that saw the socket between bind and listen took it for dark and may have removed it.
    if (server.listening) fs.renameSync(newborn, name); // BEACON-4
    return server.listening;
  });
  if (isLit === true) return { server, names: new Set() };
  if (server.listening) server.close();
  return undefined;
}

/** A probe takes microseconds, and starting a worker about 50 ms. Only an overloaded machine needs so long. */
const PROBE_TIMEOUT_MS = 2_000;

/** Connects to the beacon at `path` and reports its state. */
export async function probe(path: string): Promise<BeaconState> {
  const descriptor = open(path);
  if (descriptor === undefined) return 'silent';
  try {
    return await new Promise((resolve) => {
      const socket = process.getBuiltinModule('node:net').connect({ path: descriptorPath(descriptor) });
      socket.setTimeout(PROBE_TIMEOUT_MS);
      const answer = (state: BeaconState) => () => {
        socket.destroy();
        resolve(state);
      };
      socket.once('connect', answer('lit'));
      socket.once('timeout', answer('silent'));
      socket.on('error', ({ code }: NodeJS.ErrnoException) => {
        const state = STATES[code ?? ''] ?? 'silent';
        answer(state === 'dark' && !isNameOf(path, descriptor) ? 'silent' : state)(); // BEACON-2
      });
    });
  } finally {
    fs.closeSync(descriptor);
  }
}

/** Flags that open a socket file without connecting, and refuse symbolic links. */
const SOCKET_FLAGS = O_PATH | O_NOFOLLOW;

/** A descriptor of the socket itself: after this, replacing the name changes nothing. */
function open(path: string): number | undefined {
  if (!hasDescriptorPaths()) return undefined;
  const descriptor = attempt(() => fs.openSync(path, SOCKET_FLAGS));
  if (descriptor === undefined || fs.fstatSync(descriptor).isSocket()) return descriptor;
  fs.closeSync(descriptor);
  return undefined;
}

/** Does the name still lead to the socket that was opened? */
function isNameOf(path: string, descriptor: number): boolean {
  const now = attempt(() => fs.lstatSync(path, { bigint: true }));
  const opened = fs.fstatSync(descriptor, { bigint: true });
  return now?.ino === opened.ino && now.dev === opened.dev;
}

/** The same, synchronously: a worker thread connects while this thread is blocked. */
export function probeSync(path: string): BeaconState {
  const descriptor = open(path);
  if (descriptor === undefined) return 'silent';
  fs.closeSync(descriptor);
  return attempt(() => probeInWorker(path, SOCKET_FLAGS, PROBE_TIMEOUT_MS)) ?? 'silent';
}
