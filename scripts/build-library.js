/**
 * Builds what is published: `lib/`, one ES module per entry point, with its types and source maps.
 *
 * The tests run the compiled sources in `dist/`, file by file. Users load bundles instead, because Node needs about
 * half a millisecond for each file that it loads, and `src/` has 85 of them.
 *
 * Rule: what needs write-file-atomic stays in a chunk of its own. A bundler drops unused declarations from any file,
 * but an unused import of a package only together with the whole file, which `sideEffects: false` in package.json
 * permits.
 *
 * The types are those that `tsc` wrote to `dist/src`. Their maps stay right, because `lib/types` is as deep in the
 * project as `dist/src` is. Plain JavaScript, because packing runs it where the tests aren't.
 */
import { chmodSync, cpSync, existsSync, rmSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { transform } from 'esbuild';
import { rollup } from 'rollup';

const projectDirectory = join(import.meta.dirname, '..');
const source = (/** @type {string} */ name) => join(projectDirectory, 'src', name);
const library = (/** @type {string} */ name) => join(projectDirectory, 'lib', name);

/** Each file that package.json or another file of `lib/` names, without its extension. */
const entries = {
  index: source('index.ts'),
  protocol: source('extending.ts'),
  sqlite: source('sqlite.ts'),
  zc: source('zc.ts'),
  contract: source('contract.ts'),
  command: source('command/main.ts'),
  'peer-main': source('contract/peer-main.ts'),
  'write-file-atomic': source('files/write-file-atomic.ts'),
  'write-file-atomic-bundled': source('files/write-file-atomic-bundled.ts'),
};

/** The chunk of a source that more than one entry point needs. */
function chunkOf(/** @type {string} */ path) {
  if (Object.values(entries).includes(path)) return undefined;
  const [folder = ''] = relative(source(''), path).split(sep);
  if (folder === 'files') return 'update-file';
  if (folder === 'contract') return 'contract-suite';
  return ['model', 'protocol', 'system', 'driver', 'lock'].includes(folder) ? 'lock' : undefined;
}

/** @type {import('rollup').Plugin} */
const typescript = {
  name: 'typescript',

  resolveId(specifier, importer) {
    if (importer === undefined || !specifier.startsWith('.')) return null;
    const path = resolve(dirname(importer), specifier.replace(/\.js$/, '.ts'));
    // Node and bundlers load this one in different ways: "imports" in package.json.
    return path === entries['write-file-atomic'] ? { id: '#write-file-atomic', external: true } : path;
  },

  async transform(code, id) {
    const { code: text, map } = await transform(code, {
      loader: 'ts',
      target: 'es2022',
      sourcefile: id,
      sourcemap: 'external',
      sourcesContent: false,
      tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
    });
    return { code: text, map };
  },
};

/** Builds `lib/` anew. */
export async function buildLibrary() {
  rmSync(library(''), { recursive: true, force: true });
  const bundle = await rollup({
    input: entries,
    plugins: [typescript],
    external: [/^node:/, 'write-file-atomic'],
    onLog: (_, log) => {
      throw new Error(log.message);
    },
  });
  await bundle.write({
    dir: library(''),
    format: 'es',
    chunkFileNames: '[name].js',
    manualChunks: chunkOf,
    hoistTransitiveImports: false,
    minifyInternalExports: false,
    sourcemap: true,
    sourcemapExcludeSources: true,
  });
  await bundle.close();
  chmodSync(library('command.js'), 0o755);
  copyTypes();
}

function copyTypes() {
  const compiled = join(projectDirectory, 'dist/src');
  if (!existsSync(compiled)) throw new Error('there are no types yet: run tsc first');
  cpSync(compiled, library('types'), {
    recursive: true,
    filter: (path) => !/\.js(?:\.map)?$/.test(path),
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildLibrary();
