import { Environment, type RuntimeValue } from '@huggingface/jinja';
import { EngineError } from '../errors.ts';
import { quote } from './filters.ts';

/** The library (0.5) keeps its classes of values to itself: each is had from a value that it made. */
const classOf = (plain: unknown): new (value?: unknown) => RuntimeValue =>
  (new Environment().set('value', plain) as object).constructor as new (value?: unknown) => RuntimeValue;

const Text = classOf('');
const Integer = classOf(0);
const Float = classOf(0.5);
const Truth = classOf(true);
const List = classOf([]);
const Undefined = classOf(undefined);
const None = classOf(null);
const Mapping = classOf({});
const Callable = classOf(() => null);

export const textValue = (text: string): RuntimeValue => new Text(text);
export const integerValue = (value: number): RuntimeValue => new Integer(value);
export const floatValue = (value: number): RuntimeValue => new Float(value);
export const truthValue = (isTrue: boolean): RuntimeValue => new Truth(isTrue);
export const listValue = (items: readonly RuntimeValue[]): RuntimeValue => new List(items);
export const nullValue = (): RuntimeValue => new None(null);
export const mappingValue = (entries: Readonly<Record<string, RuntimeValue>>): RuntimeValue =>
  new Mapping(new Map(Object.entries(entries)));
export const functionValue = (call: (args: readonly RuntimeValue[]) => RuntimeValue): RuntimeValue =>
  new Callable(call);
export const undefinedValue = (): RuntimeValue => new Undefined();

/** Python's `str`; what is undefined is nothing. */
export function toText(value: RuntimeValue): string {
  if (value.type === 'UndefinedValue') return '';
  return value.type === 'StringValue' ? String(value.value) : toLiteral(value);
}

/** Python's `repr`. */
export function toLiteral(value: RuntimeValue): string {
  const { type, value: plain } = value;
  if (type === 'NullValue') return 'None';
  if (type === 'UndefinedValue') return 'Undefined';
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

/** Python's `==`: values of different kinds are not equal, except numbers and truth values. */
export function areEqual(left: RuntimeValue, right: RuntimeValue): boolean {
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
const isNumber = (value: unknown): value is number | boolean =>
  typeof value === 'number' || typeof value === 'boolean';

/**
 * Python's order: below 0 where the left one is smaller.
 * @throws EngineError `invalid_request` for values that have none
 */
export function compareValues(left: RuntimeValue, right: RuntimeValue): number {
  const [a, b] = [left.value, right.value];
  if (isNumber(a) && isNumber(b)) return Number(a) - Number(b);
  if (typeof a === 'string' && typeof b === 'string') return compareTexts(a, b);
  if (!Array.isArray(a) || !Array.isArray(b))
    throw templateFailure(`compares ${kindOf(left)} with ${kindOf(right)}`);
  const others = b as RuntimeValue[];
  for (const [index, item] of (a as RuntimeValue[]).entries()) {
    const other = others[index];
    const order = other === undefined ? 1 : areEqual(item, other) ? 0 : compareValues(item, other);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** By code points, where JavaScript goes by halves of them. */
function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  let at = 0;
  while (a.codePointAt(at) === b.codePointAt(at)) at++;
  return (a.codePointAt(at) ?? -1) - (b.codePointAt(at) ?? -1);
}

/**
 * What a loop over a value meets; of a mapping its keys, of what is undefined nothing.
 * @throws EngineError `invalid_request` for a value without items
 */
export function itemsOf(value: RuntimeValue): readonly RuntimeValue[] {
  const { type, value: plain } = value;
  if (Array.isArray(plain)) return plain as RuntimeValue[];
  if (typeof plain === 'string') return Array.from(plain, textValue);
  if (plain instanceof Map) return [...(plain as Map<string, unknown>).keys()].map(textValue);
  if (type === 'UndefinedValue') return [];
  throw templateFailure(`goes through the items of ${kindOf(value)}`);
}

/** Python's `dict`: of a mapping or a list of pairs, and of named values. */
export function toMapping(args: readonly RuntimeValue[]): RuntimeValue {
  const entries = new Map<string, RuntimeValue>();
  for (const given of args) {
    const pairs =
      given.value instanceof Map
        ? [...(given.value as Map<string, RuntimeValue>)]
        : itemsOf(given).map((pair) => [toText(itemAt(pair, '0')), itemAt(pair, '1')] as const);
    for (const [key, value] of pairs) entries.set(key, value);
  }
  return new Mapping(entries);
}

/** What jinja2's filters find by an attribute: keys and indices with points between them. */
export function attributeOf(value: RuntimeValue, path: RuntimeValue): RuntimeValue {
  const keys = typeof path.value === 'number' ? [String(path.value)] : toText(path).split('.');
  return keys.reduce(itemAt, value);
}

function itemAt({ value }: RuntimeValue, key: string): RuntimeValue {
  const found: unknown =
    value instanceof Map
      ? value.get(key)
      : Array.isArray(value) && /^\d+$/.test(key)
        ? value[Number(key)]
        : undefined;
  return found === undefined ? undefinedValue() : (found as RuntimeValue);
}

/** Python's `bool`. */
export function isTrue({ value }: RuntimeValue): boolean {
  if (Array.isArray(value)) return value.length > 0;
  return value instanceof Map ? value.size > 0 : Boolean(value);
}

const KINDS: Readonly<Record<string, string>> = {
  NullValue: 'none',
  UndefinedValue: 'what is undefined',
  BooleanValue: 'a truth value',
  StringValue: 'a text',
  IntegerValue: 'a number',
  FloatValue: 'a number',
  ArrayValue: 'a list',
  TupleValue: 'a list',
  ObjectValue: 'a mapping',
};

const kindOf = ({ type }: RuntimeValue): string => KINDS[type] ?? type;

export const templateFailure = (what: string): EngineError =>
  new EngineError('invalid_request', `the model's chat template ${what}`, { param: 'messages' });
