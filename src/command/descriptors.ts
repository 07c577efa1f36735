/**
 * The file descriptors above 2 that a command expects: those of make's jobserver, and the sockets of systemd.
 *
 * Rule RUN-4: Only descriptors that the environment names are passed on, and only if they were inherited. All others
 * are closed, as by `spawn`: some are of Node.js, which has opened them under the next free numbers.
 *
 * Not covered: descriptors that nothing names. Open them in the command: `holdfast run x -- sh -c 'command 3<file'`.
 * Not on other systems than Linux, where nothing shows that a descriptor was inherited.
 */
import type { StdioOptions } from 'node:child_process';
import { readlinkSync } from 'node:fs';

/** How to start a command. */
export interface Start {
  readonly program: string;
  readonly args: readonly string[];
  readonly stdio: StdioOptions;
}

const FIRST_DESCRIPTOR = 3;
const MAX_DESCRIPTOR = 1_023;

/** Adds the descriptors to a command that inherits standard input, output and error. */
export function withDescriptors(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Start {
  const sockets = socketsIn(env);
  const passed = new Set([...sockets, ...jobserverIn(env)]);
  const last = Math.max(2, ...passed);
  const others = Array.from({ length: last - 2 }, (_, index) => {
    const descriptor = index + FIRST_DESCRIPTOR;
    return passed.has(descriptor) ? descriptor : 'ignore';
  });
  const stdio: StdioOptions = ['inherit', 'inherit', 'inherit', ...others];
  if (sockets.length === 0) return { program, args, stdio };
  return { program: '/bin/sh', args: ['-c', RENAME_RECEIVER, 'sh', program, ...args], stdio };
}

/** The command must find its own pid in `LISTEN_PID`. A shell knows the pid, and keeps it when it runs the command. */
const RENAME_RECEIVER = 'unset LISTEN_PIDFDID; LISTEN_PID=$$; export LISTEN_PID; exec "$@"';

/** See sd_listen_fds(3). They are this process's own if it is named as their receiver. */
function socketsIn({ LISTEN_PID, LISTEN_FDS }: NodeJS.ProcessEnv): readonly number[] {
  const count = Number(LISTEN_FDS);
  const isOurs =
    LISTEN_PID === String(process.pid) && count > 0 && FIRST_DESCRIPTOR + count <= MAX_DESCRIPTOR;
  return isOurs ? Array.from({ length: count }, (_, index) => FIRST_DESCRIPTOR + index) : [];
}

/** See "Sharing Job Slots with GNU make". The option stays in `MAKEFLAGS` also where make has closed the pipe. */
function jobserverIn({ MAKEFLAGS = '' }: NodeJS.ProcessEnv): readonly number[] {
  const [, read, write] = [...MAKEFLAGS.matchAll(/--jobserver-(?:auth|fds)=(\d+),(\d+)/g)].at(-1) ?? [];
  const pipe = [Number(read), Number(write)];
  return pipe.every((each) => each >= FIRST_DESCRIPTOR && each <= MAX_DESCRIPTOR && isOfParent(each))
    ? pipe
    : [];
}

/** Has the parent the same pipe under this number? A pipe that Node.js has opened is known to this process only. */
function isOfParent(descriptor: number): boolean {
  try {
    const [own, parents] = ['self', process.ppid].map((each) =>
      readlinkSync(`/proc/${each}/fd/${descriptor}`),
    );
    return own?.startsWith('pipe:') === true && own === parents;
  } catch {
    return false;
  }
}
