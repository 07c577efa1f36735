/**
 * The code blocks of the documentation, and a folder of a user in which one of them runs.
 *
 * Rule: a block runs alone, as a file of its own, in a folder that holds nothing but the installed package. So a reader
 * who copies one block has all of it.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { projectDirectory } from '../support/paths.js';

export interface Block {
  readonly language: string;
  readonly text: string;
  /** The first line that says something. */
  readonly title: string;
}

/** A page by its path in the project. */
export const readPage = (path: string): string => readFileSync(join(projectDirectory, path), 'utf8');

/** Each page that somebody wrote, by its path in the project; `docs/reference/api` is generated. */
export function allPages(): readonly string[] {
  const docs = readdirSync(join(projectDirectory, 'docs'), { recursive: true, encoding: 'utf8' })
    .map((name) => `docs/${name.replaceAll('\\', '/')}`)
    .filter((path) => path.endsWith('.md') && !/^docs\/(?:reference\/)?api\//.test(path));
  return ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...docs.sort()];
}

/** The TypeScript and JavaScript blocks of a page. */
export function blocksOf(page: string): readonly Block[] {
  return [...page.matchAll(/^```(ts|js)\n(.*?)^```$/gms)].map(([, language = '', text = '']) => ({
    language,
    text,
    title: /^(?!import|\s*$).*$/m.exec(text)?.[0] ?? text,
  }));
}

/** `console.log(x); // 5` promises the line `5`. */
export const promisedLines = (text: string) =>
  [...text.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm)].map(([, line]) => line);

/** Puts a block into an empty folder in which the built package is installed. */
export function install(directory: string, { language, text }: Block, name = 'block') {
  const expected = ['node_modules', 'node_modules/', `${name}.mts`, `${name}.mjs`];
  mkdirSync(join(directory, 'node_modules/holdfast'), { recursive: true });
  for (const part of ['package.json', 'lib']) {
    const path = join(directory, 'node_modules/holdfast', part);
    try {
      symlinkSync(join(projectDirectory, part), path, 'junction');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
  const source = join(directory, `${name}.mts`);
  const compiled = join(directory, `${name}.mjs`);
  if (language === 'ts') writeFileSync(source, text);
  const options = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 };
  writeFileSync(
    compiled,
    language === 'ts' ? ts.transpileModule(text, { compilerOptions: options }).outputText : text,
  );
  return {
    /** What the folder may hold for it. */
    expected,
    file: language === 'ts' ? source : compiled,
    /** In a home of its own: a block may lock something there. */
    run: () =>
      spawnSync(process.execPath, [compiled], {
        cwd: directory,
        encoding: 'utf8',
        env: { ...process.env, HOME: directory },
      }),
  };
}
