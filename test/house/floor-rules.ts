/**
 * Checks sources against the rules of the floors. It is a pure function from sources to complaints, so that tests can
 * show each rule failing on a source that was written for it.
 *
 * Rule FLOOR-1: Every folder of `src/` is in the list of floors, and every folder in the list has files. A file
 * directly in `src/` is an entry point: it holds nothing but exports from other files.
 * Rule FLOOR-2: Imports stay inside a folder or go to a lower floor, types included.
 * Rule FLOOR-3: There are no import cycles.
 * Rule FLOOR-4: `model/` and `protocol/` import neither `node:*` nor a package.
 * Rule FLOOR-5: `protocol/` has no clock, no randomness, no process, and nothing asynchronous.
 * Rule FLOOR-6: In `protocol/` a statement is never a bare expression, except `yield*`, an assignment and a count. A
 * bare call there would be a protocol that nobody runs.
 *
 * Not covered: globals under names that FLOOR-5 doesn't list. The rules catch slips, not attacks.
 */
import { posix } from 'node:path';
import ts from 'typescript';
import { folderOf, pureFolders, type Floors } from './floors.js';

/** Maps a file name, relative to `src/`, to its text. */
export type Sources = ReadonlyMap<string, string>;

const forbiddenInProtocols = new Set([
  'Atomics',
  'Date',
  'Promise',
  'clearImmediate',
  'clearInterval',
  'clearTimeout',
  'crypto',
  'globalThis',
  'performance',
  'process',
  'queueMicrotask',
  'require',
  'setImmediate',
  'setInterval',
  'setTimeout',
]);

const assignments = new Set<ts.SyntaxKind>([
  ts.SyntaxKind.EqualsToken,
  ts.SyntaxKind.PlusEqualsToken,
  ts.SyntaxKind.MinusEqualsToken,
  ts.SyntaxKind.QuestionQuestionEqualsToken,
]);

const counting = new Set<ts.SyntaxKind>([ts.SyntaxKind.PlusPlusToken, ts.SyntaxKind.MinusMinusToken]);

export function complaints(sources: Sources, floors: Floors): string[] {
  const files = [...sources].map(([name, text]) => {
    return ts.createSourceFile(name, text, ts.ScriptTarget.ES2022, true);
  });
  return [
    ...folderComplaints(sources, floors),
    ...files.filter(({ fileName }) => folderOf(fileName) === '').flatMap(entryComplaints),
    ...files.flatMap((file) => importComplaints(file, sources, floors)),
    ...cycleComplaints(files),
    ...files.filter(({ fileName }) => folderOf(fileName) === 'protocol').flatMap(protocolComplaints),
  ];
}

/** FLOOR-1. */
function folderComplaints(sources: Sources, floors: Floors): string[] {
  const folders = new Set([...sources.keys()].map(folderOf).filter((folder) => folder !== ''));
  const listed = floors.flat();
  return [
    ...[...folders]
      .filter((folder) => !listed.includes(folder))
      .map((folder) => `FLOOR-1 src/${folder}/ has no floor: add it to the list in test/house/floors.ts`),
    ...listed
      .filter((folder) => !folders.has(folder))
      .map(
        (folder) => `FLOOR-1 src/${folder}/ has no files: remove it from the list in test/house/floors.ts`,
      ),
  ];
}

/** FLOOR-1. */
function entryComplaints(file: ts.SourceFile): string[] {
  return file.statements
    .filter((statement) => !ts.isExportDeclaration(statement) || statement.moduleSpecifier === undefined)
    .map((statement) => `FLOOR-1 ${place(statement)}: an entry point only exports from other files`);
}

/** FLOOR-2 and FLOOR-4. */
function importComplaints(file: ts.SourceFile, sources: Sources, floors: Floors): string[] {
  const folder = folderOf(file.fileName);
  return importsOf(file).flatMap(({ specifier, node }) => {
    const target = resolve(file, specifier);
    if (target === undefined) {
      return pureFolders.includes(folder)
        ? [`FLOOR-4 ${place(node)}: ${folder}/ imports '${specifier}'`]
        : [];
    }
    if (!sources.has(target)) return [`FLOOR-2 ${place(node)}: '${specifier}' is not a file of src/`];
    const targetFolder = folderOf(target);
    if (targetFolder === folder || floorOf(targetFolder, floors) < floorOf(folder, floors)) return [];
    return [`FLOOR-2 ${place(node)}: '${specifier}' is not on a floor below ${folder}/`];
  });
}

/** Counted from the bottom; entry points are above all folders. FLOOR-1 reports folders without a floor. */
function floorOf(folder: string, floors: Floors): number {
  const floor = floors.findIndex((rooms) => rooms.includes(folder));
  return floor < 0 ? floors.length : floor;
}

/** FLOOR-3. Each cycle is reported once, from the file that comes first in it. */
function cycleComplaints(files: readonly ts.SourceFile[]): string[] {
  const graph = new Map(files.map((file) => [file.fileName, targetsOf(file)]));
  const finished = new Set<string>();
  const found: string[] = [];

  function visit(name: string, trail: readonly string[]): void {
    const start = trail.indexOf(name);
    if (start >= 0) found.push(`FLOOR-3 import cycle: ${[...trail.slice(start), name].join(' -> ')}`);
    if (start >= 0 || finished.has(name)) return;
    for (const target of graph.get(name) ?? []) visit(target, [...trail, name]);
    finished.add(name);
  }

  for (const name of graph.keys()) visit(name, []);
  return found;
}

function targetsOf(file: ts.SourceFile): string[] {
  return importsOf(file).flatMap(({ specifier }) => resolve(file, specifier) ?? []);
}

interface Import {
  readonly specifier: string;
  readonly node: ts.Node;
}

/** Every way to name another module: `import`, `export … from`, `import()`, and `import('…')` in a type. */
function importsOf(file: ts.SourceFile): Import[] {
  const found: Import[] = [];
  walk(file, (node) => {
    const specifier = specifierOf(node);
    if (specifier !== undefined) {
      found.push({
        specifier: ts.isStringLiteralLike(specifier) ? specifier.text : specifier.getText(),
        node,
      });
    }
  });
  return found;
}

function specifierOf(node: ts.Node): ts.Node | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier;
  if (ts.isExternalModuleReference(node)) return node.expression;
  if (ts.isImportTypeNode(node))
    return ts.isLiteralTypeNode(node.argument) ? node.argument.literal : node.argument;
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
    return node.arguments[0];
  return undefined;
}

/** The file of `src/` that a relative specifier names; undefined for a package or `node:*`. */
function resolve(file: ts.SourceFile, specifier: string): string | undefined {
  if (!/^\.{1,2}\//.test(specifier)) return undefined;
  return posix.join(posix.dirname(file.fileName), specifier).replace(/\.js$/, '.ts');
}

/** FLOOR-5 and FLOOR-6. */
function protocolComplaints(file: ts.SourceFile): string[] {
  const found: string[] = [];
  walk(file, (node) => {
    const forbidden = forbiddenWord(node);
    if (forbidden !== undefined) found.push(`FLOOR-5 ${place(node)}: ${forbidden} in protocol/`);
    if (ts.isExpressionStatement(node) && !mayStandAlone(node.expression)) {
      found.push(
        `FLOOR-6 ${place(node)}: a bare '${node.expression.getText()}' in protocol/; is a yield* missing?`,
      );
    }
  });
  return found;
}

function forbiddenWord(node: ts.Node): string | undefined {
  if (node.kind === ts.SyntaxKind.AsyncKeyword) return 'async';
  if (node.kind === ts.SyntaxKind.AwaitKeyword || ts.isAwaitExpression(node)) return 'await';
  if (ts.isVariableDeclarationList(node) && node.getFirstToken()?.kind === ts.SyntaxKind.AwaitKeyword) {
    return 'await using';
  }
  if (!ts.isIdentifier(node) || isOnlyAName(node)) return undefined;
  if (forbiddenInProtocols.has(node.text)) return node.text;
  return node.text === 'Math' && !isDeterministicMath(node) ? 'Math.random' : undefined;
}

/** A property may have the name of a global: `record.process`, `{ process: 1 }`. */
function isOnlyAName(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.name === node;
  if (ts.isQualifiedName(parent)) return parent.right === node;
  if (ts.isPropertyAssignment(parent) || ts.isPropertySignature(parent)) return parent.name === node;
  return false;
}

/** `Math.max` is; `Math.random`, `Math[name]` and `const { random } = Math` are not. */
function isDeterministicMath(node: ts.Identifier): boolean {
  return ts.isPropertyAccessExpression(node.parent) && node.parent.name.text !== 'random';
}

function mayStandAlone(expression: ts.Expression): boolean {
  if (ts.isYieldExpression(expression)) return expression.asteriskToken !== undefined;
  if (ts.isBinaryExpression(expression)) return assignments.has(expression.operatorToken.kind);
  if (ts.isPostfixUnaryExpression(expression)) return true;
  // `push` collects answers; it is not a protocol that somebody forgot to run.
  if (ts.isCallExpression(expression) && expression.expression.getText().endsWith('.push')) return true;
  return ts.isPrefixUnaryExpression(expression) && counting.has(expression.operator);
}

function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, (child) => {
    walk(child, visit);
  });
}

function place(node: ts.Node): string {
  const file = node.getSourceFile();
  const { line } = file.getLineAndCharacterOfPosition(node.getStart());
  return `src/${file.fileName}:${line + 1}`;
}
