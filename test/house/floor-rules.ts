/**
 * Checks sources against the rules that come with their floors. Pure: sources in, complaints out, so that each
 * rule can be shown to fail on a source written for it.
 *
 * F1. Every file of `src/` is in the table of floors, and every file in the table exists.
 * F2. Imports go to the same floor or down, never up; types count too.
 * F3. No import cycles.
 * F4. Floors 0 and 1 import neither `node:*` nor a package.
 * F5. Floor 1 has no clock, no randomness, no process, and nothing asynchronous.
 * F6. On floor 1 a statement is never a bare expression, save `yield*`, an assignment and a count: a call there
 *     is a protocol that nobody runs.
 *
 * Not promised: a global reached by a name that F5 doesn't list. It is there to catch a slip, not an attack.
 */
import { posix } from 'node:path';
import ts from 'typescript';
import type { Floor } from './floors.js';

type Floors = Readonly<Record<string, Floor>>;
/** File name, relative to `src/`, to its text. */
export type Sources = ReadonlyMap<string, string>;

const forbiddenOnFloor1 = new Set([
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
    ...tableComplaints(sources, floors),
    ...files.flatMap((file) => importComplaints(file, sources, floors)),
    ...cycleComplaints(files),
    ...files.filter((file) => floors[file.fileName] === 1).flatMap(floor1Complaints),
  ];
}

/** F1. */
function tableComplaints(sources: Sources, floors: Floors): string[] {
  const homeless = [...sources.keys()].filter((name) => floors[name] === undefined);
  const gone = Object.keys(floors).filter((name) => !sources.has(name));
  return [
    ...homeless.map((name) => `F1 src/${name} has no floor: add it to the table in test/house/floors.ts`),
    ...gone.map((name) => `F1 src/${name} does not exist: remove it from the table in test/house/floors.ts`),
  ];
}

/** F2 and F4. */
function importComplaints(file: ts.SourceFile, sources: Sources, floors: Floors): string[] {
  const floor = floors[file.fileName];
  if (floor === undefined) return [];
  return importsOf(file).flatMap(({ specifier, node }) => {
    const target = resolve(file, specifier);
    if (target === undefined) {
      return floor <= 1 ? [`F4 ${place(node)}: floor ${floor} imports '${specifier}'`] : [];
    }
    if (!sources.has(target)) return [`F2 ${place(node)}: '${specifier}' is not a file of src/`];
    const targetFloor = floors[target];
    if (targetFloor === undefined || targetFloor <= floor) return [];
    return [`F2 ${place(node)}: floor ${floor} imports '${specifier}' from floor ${targetFloor} above it`];
  });
}

/** F3. Each cycle is told once, from the file that comes first in it. */
function cycleComplaints(files: readonly ts.SourceFile[]): string[] {
  const graph = new Map(files.map((file) => [file.fileName, targetsOf(file)]));
  const finished = new Set<string>();
  const found: string[] = [];

  function visit(name: string, trail: readonly string[]): void {
    const start = trail.indexOf(name);
    if (start >= 0) found.push(`F3 import cycle: ${[...trail.slice(start), name].join(' -> ')}`);
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

/** F5 and F6. */
function floor1Complaints(file: ts.SourceFile): string[] {
  const found: string[] = [];
  walk(file, (node) => {
    const forbidden = forbiddenWord(node);
    if (forbidden !== undefined) found.push(`F5 ${place(node)}: ${forbidden} on floor 1`);
    if (ts.isExpressionStatement(node) && !mayStandAlone(node.expression)) {
      found.push(`F6 ${place(node)}: a bare '${node.expression.getText()}' on floor 1; is a yield* missing?`);
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
  if (forbiddenOnFloor1.has(node.text)) return node.text;
  return node.text === 'Math' && !isDeterministicMath(node) ? 'Math.random' : undefined;
}

/** A property's name says nothing of the global that is called the same: `record.process`, `{ process: 1 }`. */
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
  // Collecting answers is no protocol that somebody forgot to run.
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
