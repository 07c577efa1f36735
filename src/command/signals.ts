/**
 * The signals that `holdfast run` passes on to its command.
 *
 * Rule RUN-3: While the command runs, no signal that Node.js can handle ends this process: that would free the lock.
 *
 * Not covered: SIGKILL; SIGSEGV, SIGBUS, SIGFPE and SIGILL, which also report a fault of this very process and must end
 * it; and real-time signals, for which Node.js has no names. Each of them ends this process, and the next contender
 * takes the lock while the command may still run.
 */
import { readFileSync } from 'node:fs';

const ON_WINDOWS = ['SIGINT', 'SIGBREAK', 'SIGHUP'] as const;

/** All signals that end a process by default, and for which Node.js can have a listener. */
const ELSEWHERE = [
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGTERM',
  'SIGUSR1',
  'SIGUSR2',
  'SIGALRM',
  'SIGABRT',
  'SIGTRAP',
  'SIGSYS',
  'SIGXCPU',
  'SIGXFSZ',
  'SIGVTALRM',
  'SIGIO',
  'SIGPWR',
  'SIGSTKFLT',
  // Second names of SIGABRT and SIGIO. Node.js emits an event for each name that has a listener, and another listener
  // in this process may end it on an event that has no listener of ours.
  'SIGIOT',
  'SIGPOLL',
] as const;

/** Calls `pass` for each signal that this process receives. Returns a function that stops that. */
export function passSignals(pass: (signal: NodeJS.Signals) => void): () => void {
  const listener = (signal: NodeJS.Signals) => {
    if (!isSecondName(signal) && !cameFromTerminal(signal)) pass(signal);
  };
  const signals = process.platform === 'win32' ? ON_WINDOWS : [...ELSEWHERE, ...profiling()];
  for (const signal of signals) process.on(signal, listener);
  return () => {
    for (const signal of signals) process.off(signal, listener);
  };
}

function isSecondName(signal: NodeJS.Signals): boolean {
  return signal === 'SIGIOT' || signal === 'SIGPOLL';
}

/** SIGPROF, except while V8's profiler samples this process with it: the command would get thousands a second. */
function profiling(): readonly NodeJS.Signals[] {
  const options = [...process.execArgv, process.env['NODE_OPTIONS'] ?? ''].join(' ');
  return /--(?:cpu-)?prof/.test(options) ? [] : ['SIGPROF'];
}

/**
 * Has the command received this signal already? A terminal sends Ctrl-C to every process in its foreground. Programs
 * such as terraform, docker compose and test runners skip their clean-up when they receive it twice. Node.js doesn't
 * report who sent a signal, so in a terminal's foreground SIGINT and SIGQUIT count as the terminal's.
 */
function cameFromTerminal(signal: NodeJS.Signals): boolean {
  if (process.platform === 'win32') return true;
  return (signal === 'SIGINT' || signal === 'SIGQUIT') && isInForeground();
}

function isInForeground(): boolean {
  try {
    const stat = readFileSync('/proc/self/stat', 'latin1');
    const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return group === foreground;
  } catch {
    return process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
  }
}
