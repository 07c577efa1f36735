/**
 * Waits for an abort with one listener for each signal. Node warns of more than ten listeners on one signal, as of a leak,
 * but a program may well have one signal for all its calls.
 */

interface Waiting {
  readonly calls: Set<() => void>;
  readonly listener: () => void;
}

const waiting = new WeakMap<AbortSignal, Waiting>();

/** Calls `call` when the signal is aborted, until the returned function is called. Then no listener stays. */
export function onAbort(signal: AbortSignal, call: () => void): () => void {
  let all = waiting.get(signal);
  if (all === undefined) {
    const calls = new Set<() => void>();
    const listener = () => {
      for (const each of [...calls]) each();
    };
    all = { calls, listener };
    waiting.set(signal, all);
    signal.addEventListener('abort', listener);
  }
  const { calls, listener } = all;
  calls.add(call);
  return () => {
    if (!calls.delete(call) || calls.size > 0) return;
    signal.removeEventListener('abort', listener);
    waiting.delete(signal);
  };
}
