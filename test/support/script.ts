/**
 * A real process that runs a few lines against the compiled package, and exchanges lines with the test.
 *
 * Rule: no script outlives its test: `endScripts`, in an `afterEach`, kills those that still run.
 */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { projectDirectory } from './paths.js';

export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ScriptOptions {
  readonly cwd: string;
  /** Before `node` itself: `['--import', …]`. */
  readonly nodeOptions?: readonly string[];
  /** A command that starts node: `['unshare', '-m', …]`. */
  readonly wrapper?: readonly string[];
  /** The beginning of the script, if not the default imports. */
  readonly imports?: string;
}

const standing = new Set<Script>();

/** The compiled package, for an `import` in a script. */
export const packageUrl = pathToFileURL(join(projectDirectory, 'dist/src/index.js')).href;

/** The default imports: the whole package, and `say(words)`, which prints a line that the test can wait for. */
export const imports = `
  import * as holdfast from ${JSON.stringify(packageUrl)};
  import * as fs from 'node:fs';
  const { LockFile, LinkLockFile, MkdirLockFile, SymlinkLockFile } = holdfast;
  const say = (words) => fs.writeSync(1, words + '\\n');
`;

export class Script {
  readonly process: ChildProcessWithoutNullStreams;
  readonly ended: Promise<Ending>;
  readonly #lines: string[] = [];
  readonly #waiting: ((line: string | undefined) => void)[] = [];
  #isOver = false;
  #stdout = '';
  #stderr = '';

  constructor(text: string, { cwd, nodeOptions = [], wrapper = [], imports: head = imports }: ScriptOptions) {
    const node = [process.execPath, ...nodeOptions, '--input-type=module', '--eval', head + text];
    const [command = '', ...args] = [...wrapper, ...node];
    this.process = spawn(command, args, { cwd });
    standing.add(this);
    createInterface(this.process.stdout).on('line', (line) => {
      this.#stdout += `${line}\n`;
      const next = this.#waiting.shift();
      if (next === undefined) this.#lines.push(line);
      else next(line);
    });
    this.process.stderr.on('data', (chunk: Buffer) => (this.#stderr += chunk.toString()));
    this.process.stdin.on('error', () => undefined); // It may end before it has read all of its input.
    this.ended = new Promise((resolve) => {
      this.process.on('close', (code, signal) => {
        standing.delete(this);
        this.#isOver = true;
        for (const next of this.#waiting) next(undefined);
        resolve({ code, signal, stdout: this.#stdout, stderr: this.#stderr });
      });
    });
  }

  /** The next line that it prints. Throws if it ends without one. */
  async line(): Promise<string> {
    const line =
      this.#lines.shift() ??
      (this.#isOver
        ? undefined
        : await new Promise<string | undefined>((resolve) => this.#waiting.push(resolve)));
    if (line === undefined) throw new Error(`the script ended: ${JSON.stringify(await this.ended)}`);
    return line;
  }

  tell(line: string): void {
    this.process.stdin.write(`${line}\n`);
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<Ending> {
    this.process.kill(signal);
    return await this.ended;
  }
}

export function start(text: string, options: ScriptOptions): Script {
  return new Script(text, options);
}

/** Runs a script to its end. */
export async function run(text: string, options: ScriptOptions): Promise<Ending> {
  const script = start(text, options);
  script.process.stdin.end();
  return await script.ended;
}

export async function endScripts(): Promise<void> {
  for (const script of [...standing]) await script.kill();
}
