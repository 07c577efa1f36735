/** The API docs: TypeDoc renders them from the sources without a warning, and documents every public name. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { Application, ReflectionKind, type DeclarationReflection, type ProjectReflection } from 'typedoc';
import { projectDirectory } from '../support/paths.js';
import { temporaryDirectory, type TemporaryDirectory } from '../support/temporary.js';

const { entryPoints: entries } = read('typedoc.json') as { entryPoints: readonly string[] };

/** Steps make sense only together, so their example is the lock in docs/reference/extending.md. */
const without = ['protocol'];

describe('the API docs', function () {
  this.timeout(120_000);

  let directory: TemporaryDirectory;
  let app: Application;
  let project: ProjectReflection;

  before(async () => {
    directory = temporaryDirectory().expect('api', 'api/');
    app = await Application.bootstrapWithPlugins({
      options: join(projectDirectory, 'typedoc.json'),
      tsconfig: join(projectDirectory, 'typedoc.tsconfig.json'),
      entryPoints: entries.map((entry) => join(projectDirectory, entry)),
      out: directory.join('api'),
      logLevel: 'Warn',
    });
    const converted = await app.convert();
    if (converted === undefined) throw new Error('TypeDoc could not read the sources: see above');
    project = converted;
  });

  it('are made without a warning, which would be printed above', async () => {
    app.validate(project);
    await app.generateOutputs(project);
    expect({ errors: app.logger.errorCount, warnings: app.logger.warningCount }).to.deep.equal({
      errors: 0,
      warnings: 0,
    });
    expect(readFileSync(directory.join('api', 'README.md'), 'utf8')).to.include('protocol');
  });

  it('are those in docs/reference/api; run `npm run docs` otherwise', () => {
    expect(filesIn(directory.join('api'))).to.deep.equal(
      filesIn(join(projectDirectory, 'docs/reference/api')),
    );
  });

  it('are of every entry of the package', () => {
    const { exports } = read('package.json') as { exports: Readonly<Record<string, { types?: string }>> };
    const types = Object.values(exports).flatMap((entry) => entry.types ?? []);
    const sources = types.map((path) => path.replace(/^\.\/lib\/types\//, 'src/').replace(/\.d\.ts$/, '.ts'));
    expect(entries.toSorted()).to.deep.equal(sources.sort());
  });

  it('have an example for every name that is exported', () => {
    const modules = (project.children ?? []).filter(({ name }) => !without.includes(name));
    const names = modules.flatMap(({ children }) => children ?? []);
    expect(names).not.to.deep.equal([]);
    expect(names.filter((name) => !hasExample(name)).map(({ name }) => name)).to.deep.equal([]);
  });
});

/** Each file's text, by its name in `folder`. */
function filesIn(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.md'),
  );
  return Object.fromEntries(names.sort().map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}

function read(name: string): unknown {
  return JSON.parse(readFileSync(join(projectDirectory, name), 'utf8'));
}

/** TypeDoc attaches a function's comment to its signatures. */
function hasExample(reflection: DeclarationReflection): boolean {
  const isCalled = reflection.kindOf(ReflectionKind.Function);
  const comments = isCalled
    ? (reflection.signatures ?? []).map(({ comment }) => comment)
    : [reflection.comment];
  return comments.some((comment) => comment?.getTag('@example') !== undefined);
}
