/**
 * Every runtime does what docs/reference/runtimes.md says of it, with the packed package.
 *
 * Not promised: to have run them all. A runtime that can't be had here (no registry, no build for this machine) is
 * skipped, and the table that is printed at the end says so.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { packedPackage, userEnvironment, type Packed } from '../support/packed.js';
import { projectDirectory } from '../support/paths.js';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary.js';
import { aliasOf, binaryOf, packageOf, renderTable, runtimes, type Runtime } from './runtimes.js';
import { checks, type Outcome } from './smoke.js';

const PATIENCE_MS = 120_000;

/** Some 900 MB, so they stay for the next run, until `npm ci` clears them away. */
const cache = join(projectDirectory, 'node_modules/.cache/holdfast-runtimes');

describe('the runtimes', function () {
  this.timeout(240_000);

  const ran: string[] = [];
  let packed: Packed;
  let directory: TemporaryDirectory;
  let trouble: string | undefined;

  before(async () => {
    packed = packedPackage();
    cpSync(fileURLToPath(new URL('smoke.js', import.meta.url)), join(packed.user, 'smoke.mjs'));
    directory = temporaryDirectory();
    trouble = await install();
  });

  after(() => {
    console.log(['', 'What ran of docs/reference/runtimes.md:', ...ran, ''].join('\n      '));
  });

  it('are told in docs/reference/runtimes.md as they are known here', () => {
    expect(readFileSync(join(projectDirectory, 'docs/reference/runtimes.md'), 'utf8')).to.include(
      renderTable(),
    );
  });

  for (const runtime of runtimes) {
    it(`${runtime.name} does what is said of it`, async function () {
      const binary = binaryOf(runtime, cache);
      if (binary === undefined) {
        ran.push(`${runtime.name}: skipped, ${trouble ?? 'there is none for this machine'}`);
        this.skip();
      }
      const outcomes = await smoke(runtime, binary, packed.user, directory.path);
      ran.push(
        `${runtime.name}: ${outcomes.filter(({ problem }) => problem === undefined).length} checks pass`,
      );
      expect(outcomes.map(({ check }) => check)).to.deep.equal(Object.keys(checks));
      const failed = outcomes.filter(
        ({ check, problem }) => problem !== undefined && !(check in runtime.known),
      );
      expect(failed).to.deep.equal([]);
      const mended = outcomes.filter(({ check, problem }) => problem === undefined && check in runtime.known);
      expect(mended, 'works by now: see runtimes.ts and docs/reference/runtimes.md').to.deep.equal([]);
    });
  }
});

/** Installs the runtimes that are neither our own nor there already; what went wrong, if something did. */
async function install(): Promise<string | undefined> {
  const missing = runtimes.filter((runtime) => binaryOf(runtime, cache) === undefined);
  const packages = missing
    .filter((runtime) => packageOf(runtime) !== undefined)
    .map((runtime) => `${aliasOf(runtime)}@npm:${packageOf(runtime) ?? ''}@${runtime.version}`);
  if (packages.length === 0) return undefined;
  mkdirSync(cache, { recursive: true });
  writeFileSync(join(cache, 'package.json'), '{ "name": "runtimes", "private": true }');
  const quietly = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', '--fetch-retries=1'];
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const { code, stderr } = await run([npm, 'install', ...quietly, ...packages], cache, PATIENCE_MS);
  return code === 0 ? undefined : `npm could not install it: ${stderr.trim().split('\n').at(-1) ?? ''}`;
}

async function smoke(runtime: Runtime, binary: string, user: string, base: string): Promise<Outcome[]> {
  const command = [binary, ...runtime.flags];
  const confined = runtime.confined === undefined ? {} : { confined: [binary, ...runtime.confined] };
  const { code, stdout, stderr } = await run([...command, join(user, 'smoke.mjs'), base], user, PATIENCE_MS, {
    SMOKE: JSON.stringify({ command, ...confined }),
  });
  if (code !== 0) throw new Error(`${runtime.name} ended with ${String(code)} after:\n${stdout}${stderr}`);
  const lines = stdout.split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as Outcome);
}

async function run(
  [command = '', ...args]: readonly string[],
  cwd: string,
  timeout: number,
  environment: NodeJS.ProcessEnv = {},
) {
  const child = spawn(command, args, { cwd, timeout, env: { ...userEnvironment(), ...environment } });
  const [stdout, stderr] = [child.stdout, child.stderr].map((stream) => {
    const chunks: string[] = [];
    stream.setEncoding('utf8').on('data', (text: string) => chunks.push(text));
    return chunks;
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout: stdout?.join('') ?? '', stderr: stderr?.join('') ?? '' };
}
