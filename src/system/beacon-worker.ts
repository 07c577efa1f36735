/**
 * A worker thread that probes a beacon on behalf of a blocked thread: Node has no synchronous `connect`. Starting a
 * worker takes tens of milliseconds, so one worker keeps probing for as long as its answers are used.
 *
 * Rule: The blocked thread waits for an answer to a probe that began after its request, so no answer is stale. A worker
 * that has ended or is too slow is replaced by a new one.
 */
import { Worker } from 'node:worker_threads';
import type { BeaconState } from '../model/steps.js';

/** The pause between two probes. A probe takes microseconds. */
const PROBE_INTERVAL_MS = 20;

/** The worker ends after this many probes that nobody requested. */
const MAX_IDLE_PROBES = 15;

// Indexes into the shared memory: the last answer, the number of answers, the number of requests.
const ANSWER = 0;
const ANSWERED = 1;
const REQUESTED = 2;

/**
 * The state that a refused connection proves; any other error proves nothing. EAGAIN: there is a listener, and its
 * backlog is full.
 */
export const STATES: Readonly<Record<string, BeaconState>> = { ECONNREFUSED: 'dark', EAGAIN: 'lit' };

const ANSWERS: readonly BeaconState[] = ['silent', 'lit', 'dark'];

/**
 * The worker's program. It is a string because a bundle has no file to start a worker from. It probes as `probe` in
 * beacon.ts does, and opens the socket anew each time, because a beacon may be put out and lit again (BEACON-4).
 */
const SCRIPT = `
  const { workerData: { shared, path, flags, states, answers, interval, maxIdle } } = require('node:worker_threads');
  const { closeSync, fstatSync, lstatSync, openSync } = require('node:fs');
  const { connect } = require('node:net');
  let requests = 0;
  let idle = 0;
  const probe = () => {
    idle = requests === Atomics.load(shared, ${REQUESTED}) ? idle + 1 : 0;
    if (idle > maxIdle) return;
    requests = Atomics.load(shared, ${REQUESTED});
    let descriptor;
    const finish = (state) => {
      if (descriptor !== undefined) closeSync(descriptor);
      answer(state);
      setTimeout(probe, interval);
    };
    try {
      descriptor = openSync(path, flags);
      const opened = fstatSync(descriptor, { bigint: true });
      if (!opened.isSocket()) return finish('silent');
      const isNamed = () => {
        try {
          const now = lstatSync(path, { bigint: true });
          return now.ino === opened.ino && now.dev === opened.dev;
        } catch {
          return false;
        }
      };
      const socket = connect({ path: '/proc/self/fd/' + descriptor });
      socket.once('connect', () => {
        socket.destroy();
        finish('lit');
      });
      socket.once('error', ({ code }) => {
        const state = states[code] ?? 'silent';
        finish(state === 'dark' && !isNamed() ? 'silent' : state);
      });
    } catch {
      finish('silent');
    }
  };
  const answer = (state) => {
    Atomics.store(shared, ${ANSWER}, answers.indexOf(state));
    Atomics.add(shared, ${ANSWERED}, 1);
    Atomics.notify(shared, ${ANSWERED});
  };
  probe();`;

interface BeaconWorker {
  readonly path: string;
  readonly shared: Int32Array;
}

let current: BeaconWorker | undefined;

function start(path: string, flags: number): BeaconWorker {
  const shared = new Int32Array(new SharedArrayBuffer(12));
  const worker = new Worker(SCRIPT, {
    eval: true,
    workerData: {
      shared,
      path,
      flags,
      states: STATES,
      answers: ANSWERS,
      interval: PROBE_INTERVAL_MS,
      maxIdle: MAX_IDLE_PROBES,
    },
    // Without the options that the program's own workers inherit: no loaders, no inspector, no output.
    execArgv: [],
    env: {},
    stdout: true,
    stderr: true,
  });
  worker.on('error', () => undefined);
  worker.unref();
  return { path, shared };
}

/** The worker's next answer; `undefined` if none arrives within `timeout` milliseconds. */
function nextAnswer({ shared }: BeaconWorker, timeout: number): BeaconState | undefined {
  const answered = Atomics.load(shared, ANSWERED);
  Atomics.add(shared, REQUESTED, 1);
  if (Atomics.wait(shared, ANSWERED, answered, timeout) === 'timed-out') return undefined;
  return ANSWERS[Atomics.load(shared, ANSWER)];
}

/**
 * Probes the socket at `path` and blocks this thread until the answer arrives.
 *
 * @param flags How to open the socket.
 * @param timeout Milliseconds; only an overloaded machine needs so long.
 */
export function probeInWorker(path: string, flags: number, timeout: number): BeaconState {
  const answer = current?.path === path ? nextAnswer(current, 3 * PROBE_INTERVAL_MS) : undefined;
  if (answer !== undefined) return answer;
  current = start(path, flags);
  return nextAnswer(current, timeout) ?? 'silent';
}
