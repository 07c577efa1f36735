/**
 * A lint rule: no call creates a generator that nobody asked for.
 *
 * A protocol is a generator. A generator that isn't run is an object, and objects are truthy: without its `yield*`,
 * `while (!link(a, b))` falls through as if we had the lock, and the compiler accepts it.
 *
 * Rule: a call of a generator function stands under `yield*`, or where the declared type is a generator: an argument, a
 * variable, a property or a result. The parameter in `f<T>(value: T)` doesn't count. A function that isn't a generator
 * and has no declared result may return one. A generator without a result, a plain sequence, may also be iterated.
 *
 * Not covered: a variable that is declared as a protocol and never run.
 *
 * This is JavaScript, because the lint runs before the build. The compiler checks it nevertheless.
 */
import ts from 'typescript';

const sequences = new Set(['Iterable', 'Iterator', 'IterableIterator', 'IteratorObject']);

/** @typedef {{ program: ts.Program, esTreeNodeToTSNodeMap: { get(node: unknown): ts.Node } }} TypedServices */

/** @type {import('eslint').Rule.RuleModule} */
export const noFloatingProtocol = {
  meta: {
    type: 'problem',
    docs: {
      description: 'require every protocol to be run by `yield*`, or handed to somebody who asks for one',
    },
    messages: { floating: 'This makes a protocol, but does not run it: is a `yield*` missing?' },
    schema: [],
  },

  create(context) {
    // eslint-disable-next-line @typescript-eslint/no-unsafe-assignment -- the lint doesn't see a cast in a comment
    const services = /** @type {TypedServices} */ (context.sourceCode.parserServices);
    const checker = services.program.getTypeChecker();

    return {
      CallExpression(node) {
        const call = services.esTreeNodeToTSNodeMap.get(node);
        if (!ts.isCallExpression(call)) return;
        const made = generatorIn(checker.getTypeAtLocation(call));
        if (made !== undefined && !isAskedFor(wholeExpression(call), made, checker)) {
          context.report({ node, messageId: 'floating' });
        }
      },
    };
  },
};

/**
 * The expression whose value is this one's: `(a)`, `a!`, `b ? a : c`, `b ?? a`, `(b, a)`.
 * Not the left side of `??`, `||` and `&&`, which is tested for its value.
 *
 * @param {ts.Expression} expression
 * @returns {ts.Expression}
 */
function wholeExpression(expression) {
  const { parent } = expression;
  if (
    ts.isParenthesizedExpression(parent) ||
    ts.isNonNullExpression(parent) ||
    (ts.isConditionalExpression(parent) && parent.condition !== expression)
  ) {
    return wholeExpression(parent);
  }
  const handsOn = [
    ts.SyntaxKind.QuestionQuestionToken,
    ts.SyntaxKind.BarBarToken,
    ts.SyntaxKind.AmpersandAmpersandToken,
    ts.SyntaxKind.CommaToken,
  ];
  if (
    ts.isBinaryExpression(parent) &&
    parent.right === expression &&
    handsOn.includes(parent.operatorToken.kind)
  ) {
    return wholeExpression(parent);
  }
  return expression;
}

/**
 * @param {ts.Expression} expression
 * @param {ts.Type} made
 * @param {ts.TypeChecker} checker
 * @returns {boolean}
 */
function isAskedFor(expression, made, checker) {
  const { parent } = expression;
  if (ts.isYieldExpression(parent)) return parent.asteriskToken !== undefined;
  const isSequence = !hasResult(made, checker);
  if (isSequence && isIterated(parent)) return true;
  if (isOfInferredType(expression, checker)) return false;
  const wanted = checker.getContextualType(expression);
  if (wanted === undefined) return isHandedOn(expression);
  return partsOf(wanted, checker).some((part) => {
    const name = part.getSymbol()?.name;
    return isGenerator(part) || (isSequence && name !== undefined && sequences.has(name));
  });
}

/**
 * Whether a function that isn't a generator returns this expression.
 *
 * @param {ts.Expression} expression
 */
function isHandedOn(expression) {
  const { parent } = expression;
  if (ts.isArrowFunction(parent)) return true;
  if (!ts.isReturnStatement(parent)) return false;
  const owner = ts.findAncestor(parent, ts.isFunctionLike);
  return owner !== undefined && !('asteriskToken' in owner && owner.asteriskToken !== undefined);
}

/**
 * Whether the expression is an argument for `value: T`, where T is inferred from it: `Boolean(value)`.
 *
 * @param {ts.Expression} expression
 * @param {ts.TypeChecker} checker
 */
function isOfInferredType(expression, checker) {
  const call = expression.parent;
  if (!ts.isCallExpression(call) && !ts.isNewExpression(call)) return false;
  const index = call.arguments?.indexOf(expression) ?? -1;
  const declaration = checker.getResolvedSignature(call)?.getDeclaration();
  if (index < 0 || declaration === undefined) return false;
  const parameter = declaration.parameters[Math.min(index, declaration.parameters.length - 1)];
  if (parameter === undefined) return false;
  const own = new Set((declaration.typeParameters ?? []).map((node) => checker.getTypeAtLocation(node)));
  const declared = checker.getTypeAtLocation(parameter);
  const isRest = parameter.dotDotDotToken !== undefined;
  const wanted = isRest ? (checker.getIndexTypeOfType(declared, ts.IndexKind.Number) ?? declared) : declared;
  return (wanted.isUnion() ? wanted.types : [wanted]).some((type) => own.has(type));
}

/** @param {ts.Node} parent */
function isIterated(parent) {
  if (ts.isVariableDeclaration(parent)) return ts.isArrayBindingPattern(parent.name);
  return ts.isForOfStatement(parent) || ts.isSpreadElement(parent);
}

/**
 * @param {ts.Type} type
 * @returns {ts.Type | undefined}
 */
function generatorIn(type) {
  return type.isUnion() ? type.types.find(isGenerator) : isGenerator(type) ? type : undefined;
}

/** @param {ts.Type} type */
function isGenerator(type) {
  return type.getSymbol()?.name === 'Generator';
}

/**
 * `Generator<Step, Result, unknown>` has a result unless Result is void. Iterating the generator would lose it.
 *
 * @param {ts.Type} generator
 * @param {ts.TypeChecker} checker
 */
function hasResult(generator, checker) {
  const result = checker.getTypeArguments(/** @type {ts.TypeReference} */ (generator))[1];
  return (
    result !== undefined &&
    (result.flags & (ts.TypeFlags.Void | ts.TypeFlags.Undefined | ts.TypeFlags.Any)) === 0
  );
}

/**
 * @param {ts.Type} type
 * @param {ts.TypeChecker} checker
 */
function partsOf(type, checker) {
  const known = checker.getBaseConstraintOfType(type) ?? type;
  return known.isUnion() ? known.types : [known];
}
