import type { RuntimeValue } from '@huggingface/jinja';
import { areEqual, compareValues, itemsOf, templateFailure, toText } from './python-values.ts';

type Test = (value: RuntimeValue, other: RuntimeValue) => boolean;

const isType =
  (...types: readonly string[]): Test =>
  ({ type }) =>
    types.includes(type);

const ORDERS = {
  lt: (order: number) => order < 0,
  le: (order: number) => order <= 0,
  gt: (order: number) => order > 0,
  ge: (order: number) => order >= 0,
};

const ordered =
  (name: keyof typeof ORDERS): Test =>
  (value, other) =>
    ORDERS[name](compareValues(value, other));

const equals: Test = (value, other) => areEqual(value, other);
const differs: Test = (value, other) => !areEqual(value, other);
const isDefined: Test = ({ type }) => type !== 'UndefinedValue';
const hasItems = isType('ArrayValue', 'TupleValue', 'StringValue', 'ObjectValue', 'UndefinedValue');

/** Jinja's tests as jinja2 3.1 has them, by name: the library (0.5) has half, and none with an argument. */
const TESTS: Readonly<Record<string, Test>> = {
  defined: isDefined,
  undefined: isType('UndefinedValue'),
  none: isType('NullValue'),
  boolean: isType('BooleanValue'),
  true: ({ value }) => value === true,
  false: ({ value }) => value === false,
  integer: isType('IntegerValue'),
  float: isType('FloatValue'),
  number: isType('IntegerValue', 'FloatValue', 'BooleanValue'),
  string: isType('StringValue'),
  mapping: isType('ObjectValue'),
  sequence: hasItems,
  iterable: hasItems,
  callable: isType('FunctionValue'),
  odd: ({ value }) => Math.abs(Number(value)) % 2 === 1,
  even: ({ value }) => Number(value) % 2 === 0,
  divisibleby: ({ value }, other) => Number(value) % Number(other.value) === 0,
  lower: (value) => isCased(toText(value), (text) => text.toLowerCase()),
  upper: (value) => isCased(toText(value), (text) => text.toUpperCase()),
  sameas: (value, other) => value === other || (value.type === other.type && value.value === other.value),
  in: (value, other) => isIn(value, other),
  eq: equals,
  equalto: equals,
  '==': equals,
  ne: differs,
  '!=': differs,
  lt: ordered('lt'),
  lessthan: ordered('lt'),
  '<': ordered('lt'),
  le: ordered('le'),
  '<=': ordered('le'),
  gt: ordered('gt'),
  greaterthan: ordered('gt'),
  '>': ordered('gt'),
  ge: ordered('ge'),
  '>=': ordered('ge'),
};

/** @throws EngineError `invalid_request` for a test that is not known, or that a value cannot be put to */
export function passesTest(name: string, value: RuntimeValue, other: RuntimeValue | undefined): boolean {
  const test = Object.hasOwn(TESTS, name) ? TESTS[name] : undefined;
  if (test === undefined) throw templateFailure(`has a test '${name}', which is not known`);
  if (test.length > 1 && other === undefined)
    throw templateFailure(`has a test '${name}' without what it compares with`);
  return test(value, other ?? value);
}

/** Python's `in`. */
export function isIn(value: RuntimeValue, container: RuntimeValue): boolean {
  const { type, value: plain } = container;
  if (typeof plain === 'string' && value.type === 'StringValue') return plain.includes(String(value.value));
  if (plain instanceof Map) return value.type === 'StringValue' && plain.has(value.value);
  if (type === 'StringValue') throw templateFailure('looks in a text for what is no text');
  return itemsOf(container).some((item) => areEqual(item, value));
}

/** Has letters with cases, and all of them in this one. */
function isCased(text: string, toCase: (text: string) => string): boolean {
  return text === toCase(text) && text.toLowerCase() !== text.toUpperCase();
}
