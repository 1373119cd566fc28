import { Environment, Interpreter, type Expression, type RuntimeValue } from '@huggingface/jinja';
import { CHAINED } from './comparison-chains.ts';
import { LoopSignal, LoopState } from './python-loop.ts';
import { FILTERS, type FilterCall } from './python-filters.ts';
import { isIn, passesTest } from './python-tests.ts';
import { formatByPercent, TEXT_METHODS } from './python-text.ts';
import {
  areEqual,
  compareValues,
  integerValue,
  isTrue,
  itemsOf,
  nullValue,
  templateFailure,
  textValue,
  toText,
  truthValue,
} from './python-values.ts';
import { NEGATED_TEST, TEST } from './test-arguments.ts';

/** What writes nothing, and gives null as an expression that is none does. */
const SILENT: ReadonlySet<string> = new Set(['Set', 'Macro', 'Comment']);
/** What a block has written, which no template can name. */
const BLOCK = ' block';
/** Of a text that is repeated. */
const MAX_REPEATED = 2 ** 20;

type Operator = (left: RuntimeValue, right: RuntimeValue) => RuntimeValue | undefined;

const ordered =
  (holds: (order: number) => boolean): Operator =>
  (left, right) =>
    truthValue(holds(compareValues(left, right)));

/** Operators as Python has them; undefined for operands that are left to the library. */
const OPERATORS: Readonly<Record<string, Operator>> = {
  '==': (left, right) => truthValue(areEqual(left, right)),
  '!=': (left, right) => truthValue(!areEqual(left, right)),
  '~': (left, right) => textValue(toText(left) + toText(right)),
  in: (left, right) => truthValue(isIn(left, right)),
  'not in': (left, right) => truthValue(!isIn(left, right)),
  '<': ordered((order) => order < 0),
  '<=': ordered((order) => order <= 0),
  '>': ordered((order) => order > 0),
  '>=': ordered((order) => order >= 0),
  '%': (left, right) => {
    if (left.type === 'StringValue') {
      const isSeveral = right.type === 'TupleValue';
      return textValue(formatByPercent(toText(left), isSeveral ? itemsOf(right) : [right]));
    }
    if (left.type !== 'IntegerValue' || right.type !== 'IntegerValue') return undefined;
    const [a, b] = [Number(left.value), Number(right.value)];
    // The sign is that of the divisor.
    return integerValue(((a % b) + b) % b);
  },
  '*': (left, right) => {
    if (left.type !== 'StringValue' || right.type !== 'IntegerValue') return undefined;
    const [text, times] = [toText(left), Math.max(0, Number(right.value))];
    if (text.length * times > MAX_REPEATED) throw templateFailure(`repeats a text ${times} times`);
    return textValue(text.repeat(times));
  },
};

const isChained = ({ operator }: Expression): boolean => operator?.value.startsWith(CHAINED) === true;

/**
 * Runs a template as Jinja in Python does where the library (0.5) goes by JavaScript or lacks something: what is printed is
 * written as Python writes it (`True`, `['a']`, `{'a': 1}`), values are compared as Python compares them, and filters,
 * tests and methods of texts are those of jinja2.
 */
export class PythonInterpreter extends Interpreter {
  override evaluateBlock(statements: readonly Expression[], environment: Environment): RuntimeValue {
    let written = '';
    for (const statement of statements) {
      if (statement.type === 'Break' || statement.type === 'Continue')
        throw new LoopSignal(statement.type, written);
      const value = this.#evaluateIn(statement, environment, written);
      if (value.type !== 'NullValue' || !SILENT.has(statement.type)) written += toText(value);
    }
    return textValue(written);
  }

  /** With what was written before, should the statement break off the pass of a loop. */
  #evaluateIn(statement: Expression, environment: Environment, written: string): RuntimeValue {
    try {
      return this.evaluate(statement, environment);
    } catch (error) {
      if (error instanceof LoopSignal) throw new LoopSignal(error.ending, written + error.text);
      throw error;
    }
  }

  override evaluateBinaryExpression(node: Expression, environment: Environment): RuntimeValue {
    const name = node.operator?.value ?? '';
    if (isChained(node)) return this.#compareInChain(node, environment);
    const operator = Object.hasOwn(OPERATORS, name) ? OPERATORS[name] : undefined;
    if (operator === undefined || node.left === undefined || node.right === undefined)
      return super.evaluateBinaryExpression(node, environment);
    const left = this.evaluate(node.left, environment);
    const right = this.evaluate(node.right, environment);
    const found = operator(left, right);
    if (found !== undefined) return found;
    const scope = new Scope(environment);
    return super.evaluateBinaryExpression(
      { ...node, left: scope.bind(left), right: scope.bind(right) },
      scope.environment,
    );
  }

  /** `a < b < c`: each value is computed once, and none behind a comparison that fails. */
  #compareInChain(last: Expression, environment: Environment): RuntimeValue {
    const comparisons: Expression[] = [];
    for (let at: Expression | undefined = last; at !== undefined; at = isChained(at) ? at.left : undefined)
      comparisons.unshift(at);
    const [{ left: first } = last] = comparisons;
    let left = this.evaluate(first ?? last, environment);
    let result = left;
    for (const { operator, right: next } of comparisons) {
      const compare = OPERATORS[(operator?.value ?? '').replace(CHAINED, '')];
      if (compare === undefined || next === undefined) throw templateFailure('compares nothing in a chain');
      const right = this.evaluate(next, environment);
      result = compare(left, right) ?? nullValue();
      if (!isTrue(result)) break;
      left = right;
    }
    return result;
  }

  override evaluateFilterExpression(node: Expression, environment: Environment): RuntimeValue {
    const { operand, filter } = node;
    if (operand === undefined || filter === undefined)
      return super.evaluateFilterExpression(node, environment);
    const name = String(filter.type === 'CallExpression' ? filter.callee?.value : filter.value);
    const value = this.evaluate(operand, environment);
    const [args, named] = this.evaluateArguments(filter.args ?? [], environment);
    return this.#filter(name, { operand: value, args, named }, environment);
  }

  #filter(name: string, call: Omit<FilterCall, 'apply'>, environment: Environment): RuntimeValue {
    const { operand, args, named } = call;
    if (name.startsWith(TEST)) return truthValue(passesTest(name.slice(TEST.length), operand, args[0]));
    if (name.startsWith(NEGATED_TEST))
      return truthValue(!passesTest(name.slice(NEGATED_TEST.length), operand, args[0]));
    const filter = Object.hasOwn(FILTERS, name) ? FILTERS[name] : undefined;
    if (filter !== undefined)
      return filter({ ...call, apply: (other, its) => this.#filter(other, its, environment) });
    const scope = new Scope(environment);
    const given = [
      ...args.map((value) => scope.bind(value)),
      ...[...named].map(([key, value]) => ({
        type: 'KeywordArgumentExpression',
        key: { value: key },
        value: scope.bind(value),
      })),
    ];
    const called: Expression = { type: 'Identifier', value: name };
    return this.applyFilter(
      operand,
      given.length === 0 ? called : { type: 'CallExpression', callee: called, args: given },
      scope.environment,
    );
  }

  override evaluateTestExpression(node: Expression, environment: Environment): RuntimeValue {
    const { operand, test, negate = false } = node;
    if (operand === undefined) return super.evaluateTestExpression(node, environment);
    const passes = passesTest(String(test?.value), this.evaluate(operand, environment), undefined);
    return truthValue(passes !== negate);
  }

  override evaluateCallExpression(node: Expression, environment: Environment): RuntimeValue {
    const { callee, args = [] } = node;
    const name = String(callee?.property?.value);
    const isMethod = callee?.type === 'MemberExpression' && callee.computed !== true;
    if (!isMethod || callee.object === undefined || !Object.hasOwn(TEXT_METHODS, name))
      return super.evaluateCallExpression(node, environment);
    const object = this.evaluate(callee.object, environment);
    if (object.type === 'StringValue') {
      const [given] = this.evaluateArguments(args, environment);
      const method = TEXT_METHODS[name];
      if (method !== undefined) return method(String(object.value), given);
    }
    const scope = new Scope(environment);
    const bound = { ...callee, object: scope.bind(object) };
    return super.evaluateCallExpression({ ...node, callee: bound }, scope.environment);
  }

  /**
   * A loop goes through the characters of a text, too, and does nothing for what is undefined. What one pass sets, the next
   * does not see, and what a pass writes before it is broken off stays: the library has both otherwise.
   */
  override evaluateFor(node: Expression, environment: Environment): RuntimeValue {
    const { iterable, loopvar, defaultBlock = [], body = [] } = node;
    const isSelected = iterable?.type === 'SelectExpression';
    const [list, test] = isSelected ? [iterable.lhs, iterable.test] : [iterable, undefined];
    if (list === undefined || loopvar === undefined) return super.evaluateFor(node, environment);
    const passOf = (item: RuntimeValue): Environment => {
      const scope = new Environment(environment);
      this.#assign(loopvar, item, scope);
      return scope;
    };
    const isWanted = (item: RuntimeValue): boolean =>
      test === undefined || isTrue(this.evaluate(test, passOf(item)));
    const items = itemsOf(this.evaluate(list, environment)).filter(isWanted);
    const loop = new LoopState(items);
    let written = '';
    let isWithoutPass = true;
    for (const [index, item] of items.entries()) {
      const scope = passOf(item);
      scope.setVariable('loop', loop.valueAt(index));
      const { text, ending } = this.#runPass(body, scope);
      written += text;
      if (ending === undefined) isWithoutPass = false;
      if (ending === 'Break') break;
    }
    // In jinja2 a pass that was broken off is none.
    if (isWithoutPass) written += toText(this.evaluateBlock(defaultBlock, new Environment(environment)));
    return textValue(written);
  }

  #runPass(body: readonly Expression[], scope: Environment): { text: string; ending?: string } {
    try {
      return { text: toText(this.evaluateBlock(body, scope)) };
    } catch (error) {
      if (error instanceof LoopSignal) return { text: error.text, ending: error.ending };
      throw error;
    }
  }

  /** One variable, or several that share the items of a value. */
  #assign(target: Expression, value: RuntimeValue, scope: Environment): void {
    if (target.type !== 'TupleLiteral') {
      scope.setVariable(String(target.value), value);
      return;
    }
    const targets = target.value as readonly Expression[];
    const items = itemsOf(value);
    if (items.length !== targets.length)
      throw templateFailure(`gives ${items.length} values to ${targets.length} variables`);
    for (const [index, item] of items.entries()) {
      const inner = targets[index];
      if (inner !== undefined) this.#assign(inner, item, scope);
    }
  }

  /** What is set while a block is written, is not seen behind it. */
  override evaluateSet(node: Expression, environment: Environment): RuntimeValue {
    const { assignee, value, body = [] } = node;
    const isBlock = (value ?? null) === null;
    if (assignee?.type === 'TupleLiteral' && !isBlock && value !== undefined) {
      this.#assign(assignee, this.evaluate(value as Expression, environment), environment);
      return nullValue();
    }
    if (!isBlock) return super.evaluateSet(node, environment);
    environment.setVariable(BLOCK, this.evaluateBlock(body, new Environment(environment)));
    return super.evaluateSet({ ...node, value: { type: 'Identifier', value: BLOCK } }, environment);
  }
}

/** An environment in which values that were computed have names, which no template can write. */
class Scope {
  readonly environment: Environment;
  #numBound = 0;

  constructor(parent: Environment) {
    this.environment = new Environment(parent);
  }

  bind(value: RuntimeValue): Expression {
    const name = ` ${this.#numBound++}`;
    this.environment.setVariable(name, value);
    return { type: 'Identifier', value: name };
  }
}
