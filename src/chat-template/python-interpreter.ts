import { Interpreter, type Expression, type RuntimeValue } from '@huggingface/jinja';
import { quote } from './filters.ts';

/**
 * Runs a template as Jinja in Python does where the library (0.5) goes by JavaScript: what is printed or joined by `~`
 * is written as Python writes it (`True`, `['a']`, `{'a': 1}`), and values of different kinds are not equal.
 */
export class PythonInterpreter extends Interpreter {
  override evaluateBlock(statements: readonly Expression[], environment: object): RuntimeValue {
    const text = super.evaluateBlock([], environment);
    let written = '';
    for (const statement of statements) {
      const value = this.evaluate(statement, environment);
      // A statement gives null, too: what is none is printed as nothing.
      if (value.type !== 'NullValue') written += toText(value);
    }
    text.value = written;
    return text;
  }

  override evaluateBinaryExpression(node: Expression, environment: object): RuntimeValue {
    const operator = node.operator?.value;
    const isOurs = operator === '~' || operator === '==' || operator === '!=';
    if (!isOurs || node.left === undefined || node.right === undefined)
      return super.evaluateBinaryExpression(node, environment);
    const left = this.evaluate(node.left, environment);
    const right = this.evaluate(node.right, environment);
    if (operator !== '~')
      return this.evaluate(truth(areEqual(left, right) === (operator === '==')), environment);
    const text = super.evaluateBlock([], environment);
    text.value = toText(left) + toText(right);
    return text;
  }
}

/** The library keeps its classes of values to itself, and makes one of this. */
const truth = (isTrue: boolean): Expression => {
  const side = { type: 'IntegerLiteral', value: 1 };
  return { type: 'BinaryExpression', operator: { value: isTrue ? '<=' : '<' }, left: side, right: side };
};

/** Python's `str`; what is undefined is nothing. */
function toText(value: RuntimeValue): string {
  if (value.type === 'UndefinedValue') return '';
  return value.type === 'StringValue' ? String(value.value) : toLiteral(value);
}

/** Python's `repr`. */
function toLiteral(value: RuntimeValue): string {
  const { type, value: plain } = value;
  if (type === 'NullValue' || type === 'UndefinedValue') return 'None';
  if (type === 'BooleanValue') return plain === true ? 'True' : 'False';
  if (type === 'StringValue') return quote(String(plain));
  if (Array.isArray(plain)) {
    const items = (plain as RuntimeValue[]).map(toLiteral);
    if (type !== 'TupleValue') return `[${items.join(', ')}]`;
    return items.length === 1 ? `(${items.join('')},)` : `(${items.join(', ')})`;
  }
  if (plain instanceof Map) {
    const entries = [...(plain as Map<string, RuntimeValue>)];
    return `{${entries.map(([key, item]) => `${quote(key)}: ${toLiteral(item)}`).join(', ')}}`;
  }
  return value.toString();
}

function areEqual(left: RuntimeValue, right: RuntimeValue): boolean {
  const [a, b] = [left.value, right.value];
  if (Array.isArray(a) && Array.isArray(b)) {
    const others = b as RuntimeValue[];
    return (
      left.type === right.type &&
      a.length === b.length &&
      (a as RuntimeValue[]).every((item, index) => isEqualTo(item, others[index]))
    );
  }
  if (a instanceof Map && b instanceof Map) {
    const others = b as Map<string, RuntimeValue>;
    return (
      a.size === b.size && [...(a as typeof others)].every(([key, item]) => isEqualTo(item, others.get(key)))
    );
  }
  return isNumber(a) && isNumber(b) ? Number(a) === Number(b) : left.type === right.type && a === b;
}

const isEqualTo = (item: RuntimeValue, other: RuntimeValue | undefined): boolean =>
  other !== undefined && areEqual(item, other);

/** In Python a truth value is one. */
const isNumber = (value: unknown): boolean => typeof value === 'number' || typeof value === 'boolean';
