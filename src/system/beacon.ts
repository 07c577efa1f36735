/**
 * Beacons: proof of life and death across PID namespaces, by sockets that listen beside a lock.
 *
 * Rule BEACON-1: a beacon is lit before the claim is published whose record names it, and put out after the claim is gone.
 * So where a claim stands and its beacon is dark, the kernel has closed the socket, and its thread or process is over.
 * Rule BEACON-2: only a refused connection is dark. Where the socket is missing, or isn't one, or may not be asked, nothing
 * is proved: somebody may have removed it.
 * Rule BEACON-3: one socket a thread and directory. Each claim has a name of its own for it, a hard link, so that sweeping
 * up after one claim leaves the proof of the others.
 *
 * Connecting works across PID and network namespaces, and with processes that are stopped or busy: the kernel accepts.
 *
 * Not promised: to find a beacon whose directory another user may write, if they remove it. Then its holder is unknown.
 */
import * as fs from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { basename, dirname } from 'node:path';
import { STATES, probeInWorker } from './beacon-worker.js';
import { threadGlobal } from './thread-global.js';
import { type Token } from '../model/record.js';
import { lockDigits, beaconPath } from '../model/file-names.js';
import type { BeaconState } from '../model/steps.js';
import { O_PATH, hasDescriptorPaths, descriptorPath } from './directory-handle.js';

/** One socket, and the names that lead to it. */
interface BeaconSocket {
  readonly server: Server;
  readonly names: Set<string>;
}

interface Beacons {
  /** By directory, those that new names are made for. */
  readonly sockets: Map<string, BeaconSocket>;
  readonly lit: Map<Token, { socket: BeaconSocket; name: string }>;
}

/**
 * The thread's, whichever copy of this package lit them: what one copy holds, another may find broken, or give back at
 * exit (`registry.ts`). With beacons of each copy's own, those would stay.
 */
const { sockets: sockets, lit }: Beacons = threadGlobal('beacons.1', () => ({
  sockets: new Map(),
  lit: new Map(),
}));

/**
 * Lights the beacon of a claim that is about to be made, or leaves it lit; returns what the record names it by, or
 * `undefined` if there can be none here.
 */
export function lightBeacon(lock: string, token: Token): string | undefined {
  const digits = lockDigits(lock);
  if (lit.has(token)) return digits;
  const directory = dirname(lock);
  const name = beaconPath(directory, digits, token);
  const socket = addName(sockets.get(directory), name) ?? openSocket(name);
  if (socket === undefined) return undefined;
  sockets.set(directory, socket);
  socket.names.add(name);
  lit.set(token, { socket, name });
  return digits;
}

/** Puts the beacon of a claim out, if it has one. */
export function putOutBeacon(token: Token): void {
  const beacon = lit.get(token);
  if (beacon === undefined) return;
  const { socket, name } = beacon;
  lit.delete(token);
  socket.names.delete(name);
  attempt(() => {
    fs.unlinkSync(name);
  });
  if (socket.names.size > 0) return;
  const directory = dirname(name);
  if (sockets.get(directory) === socket) sockets.delete(directory);
  socket.server.close();
}

function attempt<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}

/** One more name for a socket that listens already: BEACON-3. */
function addName(socket: BeaconSocket | undefined, name: string): BeaconSocket | undefined {
  const [other] = socket?.names ?? [];
  return other === undefined
    ? undefined
    : attempt(() => {
        fs.linkSync(other, name);
        return socket;
      });
}

const { O_DIRECTORY = 0, O_NOFOLLOW = 0 } = fs.constants as Partial<typeof fs.constants>;

/** A new socket. By way of a descriptor: Node cuts a socket's path, silently, where it is too long for the system. */
function openSocket(name: string): BeaconSocket | undefined {
  if (!hasDescriptorPaths()) return undefined;
  const server = createServer((socket) => socket.destroy());
  server.on('error', () => undefined); // Told again by `listening`.
  server.unref();
  const isLit = attempt(() => {
    const directory = fs.openSync(dirname(name), O_PATH | O_DIRECTORY);
    try {
      // Binds and listens before it returns. Exclusive: in a cluster it would be the primary's socket, and life.
      server.listen({ path: `${descriptorPath(directory)}/${basename(name)}`, exclusive: true });
    } finally {
      fs.closeSync(directory);
    }
    // Whoever swept it as dark, between bind and listen, leaves us without.
    return server.listening && fs.lstatSync(name).isSocket();
  });
  if (isLit === true) return { server, names: new Set() };
  if (server.listening) server.close();
  return undefined;
}

/** Asking takes microseconds, and a thread to ask in some 50 milliseconds; this is for a machine that is overloaded. */
const PROBE_TIMEOUT_MS = 2_000;

/** Is the beacon at `path` lit? */
export async function probe(path: string): Promise<BeaconState> {
  const descriptor = open(path);
  if (descriptor === undefined) return 'silent';
  try {
    return await new Promise((resolve) => {
      const socket = connect({ path: descriptorPath(descriptor) });
      socket.setTimeout(PROBE_TIMEOUT_MS);
      const answer = (signal: BeaconState) => () => {
        socket.destroy();
        resolve(signal);
      };
      socket.once('connect', answer('lit'));
      socket.once('timeout', answer('silent'));
      socket.on('error', ({ code }: NodeJS.ErrnoException) => {
        answer(STATES[code ?? ''] ?? 'silent')();
      });
    });
  } finally {
    fs.closeSync(descriptor);
  }
}

/** Opens a socket without connecting to it, and follows no link. */
const SOCKET_FLAGS = O_PATH | O_NOFOLLOW;

/** The very socket, which nobody can swap for a link to another any more. */
function open(path: string): number | undefined {
  if (!hasDescriptorPaths()) return undefined;
  const descriptor = attempt(() => fs.openSync(path, SOCKET_FLAGS));
  if (descriptor === undefined || fs.fstatSync(descriptor).isSocket()) return descriptor;
  fs.closeSync(descriptor);
  return undefined;
}

/** The same for a thread that stops. There is no synchronous connect, so another thread makes one meanwhile. */
export function probeSync(path: string): BeaconState {
  const descriptor = open(path);
  if (descriptor === undefined) return 'silent';
  fs.closeSync(descriptor);
  return attempt(() => probeInWorker(path, SOCKET_FLAGS, PROBE_TIMEOUT_MS)) ?? 'silent';
}
