import type { RuntimeValue } from '@huggingface/jinja';
import {
  areEqual,
  attributeOf,
  compareValues,
  floatValue,
  integerValue,
  isTrue,
  itemsOf,
  listValue,
  templateFailure,
  textValue,
  toLiteral,
  toText,
  undefinedValue,
} from './python-values.ts';
import { capitalize, formatByPercent, titleCase } from './python-text.ts';
import { passesTest } from './python-tests.ts';

/** A filter with what a template gives it. */
export interface FilterCall {
  readonly operand: RuntimeValue;
  readonly args: readonly RuntimeValue[];
  readonly named: ReadonlyMap<string, RuntimeValue>;
  /** Any filter, by its name: `map` takes one. */
  readonly apply: (name: string, call: Omit<FilterCall, 'apply'>) => RuntimeValue;
}

type Filter = (call: FilterCall) => RuntimeValue;

/** An argument by its place or its name. */
const argument = ({ args, named }: FilterCall, index: number, name: string): RuntimeValue | undefined =>
  args[index] ?? named.get(name);

const lower = (value: RuntimeValue): RuntimeValue =>
  value.type === 'StringValue' ? textValue(toText(value).toLowerCase()) : value;

const isFlag = (value: RuntimeValue | undefined): boolean => value !== undefined && isTrue(value);

/** These filters of jinja2 make nothing of none, false and 0. */
const itemsOrNone = (value: RuntimeValue): readonly RuntimeValue[] => (isTrue(value) ? itemsOf(value) : []);

/** `select`, `selectattr` and their opposites. */
const select =
  (wanted: boolean, byAttribute: boolean): Filter =>
  ({ operand, args }) => {
    const [path, rest] = byAttribute ? [args[0], args.slice(1)] : [undefined, args];
    if (byAttribute && path === undefined) throw templateFailure('selects by an attribute without its name');
    const [name, other] = rest;
    const passes = (item: RuntimeValue): boolean => {
      const value = path === undefined ? item : attributeOf(item, path);
      return name === undefined ? isTrue(value) : passesTest(toText(name), value, other);
    };
    return listValue(itemsOrNone(operand).filter((item) => passes(item) === wanted));
  };

const map: Filter = ({ operand, args, named, apply }) => {
  const path = named.get('attribute');
  const [name, ...rest] = args;
  if (path === undefined && name === undefined)
    throw templateFailure('maps items by neither filter nor attribute');
  return listValue(
    itemsOrNone(operand).map((item) => {
      if (path === undefined) return apply(toText(name ?? item), { operand: item, args: rest, named });
      const value = attributeOf(item, path);
      return value.type === 'UndefinedValue' ? (named.get('default') ?? value) : value;
    }),
  );
};

const extreme =
  (sign: 1 | -1): Filter =>
  (call) => {
    const isExact = isFlag(argument(call, 0, 'case_sensitive'));
    const path = argument(call, 1, 'attribute');
    const keyOf = (item: RuntimeValue): RuntimeValue => {
      const value = path === undefined ? item : attributeOf(item, path);
      return isExact ? value : lower(value);
    };
    const [first, ...others] = itemsOf(call.operand);
    if (first === undefined) return undefinedValue();
    return others.reduce(
      (best, item) => (sign * compareValues(keyOf(item), keyOf(best)) > 0 ? item : best),
      first,
    );
  };

const sum: Filter = (call) => {
  const path = argument(call, 0, 'attribute');
  const values = itemsOf(call.operand).map((item) => (path === undefined ? item : attributeOf(item, path)));
  const all = [argument(call, 1, 'start') ?? integerValue(0), ...values];
  const total = all.reduce((result, { value }) => {
    if (typeof value !== 'number' && typeof value !== 'boolean')
      throw templateFailure('adds up what is no number');
    return result + Number(value);
  }, 0);
  return all.some(({ type }) => type === 'FloatValue') ? floatValue(total) : integerValue(total);
};

/** Python's `round`: halves go to the even neighbour. */
const round: Filter = (call) => {
  const { operand } = call;
  if (typeof operand.value !== 'number') throw templateFailure('rounds what is no number');
  const scale = 10 ** Number(argument(call, 0, 'precision')?.value ?? 0);
  const method = toText(argument(call, 1, 'method') ?? textValue('common'));
  const scaled = operand.value * scale;
  const rounded =
    method === 'floor' ? Math.floor(scaled) : method === 'ceil' ? Math.ceil(scaled) : toEven(scaled);
  const make = operand.type === 'IntegerValue' && method === 'common' ? integerValue : floatValue;
  return make(rounded / scale);
};

function toEven(value: number): number {
  const rounded = Math.round(value);
  return Math.abs(value % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

const length: Filter = ({ operand }) =>
  integerValue(operand.type === 'StringValue' ? Array.from(toText(operand)).length : itemsOf(operand).length);

const orDefault: Filter = (call) => {
  const { operand } = call;
  const isMissing =
    operand.type === 'UndefinedValue' || (isFlag(argument(call, 1, 'boolean')) && !isTrue(operand));
  return isMissing ? (argument(call, 0, 'default_value') ?? textValue('')) : operand;
};

const INTEGER = /^\s*[-+]?\d+(?:_\d+)*\s*$/;
const FLOAT = /^\s*[-+]?(?:\d+(?:_\d+)*\.?(?:\d+(?:_\d+)*)?|\.\d+(?:_\d+)*)(?:[eE][-+]?\d+)?\s*$/;

/** As Python reads numbers; undefined for what is none. */
function numberIn({ value }: RuntimeValue, pattern: RegExp): number | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') return Number(value);
  return typeof value === 'string' && pattern.test(value) ? Number(value.replaceAll('_', '')) : undefined;
}

const toInteger: Filter = (call) => {
  const found = numberIn(call.operand, INTEGER) ?? numberIn(call.operand, FLOAT);
  return found === undefined
    ? (argument(call, 0, 'default') ?? integerValue(0))
    : integerValue(Math.trunc(found));
};

const toFloat: Filter = (call) => {
  const found = numberIn(call.operand, FLOAT);
  return found === undefined ? (argument(call, 0, 'default') ?? floatValue(0)) : floatValue(found);
};

const unique: Filter = (call) => {
  const isExact = isFlag(argument(call, 0, 'case_sensitive'));
  const path = argument(call, 1, 'attribute');
  const seen = new Set<string>();
  const isNew = (item: RuntimeValue): boolean => {
    const value = path === undefined ? item : attributeOf(item, path);
    const key = toLiteral(isExact ? value : lower(value));
    return seen.size < seen.add(key).size;
  };
  return listValue(itemsOf(call.operand).filter(isNew));
};

const join: Filter = (call) => {
  const path = argument(call, 1, 'attribute');
  const texts = itemsOf(call.operand).map((item) =>
    toText(path === undefined ? item : attributeOf(item, path)),
  );
  return textValue(texts.join(toText(argument(call, 0, 'd') ?? textValue(''))));
};

const sort: Filter = (call) => {
  const sign = isFlag(argument(call, 0, 'reverse')) ? -1 : 1;
  const isExact = isFlag(argument(call, 1, 'case_sensitive'));
  const path = argument(call, 2, 'attribute');
  const keyOf = (item: RuntimeValue): RuntimeValue => {
    const value = path === undefined ? item : attributeOf(item, path);
    return isExact ? value : lower(value);
  };
  return listValue(itemsOf(call.operand).toSorted((a, b) => sign * compareValues(keyOf(a), keyOf(b))));
};

const replace: Filter = (call) => {
  const [from, to] = [argument(call, 0, 'old'), argument(call, 1, 'new')];
  if (from === undefined || to === undefined) throw templateFailure('replaces a text without saying by what');
  const [text, old] = [toText(call.operand), toText(from)];
  const most = argument(call, 2, 'count')?.value;
  if (typeof most !== 'number' || most < 0) return textValue(text.replaceAll(old, () => toText(to)));
  let numLeft = most;
  return textValue(text.replaceAll(old, (found) => (numLeft-- > 0 ? toText(to) : found)));
};

const batch: Filter = (call) => {
  const size = Number(argument(call, 0, 'linecount')?.value);
  if (!(size >= 1)) throw templateFailure('makes batches of no item');
  const fill = argument(call, 1, 'fill_with');
  const items = itemsOf(call.operand);
  const batches: RuntimeValue[] = [];
  for (let start = 0; start < items.length; start += size) {
    const some = items.slice(start, start + size);
    while (fill !== undefined && fill.type !== 'NullValue' && some.length < size) some.push(fill);
    batches.push(listValue(some));
  }
  return listValue(batches);
};

const groupBy: Filter = (call) => {
  const path = argument(call, 0, 'attribute') ?? textValue('');
  const fallback = argument(call, 1, 'default');
  const groups: { key: RuntimeValue; items: RuntimeValue[] }[] = [];
  for (const item of itemsOf(call.operand)) {
    const found = attributeOf(item, path);
    const key = found.type === 'UndefinedValue' ? (fallback ?? found) : found;
    const group = groups.find((one) => areEqual(lower(one.key), lower(key)));
    if (group === undefined) groups.push({ key, items: [item] });
    else group.items.push(item);
  }
  const inOrder = groups.toSorted((a, b) => compareValues(lower(a.key), lower(b.key)));
  return listValue(inOrder.map(({ key, items }) => listValue([key, listValue(items)])));
};

const indent: Filter = (call) => {
  const width = argument(call, 0, 'width') ?? integerValue(4);
  const space = width.type === 'StringValue' ? toText(width) : ' '.repeat(Number(width.value));
  const [first, blank] = [isFlag(argument(call, 1, 'first')), isFlag(argument(call, 2, 'blank'))];
  const lines = toText(call.operand).split('\n');
  const indented = lines.map((line, index) =>
    (index === 0 ? first : blank || line !== '') ? space + line : line,
  );
  return textValue(indented.join('\n'));
};

const trim: Filter = (call) => {
  const characters = argument(call, 0, 'chars');
  const text = toText(call.operand);
  if (characters === undefined || characters.type === 'NullValue') return textValue(text.trim());
  const letters = Array.from(text);
  const isOther = (letter: string): boolean => !toText(characters).includes(letter);
  return textValue(letters.slice(letters.findIndex(isOther), letters.findLastIndex(isOther) + 1).join(''));
};

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&#34;',
  "'": '&#39;',
};

const escape: Filter = ({ operand }) =>
  textValue(toText(operand).replaceAll(/[&<>"']/g, (letter) => ESCAPES[letter] ?? letter));

const ofText =
  (change: (text: string) => string): Filter =>
  ({ operand }) =>
    textValue(change(toText(operand)));

const at =
  (index: 0 | -1): Filter =>
  ({ operand }) =>
    itemsOf(operand).at(index) ?? undefinedValue();

const reverse: Filter = ({ operand }) => {
  const turned = itemsOf(operand).toReversed();
  return operand.type === 'StringValue' ? textValue(turned.map(toText).join('')) : listValue(turned);
};

/** Jinja's filters that the library (0.5) lacks, or has otherwise than jinja2 3.1, by name. */
export const FILTERS: Readonly<Record<string, Filter>> = {
  batch,
  capitalize: ofText(capitalize),
  count: length,
  d: orDefault,
  default: orDefault,
  e: escape,
  escape,
  first: at(0),
  float: toFloat,
  format: ({ operand, args }) => textValue(formatByPercent(toText(operand), args)),
  groupby: groupBy,
  indent,
  int: toInteger,
  join,
  last: at(-1),
  length,
  list: ({ operand }) => listValue(itemsOf(operand)),
  lower: ofText((text) => text.toLowerCase()),
  map,
  max: extreme(1),
  min: extreme(-1),
  reject: select(false, false),
  rejectattr: select(false, true),
  replace,
  reverse,
  round,
  select: select(true, false),
  selectattr: select(true, true),
  sort,
  string: ofText((text) => text),
  sum,
  title: ofText(titleCase),
  trim,
  unique,
  upper: ofText((text) => text.toUpperCase()),
  wordcount: ({ operand }) => integerValue(toText(operand).match(/[\p{L}\p{N}_]+/gu)?.length ?? 0),
};
