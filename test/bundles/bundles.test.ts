/**
 * holdfast in a bundle: one minified file, run without `node_modules`, does what the package does.
 *
 * The program is the smoke test of the runtimes. Each bundle is made from the packed package, as a user would do it.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import commonjsModule from '@rollup/plugin-commonjs';
import { nodeResolve } from '@rollup/plugin-node-resolve';
import { expect } from 'chai';
import { build, transform } from 'esbuild';
import { rollup } from 'rollup';
import { packedPackage, userEnvironment, type Packed } from '../support/packed.js';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary.js';
import { checks, type Outcome } from '../runtimes/smoke.js';

/** Its types say CommonJS, but Node loads an ES module. */
const commonjs = commonjsModule as unknown as typeof commonjsModule.default;

type Format = 'esm' | 'cjs';
/** Returns the files that are in the bundle with at least one byte of theirs. */
type Bundler = (entry: string, outfile: string, format: Format) => Promise<string[]>;

/** write-file-atomic is CommonJS and names its temporary files after `__filename`, which ES modules don't have. */
const FILENAME = 'const __filename = import.meta.filename;';

/** ES modules have no `require` either, and esbuild keeps the calls by which CommonJS packages load Node's modules. */
const REQUIRE = `
  import { createRequire as requireFor } from 'node:module';
  const require = requireFor(import.meta.url);
`;

const bundlers: Readonly<Record<string, Bundler>> = {
  async esbuild(entry, outfile, format) {
    const banner = format === 'esm' ? { banner: { js: REQUIRE + FILENAME } } : {};
    const options = { bundle: true, minify: true, platform: 'node', target: 'node20', ...banner } as const;
    const { warnings, metafile } = await build({
      entryPoints: [entry],
      outfile,
      format,
      ...options,
      logLevel: 'silent',
      metafile: true,
    });
    expect(warnings).to.deep.equal([]);
    const inputs = Object.values(metafile.outputs).flatMap((output) => Object.entries(output.inputs));
    return inputs.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([path]) => path);
  },

  async rollup(entry, file, format) {
    const warnings: string[] = [];
    const bundle = await rollup({
      input: entry,
      plugins: [nodeResolve({ preferBuiltins: true }), commonjs()],
      external: /^node:/,
      onLog: (_, { code, message }) => {
        // This warning is about the test program, whose `using` TypeScript compiled, not about the package.
        if (code !== 'THIS_IS_UNDEFINED' || !message.includes('smoke.mjs')) warnings.push(message);
      },
    });
    const minify = { name: 'minify', renderChunk: async (code: string) => await minified(code) };
    const banner = format === 'esm' ? FILENAME : '';
    const { output } = await bundle.write({ file, format, plugins: [minify], banner });
    await bundle.close();
    expect(warnings).to.deep.equal([]);
    const modules = output.flatMap((part) => (part.type === 'chunk' ? Object.entries(part.modules) : []));
    return modules.filter(([, { renderedLength }]) => renderedLength > 0).map(([path]) => path);
  },
};

/** Checks that need the package itself, or too much time. */
const notOfBundles = [
  '`require` and `import` give the same classes',
  'confined by permissions to one folder',
];

describe('a bundle', function () {
  this.timeout(120_000);

  let packed: Packed;
  let directory: TemporaryDirectory;

  before(() => {
    packed = packedPackage();
    cpSync(fileURLToPath(new URL('../runtimes/smoke.js', import.meta.url)), join(packed.user, 'smoke.mjs'));
    directory = temporaryDirectory().expect('bundles', 'bundles/');
  });

  for (const [name, bundle] of Object.entries(bundlers)) {
    for (const format of ['esm', 'cjs'] as const) {
      it(`by ${name}, ${format}, minified, does alone what the package does`, async () => {
        const file = directory.join(
          'bundles',
          `${name}-${format}`,
          format === 'esm' ? 'smoke.mjs' : 'smoke.cjs',
        );
        await bundle(join(packed.user, 'smoke.mjs'), file, format);
        expect(readdirSync(join(file, '..'))).to.have.lengthOf(1);

        const work = join(file, '../work');
        mkdirSync(work);
        const wanted = Object.keys(checks).filter((check) => !notOfBundles.includes(check));
        const outcomes = smoke(file, work, wanted);
        expect(outcomes.map(({ check }) => check)).to.deep.equal(wanted);
        const failed = outcomes.filter(({ problem }) => problem?.startsWith('skipped') === false);
        expect(failed).to.deep.equal([]);
      });
    }

    for (const [imported, needed] of Object.entries({ LockFile: false, updateJson: true })) {
      it(`by ${name} of ${imported} ${needed ? 'has' : 'has not'} write-file-atomic in it`, async () => {
        const entry = join(packed.user, `${imported}.mjs`);
        writeFileSync(entry, `import { ${imported} } from 'holdfast'; console.log(typeof ${imported});`);
        const file = directory.join('bundles', `${name}-${imported}.mjs`);
        const parts = await bundle(entry, file, 'esm');
        expect(parts.join()).to.match(/holdfast.lib.lock\.js/);
        expect(parts.some((path) => path.includes('write-file-atomic'))).to.equal(needed);
        const { stdout } = spawnSync(process.execPath, [file], { env: userEnvironment(), encoding: 'utf8' });
        expect(stdout).to.equal('function\n');
      });
    }
  }
});

async function minified(code: string): Promise<string> {
  return (await transform(code, { minify: true, target: 'node20' })).code;
}

function smoke(file: string, work: string, wanted: readonly string[]): Outcome[] {
  const options = { cwd: work, env: userEnvironment(), encoding: 'utf8' } as const;
  const { status, stdout, stderr } = spawnSync(process.execPath, [file, work, ...wanted], options);
  const lines = stdout.split('\n').filter((line) => line !== '');
  expect(status, stdout + stderr).to.equal(0);
  return lines.map((line) => JSON.parse(line) as Outcome);
}
