/**
 * Parses the arguments of the `holdfast` command, and checks them before anything is locked.
 *
 * Rule: for `run`, the arguments after the first `--` belong to the command and are passed on unread.
 */
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { parseDuration } from './duration.js';

export interface Run {
  readonly name: 'run';
  readonly path: string;
  readonly command: readonly [string, ...string[]];
  readonly kind: LockKind | undefined;
  readonly note: string | undefined;
  /** Milliseconds. */
  readonly timeout: number;
}

export interface Status {
  readonly name: 'status';
  readonly paths: readonly string[];
}

export interface Wait {
  readonly name: 'wait';
  readonly path: string;
  /** Milliseconds. */
  readonly timeout: number;
}

export interface Break {
  readonly name: 'break';
  readonly path: string;
  readonly force: boolean;
}

export interface Info {
  readonly name: 'help' | 'version';
}

export type Task = (Run | Status | Wait | Break | Info) & {
  /** Print results and errors as JSON. */
  readonly json: boolean;
  /** The exit code after a timeout. */
  readonly timeoutCode: number;
};

const LOCK_KINDS = ['link', 'mkdir', 'symlink'] as const;
export type LockKind = (typeof LOCK_KINDS)[number];

/** sysexits.h: EX_TEMPFAIL, "the user is invited to retry". */
export const TIMEOUT_CODE = 75;

/** The arguments are wrong. The message says what to do instead. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
  readonly code = 'USAGE';
}

const flag = { type: 'boolean' } as const;
const text = { type: 'string' } as const;
const everywhere = { json: flag, help: { ...flag, short: 'h' } } as const;
const waiting = { timeout: { ...text, short: 't' }, 'timeout-code': { ...text, short: 'E' } } as const;

const OPTIONS = {
  run: { ...everywhere, ...waiting, kind: text, note: text },
  status: everywhere,
  wait: { ...everywhere, ...waiting },
  break: { ...everywhere, force: flag },
} as const satisfies Record<string, ParseArgsConfig['options']>;

const COMMANDS = 'run, status, wait or break';

/** Is there a `--json`? Checked before the rest is parsed, so that an error in the rest is printed as JSON too. */
export function wantsJson(args: readonly string[]): boolean {
  return untilDashes(args).includes('--json');
}

export function parseTask(args: readonly string[]): Task {
  const [name = '', ...rest] = args;
  const json = wantsJson(args);
  if (['--help', '-h', 'help'].includes(name)) return { name: 'help', json, timeoutCode: TIMEOUT_CODE };
  if (['--version', '-V'].includes(name)) return { name: 'version', json, timeoutCode: TIMEOUT_CODE };
  if (!isCommand(name)) {
    if (name === '') throw new UsageError(`missing command: expected ${COMMANDS}`);
    if (name.startsWith('-')) throw new UsageError(`put ${name} after the command: ${COMMANDS}`);
    throw new UsageError(`unknown command ${quote(name)}: expected ${COMMANDS}`);
  }
  const own = name === 'run' ? untilDashes(rest) : rest;
  const { values, positionals } = read(name, own);
  if (values['help'] === true) return { name: 'help', json, timeoutCode: TIMEOUT_CODE };
  const common = { json, timeoutCode: toCode(values['timeout-code']) };
  switch (name) {
    case 'run':
      return { ...common, ...toRun(values, positionals, rest.slice(own.length + 1)) };
    case 'status':
      return { ...common, name, paths: toPaths(positionals) };
    case 'wait':
      return { ...common, name, timeout: toTimeout(values['timeout']), path: toPath(positionals) };
    case 'break':
      return { ...common, name, path: toPath(positionals), force: values['force'] === true };
  }
}

type Values = Readonly<Record<string, unknown>>;

function isCommand(name: string): name is keyof typeof OPTIONS {
  return Object.hasOwn(OPTIONS, name);
}

function untilDashes(args: readonly string[]): readonly string[] {
  const dashes = args.indexOf('--');
  return dashes < 0 ? args : args.slice(0, dashes);
}

function read(
  name: keyof typeof OPTIONS,
  args: readonly string[],
): { values: Values; positionals: readonly string[] } {
  try {
    return parseArgs({ args: [...args], options: OPTIONS[name], allowPositionals: true });
  } catch (error) {
    // Only the first sentence: the others explain `--`, which has another meaning here.
    const [sentence = ''] = (error as Error).message.split(/\.\s/);
    throw new UsageError(`${name}: ${sentence.replace(/^[A-Z]/, (letter) => letter.toLowerCase())}`);
  }
}

function toRun(values: Values, positionals: readonly string[], own: readonly string[]): Run {
  const timeout = toTimeout(values['timeout']);
  const [path, ...unexpected] = positionals;
  const [program, ...args] = own;
  if (path === undefined) throw new UsageError('run: missing PATH');
  if (unexpected.length > 0) {
    throw new UsageError(
      `run: put -- before the command: holdfast run ${path} -- ${[...unexpected, ...own].join(' ')}`,
    );
  }
  if (program === undefined) {
    throw new UsageError(`run: missing COMMAND: holdfast run ${path} -- COMMAND [ARG...]`);
  }
  const { kind, note } = values as { kind?: string; note?: string };
  return {
    name: 'run',
    path: toPath([path]),
    command: [program, ...args],
    kind: toKind(kind),
    note,
    timeout,
  };
}

function toKind(kind: string | undefined): LockKind | undefined {
  const known = LOCK_KINDS.find((each) => each === kind);
  if (known === undefined && kind !== undefined) {
    throw new UsageError(`--kind must be one of ${LOCK_KINDS.join(', ')}, not ${quote(kind)}`);
  }
  return known;
}

function toPaths(positionals: readonly string[]): readonly string[] {
  if (positionals.length === 0) throw new UsageError('missing PATH');
  if (positionals.includes('')) throw new UsageError('PATH must not be empty');
  return positionals;
}

function toPath(positionals: readonly string[]): string {
  const [path = '', unexpected] = toPaths(positionals);
  if (unexpected !== undefined) throw new UsageError(`unexpected argument ${quote(unexpected)}`);
  return path;
}

function toTimeout(value: unknown): number {
  if (typeof value !== 'string') return Infinity;
  const timeout = parseDuration(value);
  if (timeout === undefined) {
    throw new UsageError(`--timeout must be a duration such as 30s, 500ms, 2m or 1h, not ${quote(value)}`);
  }
  return timeout;
}

function toCode(value: unknown): number {
  if (typeof value !== 'string') return TIMEOUT_CODE;
  if (!/^\d{1,3}$/.test(value) || Number(value) > 255) {
    throw new UsageError(`-E must be an exit code from 0 to 255, not ${quote(value)}`);
  }
  return Number(value);
}

const quote = (word: string) => JSON.stringify(word);
