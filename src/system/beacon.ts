/**
 * Beacons: proof of life and death across PID namespaces, by sockets that listen beside a lock.
 *
 * Rule B1: a beacon is lit before the claim is published whose record names it, and put out after the claim is gone.
 * So where a claim stands and its beacon is dark, the kernel has closed the socket, and its thread or process is over.
 * Rule B2: only a refused connection is dark. Where the socket is missing, or isn't one, or may not be asked, nothing
 * is proved: somebody may have removed it.
 * Rule B3: one socket a thread and directory. Each claim has a name of its own for it, a hard link, so that sweeping
 * up after one claim leaves the proof of the others.
 *
 * Connecting works across PID and network namespaces, and with processes that are stopped or busy: the kernel accepts.
 *
 * Not promised: to find a beacon whose directory another user may write, if they remove it. Then its holder is unknown.
 */
import * as fs from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { basename, dirname } from 'node:path';
import { SIGNALS, askByThread } from './beacon-worker.js';
import { shared } from './thread-global.js';
import { beaconDigits, beaconPath, type Token } from '../model/record.js';
import type { Signal } from '../model/steps.js';
import { O_PATH, leadsThroughDescriptors, wayThrough } from './directory-handle.js';

/** One socket, and the names that lead to it. */
interface Lamp {
  readonly server: Server;
  readonly names: Set<string>;
}

interface Beacons {
  /** By directory, those that new names are made for. */
  readonly lamps: Map<string, Lamp>;
  readonly lit: Map<Token, { lamp: Lamp; name: string }>;
}

/**
 * The thread's, whichever copy of this package lit them: what one copy holds, another may find broken, or give back at
 * exit (`registry.ts`). With beacons of each copy's own, those would stay.
 */
const { lamps, lit }: Beacons = shared('beacons.1', () => ({ lamps: new Map(), lit: new Map() }));

/**
 * Lights the beacon of a claim that is about to be made, or leaves it lit; returns what the record names it by, or
 * `undefined` if there can be none here.
 */
export function light(lock: string, token: Token): string | undefined {
  const digits = beaconDigits(lock);
  if (lit.has(token)) return digits;
  const directory = dirname(lock);
  const name = beaconPath(directory, digits, token);
  const lamp = share(lamps.get(directory), name) ?? ignite(name);
  if (lamp === undefined) return undefined;
  lamps.set(directory, lamp);
  lamp.names.add(name);
  lit.set(token, { lamp, name });
  return digits;
}

/** Puts the beacon of a claim out, if it has one. */
export function putOut(token: Token): void {
  const beacon = lit.get(token);
  if (beacon === undefined) return;
  const { lamp, name } = beacon;
  lit.delete(token);
  lamp.names.delete(name);
  quietly(() => {
    fs.unlinkSync(name);
  });
  if (lamp.names.size > 0) return;
  const directory = dirname(name);
  if (lamps.get(directory) === lamp) lamps.delete(directory);
  lamp.server.close();
}

function quietly<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}

/** One more name for a socket that listens already: B3. */
function share(lamp: Lamp | undefined, name: string): Lamp | undefined {
  const [other] = lamp?.names ?? [];
  return other === undefined
    ? undefined
    : quietly(() => {
        fs.linkSync(other, name);
        return lamp;
      });
}

const { O_DIRECTORY = 0, O_NOFOLLOW = 0 } = fs.constants as Partial<typeof fs.constants>;

/** A new socket. By way of a descriptor: Node cuts a socket's path, silently, where it is too long for the system. */
function ignite(name: string): Lamp | undefined {
  if (!leadsThroughDescriptors()) return undefined;
  const server = createServer((socket) => socket.destroy());
  server.on('error', () => undefined); // Told again by `listening`.
  server.unref();
  const isLit = quietly(() => {
    const directory = fs.openSync(dirname(name), O_PATH | O_DIRECTORY);
    try {
      // Binds and listens before it returns. Exclusive: in a cluster it would be the primary's socket, and life.
      server.listen({ path: `${wayThrough(directory)}/${basename(name)}`, exclusive: true });
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
const ASK_MS = 2_000;

/** Is the beacon at `path` lit? */
export async function ask(path: string): Promise<Signal> {
  const descriptor = open(path);
  if (descriptor === undefined) return 'silent';
  try {
    return await new Promise((resolve) => {
      const socket = connect({ path: wayThrough(descriptor) });
      socket.setTimeout(ASK_MS);
      const answer = (signal: Signal) => () => {
        socket.destroy();
        resolve(signal);
      };
      socket.once('connect', answer('lit'));
      socket.once('timeout', answer('silent'));
      socket.on('error', ({ code }: NodeJS.ErrnoException) => {
        answer(SIGNALS[code ?? ''] ?? 'silent')();
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
  if (!leadsThroughDescriptors()) return undefined;
  const descriptor = quietly(() => fs.openSync(path, SOCKET_FLAGS));
  if (descriptor === undefined || fs.fstatSync(descriptor).isSocket()) return descriptor;
  fs.closeSync(descriptor);
  return undefined;
}

/** The same for a thread that stops. There is no synchronous connect, so another thread makes one meanwhile. */
export function askSync(path: string): Signal {
  const descriptor = open(path);
  if (descriptor === undefined) return 'silent';
  fs.closeSync(descriptor);
  return quietly(() => askByThread(path, SOCKET_FLAGS, ASK_MS)) ?? 'silent';
}
