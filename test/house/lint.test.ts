/**
 * A forgotten `yield*` and a forgotten `await` fail the lint, in every form that the compiler lets pass.
 *
 * The test uses the project's own configuration. Each snippet is linted in the place of this file, because typed rules
 * need a file that belongs to the project.
 */
import { join } from 'node:path';
import { expect } from 'chai';
import { ESLint } from 'eslint';
import { projectDirectory } from '../support/paths.js';

const prelude = `
  type Protocol<T> = Generator<{ call: string }, T, unknown>;
  declare function link(from: string, to: string): Protocol<boolean>;
  declare function look(name: string): Protocol<string | undefined>;
  declare function unlink(name: string): Protocol<void>;
  declare function names(directory: string): Protocol<string[]>;
  declare function numbers(): Generator<number>;
  declare function run<T>(protocol: Protocol<T>): T;
  declare function runAll(...protocols: Protocol<boolean>[]): void;
  declare function print(...values: unknown[]): void;
  declare function same<T>(actual: T | undefined): boolean;
  declare function save(): Promise<boolean>;
  declare function load(): Promise<string>;
  declare const a: string, b: string, yes: boolean;
`;

const floating = 'holdfast/no-floating-protocol';

/** The rules that find a forgotten `await`. Snippets needn't satisfy the others. */
const rulesAboutPromises = [
  'no-floating-promises',
  'no-misused-promises',
  'no-misused-spread',
  'no-unnecessary-condition',
  'restrict-template-expressions',
  'return-await',
].map((name) => `@typescript-eslint/${name}`);

const forgottenYield = {
  'as a statement': 'link(a, b);',
  'of a protocol without a result': 'unlink(a);',
  'in a loop condition': 'while (!link(a, b)) print();',
  'in an if': 'if (link(a, b)) print();',
  'in a do loop': 'do print(); while (link(a, b));',
  'in a ternary condition': 'print(link(a, b) ? 1 : 2);',
  'in a ternary branch': 'const held = yes ? link(a, b) : false; print(held);',
  'in a comparison': 'if (look(a) === undefined) print();',
  'in a comparison of two': 'if (look(a) === look(b)) print();',
  'before &&': 'if (link(a, b) && yes) print();',
  'after &&': 'if (yes && link(a, b)) print();',
  'before ??': 'const text = look(a) ?? b; print(text);',
  'in a variable': 'const text = look(a); print(text);',
  'in a variable of type unknown': 'const text: unknown = look(a); print(text);',
  'in an assignment': 'let text; text = look(a); print(text);',
  'in a property': 'const found = { text: look(a) }; print(found);',
  'in an array': 'const found = [look(a)]; print(found);',
  'in a template': 'print(`${look(a)}`);',
  'in a switch': 'switch (look(a)) { case undefined: print(); }',
  'in for of': 'for (const name of names(a)) print(name);',
  'in a spread': 'print(...names(a));',
  'in a destructuring': 'const [first] = names(a); print(first);',
  'in a type assertion': 'const held = link(a, b) as unknown as boolean; print(held);',
  'as an argument of any type': 'print(look(a));',
  'as an argument of a type that is inferred': 'same(link(a, b));',
  'in Boolean()': 'print(Boolean(link(a, b)));',
  'with void': 'void link(a, b);',
  'with await': 'print(await link(a, b));',
  'with a yield that has no star': 'print(yield link(a, b));',
  'in what a protocol returns': 'return link(a, b);',
  'in what a callback returns': 'print([a].filter((name) => link(name, b)));',
};

const rightProtocols = {
  'under yield*': 'if (yield* link(a, b)) print(yield* look(a));',
  'as a statement under yield*': 'yield* unlink(a);',
  'as an argument': 'print(run(look(a)));',
  'as one of many arguments': 'runAll(link(a, b), link(b, a));',
  'in a variable declared as a protocol':
    'const protocol: Protocol<boolean> = link(a, b); print(run(protocol));',
  'in a property declared as a protocol': 'const c: { p: Protocol<boolean> } = { p: link(a, b) }; print(c);',
  'in an array of protocols': 'const all: Protocol<boolean>[] = []; all.push(link(a, b)); runAll(...all);',
  'in a choice that is run': 'print(yield* yes ? link(a, b) : link(b, a));',
  'handed on by a function': 'const twice = (name: string) => link(name, name); print(yield* twice(a));',
  'handed on as declared':
    'function twice(c: string): Protocol<boolean> { return link(c, c); } print(yield* twice(a));',
  'that is a plain sequence': 'for (const n of numbers()) print(n, ...numbers(), new Set(numbers()));',
};

const forgottenAwait = {
  'as a statement': 'save();',
  'in a loop condition': 'while (!save()) print();',
  'in an if': 'if (save()) print();',
  'after &&': 'if (yes && save()) print();',
  'in a ternary condition': 'print(save() ? 1 : 2);',
  'before ??': 'print(load() ?? b);',
  'in a template': 'print(`${load()}`);',
  'in a spread': 'print({ ...load() });',
  'in a callback that must not wait': '[a].forEach(async () => { await save(); });',
  'in what a condition callback returns': 'print([a].filter(() => save()));',
  'in try':
    'const f = async () => { try { return load(); } catch { return await load(); } }; print(await f());',
};

const rightPromises = {
  'under await': 'if (await save()) print(await load());',
  'in a variable that is awaited': 'const saved = save(); print(await saved);',
};

describe('the lint', () => {
  const eslint = new ESLint({ cwd: projectDirectory });

  async function broken(body: string): Promise<string[]> {
    return rulesBroken(eslint, `${prelude}\n export async function* snippet() {\n${body}\n}`);
  }

  async function brokenInProtocol(body: string): Promise<string[]> {
    return rulesBroken(
      eslint,
      `${prelude}\n export function* snippet(): Generator<unknown, unknown> {\n${body}\n}`,
    );
  }

  describe('finds a forgotten yield*', () => {
    for (const [form, body] of Object.entries(forgottenYield)) {
      it(form, async () => {
        const lint = body.includes('await') ? broken : brokenInProtocol;
        expect(await lint(body)).to.include(floating);
      });
    }
  });

  describe('lets a protocol pass', () => {
    for (const [form, body] of Object.entries(rightProtocols)) {
      it(form, async () => {
        expect(await brokenInProtocol(body)).to.deep.equal([]);
      });
    }
  });

  describe('finds a forgotten await', () => {
    for (const [form, body] of Object.entries(forgottenAwait)) {
      it(form, async () => {
        expect(await broken(body)).to.include.oneOf(rulesAboutPromises);
      });
    }
  });

  describe('lets a promise pass', () => {
    for (const [form, body] of Object.entries(rightPromises)) {
      it(form, async () => {
        expect(await broken(body)).to.deep.equal([]);
      });
    }
  });
});

async function rulesBroken(eslint: ESLint, text: string): Promise<string[]> {
  const filePath = join(projectDirectory, 'test/house/lint.test.ts');
  const results = await eslint.lintText(text, { filePath });
  const messages = results.flatMap((result) => result.messages);
  const fatal = messages.find((message) => message.fatal === true);
  if (fatal !== undefined) throw new Error(`not a snippet: ${fatal.message}`);
  return messages
    .map((message) => message.ruleId ?? message.message)
    .filter((rule) => rule === floating || rulesAboutPromises.includes(rule));
}
