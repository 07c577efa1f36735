/**
 * Calls back when this thread or its process ends in a way that JavaScript can notice. It changes nothing else.
 *
 * Rule END-1: A process ends as it would without the hooks: with the same exit code, the same warnings, and by the same
 * signal. So nothing of `process` is replaced, and `process.exitCode` isn't set: Node exits with 13, and warns, if a
 * top-level `await` never settles, and an exit code that was set before hides that.
 * Rule END-2: A signal ends the process only if no other listener got it. It is not enough to count the listeners:
 *
 *     1. The program has registered `process.once('SIGTERM', shutDown)`.
 *     2. SIGTERM: `once` removes the listener, and calls it. `shutDown` begins, and awaits something.
 *     3. Our listener counts: no other listener. It would end the process in the middle of the shutdown.
 *
 * Rule END-3: The listeners of signal-exit don't count, because they end the process themselves, unless there are other
 * listeners. As ours is one of those, it steps aside, and sends the signal again. It comes back when signal-exit removes
 * its own listener, which it does just before it decides, and so has the last word if the process is to end.
 * Rule END-4: The callback comes after all other listeners of `exit`.
 *
 * Not promised: a call at `process.reallyExit()`, `process.abort()`, or if an earlier listener of `exit` calls
 * `process.exit()` or throws.
 */
import { setImmediate } from 'node:timers'; // Not the global one, which tests replace.
import { isMainThread } from 'node:worker_threads';

/**
 * The signals that ask a process to end, and end a Node process by default. Those that report a failure (SIGABRT, SIGSYS,
 * SIGTRAP, …) end it at once, and Node ignores SIGXFSZ and SIGPIPE.
 */
const SIGNALS: readonly NodeJS.Signals[] =
  process.platform === 'win32'
    ? ['SIGHUP', 'SIGINT', 'SIGTERM']
    : ['SIGHUP', 'SIGINT', 'SIGTERM', 'SIGQUIT', 'SIGALRM', 'SIGUSR2'];

/** Marks the listeners of every version of this package: each version has hooks of its own. */
const MARK = Symbol.for('holdfast.listener');

type Listener = (...args: unknown[]) => void;
type AnyEvents = NodeJS.EventEmitter;
const events = process as AnyEvents;

const isMarked = (listener: unknown): boolean => typeof listener === 'function' && MARK in listener;
const mark = <L extends Listener>(listener: L): L => Object.assign(listener, { [MARK]: true });
const soon = (work: () => void) => void Promise.resolve().then(work);

/** Calls `end` when this thread or its process ends. Returns what removes the hooks. */
export function onProcessEnd(end: () => void): () => void {
  const undo = [raiseLimit(), hookExit(end)];
  // A worker gets no signals. Process 1 of a container can't end by a signal's default action: the kernel ignores it.
  if (isMainThread && process.pid !== 1) undo.push(hookSignals(end));
  return () => {
    for (const each of undo.reverse()) each();
  };
}

/** With our listeners, a program that has as many as the limit allows would be warned of a leak. */
function raiseLimit(): () => void {
  const limited = process as unknown as { _maxListeners?: number | undefined };
  const own = limited._maxListeners; // `undefined` stands for the default, which the program may change.
  const limit = events.getMaxListeners();
  if (limit === 0) return () => undefined;
  events.setMaxListeners(limit + 1);
  return () => {
    if (limited._maxListeners === limit + 1) limited._maxListeners = own;
  };
}

function hookExit(end: () => void): () => void {
  const onExit = mark(() => {
    if (isLast()) end();
    else beforeReallyExit(end);
  });
  const isLast = () =>
    events.rawListeners('exit').findLast((each) => !isMarked(each) || each === onExit) === onExit;
  const onNewListener = mark((event: unknown, listener: unknown) => {
    if (event === 'exit' && !isMarked(listener)) soon(moveToEnd);
  });
  const moveToEnd = () => {
    if (isLast() || !events.rawListeners('exit').includes(onExit)) return;
    events.off('exit', onExit);
    events.on('exit', onExit);
  };
  events.on('exit', onExit);
  events.on('newListener', onNewListener);
  return () => {
    events.off('exit', onExit);
    events.off('newListener', onNewListener);
  };
}

/**
 * Some listeners were registered in the moment in which `process.exit()` was called, and are still to come (END-4). They
 * are followed by this call only, and only the process's end.
 */
function beforeReallyExit(end: () => void): void {
  const ending = process as unknown as { reallyExit?: (...args: unknown[]) => unknown };
  const { reallyExit } = ending;
  if (reallyExit === undefined) return;
  ending.reallyExit = (...args) => {
    ending.reallyExit = reallyExit;
    end();
    return reallyExit.apply(process, args);
  };
}

function hookSignals(end: () => void): () => void {
  /** Signals of which another listener was removed in this very moment (END-2). */
  const answered = new Set<unknown>();
  /** Signals that are left to signal-exit (END-3). */
  const aside = new Set<NodeJS.Signals>();
  let isHooked = true;

  const listen = (signal: NodeJS.Signals) => {
    try {
      events.on(signal, onSignal);
    } catch {
      // There is no such signal here.
    }
  };
  const onSignal = mark((...[signal]: unknown[]) => {
    const others = events.listeners(signal as string).filter((each) => !isMarked(each)).length;
    if (answered.has(signal) || others > countSignalExit()) return;
    if (others > 0) soon(() => stepAside(signal as NodeJS.Signals));
    else endBy(signal as NodeJS.Signals);
  });
  const endBy = (signal: NodeJS.Signals) => {
    end();
    events.off(signal, onSignal);
    // Windows knows no SIGHUP to send.
    process.kill(process.pid, process.platform === 'win32' && signal === 'SIGHUP' ? 'SIGINT' : signal);
  };
  const stepAside = (signal: NodeJS.Signals) => {
    if (!isHooked || aside.has(signal)) return;
    aside.add(signal);
    events.off(signal, onSignal);
    process.kill(process.pid, signal);
    // It has been delivered after one more turn of the event loop, whatever came of it.
    const afterIt = () => setImmediate(() => comeBack(signal)).unref();
    setImmediate(afterIt).unref();
  };
  const comeBack = (signal: NodeJS.Signals) => {
    if (aside.delete(signal) && isHooked) listen(signal);
  };
  const onRemoveListener = mark((event: unknown, listener: unknown) => {
    if (isMarked(listener)) return;
    if (aside.has(event as NodeJS.Signals)) comeBack(event as NodeJS.Signals);
    else if (SIGNALS.includes(event as NodeJS.Signals)) {
      answered.add(event);
      soon(() => answered.delete(event));
    }
  });

  events.on('removeListener', onRemoveListener);
  for (const signal of SIGNALS) listen(signal);
  return () => {
    isHooked = false;
    for (const signal of SIGNALS) events.off(signal, onSignal);
    events.off('removeListener', onRemoveListener);
  };
}

/** How many listeners of each signal are those of copies of signal-exit, versions 4 and 3. */
function countSignalExit(): number {
  const { [Symbol.for('signal-exit emitter')]: four } = globalThis as {
    [key: symbol]: { count?: unknown } | undefined;
  };
  const { __signal_exit_emitter__: three } = process as { __signal_exit_emitter__?: { count?: unknown } };
  const count = (emitter: { count?: unknown } | undefined) =>
    typeof emitter?.count === 'number' ? emitter.count : 0;
  return count(four) + count(three);
}
