/**
 * A thread that asks a beacon for one that stops: starting it is dear, so it goes on asking for as long as it is used.
 *
 * Rule: who stops waits for an answer that was given after it asked, so none is ever old; and an asker that has ended,
 * or was slow, is replaced by a new one.
 */
import { Worker } from 'node:worker_threads';
import type { BeaconState } from '../model/steps.js';

/** How often it asks. Asking takes microseconds. */
const PROBE_INTERVAL_MS = 20;

/** After so many answers that nobody waited for it ends by itself. */
const MAX_IDLE_PROBES = 15;

// What is shared with it, by index: the last answer, how many it has given, how often it was asked.
const ANSWER = 0;
const GIVEN = 1;
const REQUESTED = 2;

/**
 * What a refused connection tells; any other refusal proves nothing. EAGAIN: there is a listener, and so many wait for
 * it to accept that there is no room for one more.
 */
export const STATES: Readonly<Record<string, BeaconState>> = { ECONNREFUSED: 'dark', EAGAIN: 'lit' };

const ANSWERS: readonly BeaconState[] = ['silent', 'lit', 'dark'];

/**
 * What the thread runs. Plain text: where this package is bundled it has no file. It opens the socket itself, as
 * `open` in beacon.ts does, and Node closes what it opened when it ends.
 */
const SCRIPT = `
  const { workerData: { shared, path, flags, signals, answers, every, idle } } = require('node:worker_threads');
  const { openSync } = require('node:fs');
  const { connect } = require('node:net');
  let way;
  let asked = 0;
  let unheard = 0;
  const ask = () => {
    unheard = asked === Atomics.load(shared, ${REQUESTED}) ? unheard + 1 : 0;
    if (unheard > idle) return;
    asked = Atomics.load(shared, ${REQUESTED});
    const socket = connect({ path: way });
    const then = (signal) => () => {
      socket.destroy();
      tell(signal);
      setTimeout(ask, every);
    };
    socket.once('connect', then('lit'));
    socket.once('error', ({ code }) => then(signals[code] ?? 'silent')());
  };
  const tell = (signal) => {
    Atomics.store(shared, ${ANSWER}, answers.indexOf(signal));
    Atomics.add(shared, ${GIVEN}, 1);
    Atomics.notify(shared, ${GIVEN});
  };
  try {
    way = '/proc/self/fd/' + openSync(path, flags);
    ask();
  } catch {
    tell('silent');
  }`;

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
      signals: STATES,
      answers: ANSWERS,
      every: PROBE_INTERVAL_MS,
      idle: MAX_IDLE_PROBES,
    },
    // Nothing that the program has its threads do: no loaders, no inspectors, no output.
    execArgv: [],
    env: {},
    stdout: true,
    stderr: true,
  });
  worker.on('error', () => undefined);
  worker.unref();
  return { path, shared };
}

/** Its next answer; `undefined` if none comes in time. */
function nextAnswer({ shared }: BeaconWorker, patience: number): BeaconState | undefined {
  const given = Atomics.load(shared, GIVEN);
  Atomics.add(shared, REQUESTED, 1);
  if (Atomics.wait(shared, GIVEN, given, patience) === 'timed-out') return undefined;
  return ANSWERS[Atomics.load(shared, ANSWER)];
}

/**
 * What the socket at `path` answers, to a thread that stops until then.
 *
 * @param flags How it is opened.
 * @param patience Milliseconds, for a machine that is overloaded.
 */
export function probeInWorker(path: string, flags: number, patience: number): BeaconState {
  const answer = current?.path === path ? nextAnswer(current, 3 * PROBE_INTERVAL_MS) : undefined;
  if (answer !== undefined) return answer;
  current = start(path, flags);
  return nextAnswer(current, patience) ?? 'silent';
}
