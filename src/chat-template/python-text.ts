import type { RuntimeValue } from '@huggingface/jinja';
import {
  integerValue,
  itemsOf,
  listValue,
  templateFailure,
  textValue,
  toLiteral,
  toText,
  truthValue,
} from './python-values.ts';

export const capitalize = (text: string): string => {
  const [first = '', ...rest] = Array.from(text);
  return first.toUpperCase() + rest.join('').toLowerCase();
};

/** Jinja's `title`: it parts words at white space, hyphens and opening brackets. */
export const titleCase = (text: string): string =>
  text
    .split(/([-\s({[<]+)/)
    .map(capitalize)
    .join('');

const DIRECTIVE = /%(?<flags>[-0+ ]*)(?<width>\d{0,3})(?:\.(?<digits>\d{1,2}))?(?<letter>[srdif%])/g;

/** Python's `%` of a text, with the directives that templates use; others stand as they are. */
export function formatByPercent(template: string, values: readonly RuntimeValue[]): string {
  const next = values.values();
  return template.replaceAll(DIRECTIVE, (...match: unknown[]) => {
    const { flags, width, digits, letter } = match.at(-1) as Record<string, string | undefined>;
    if (letter === '%') return '%';
    const value = next.next().value;
    if (value === undefined) throw templateFailure('formats a text with too few values');
    const text = writeDirective(letter ?? 's', value, digits);
    const fill = flags?.includes('0') === true && letter !== 's' && letter !== 'r' ? '0' : ' ';
    const size = Number(width ?? 0);
    return flags?.includes('-') === true ? text.padEnd(size) : text.padStart(size, fill);
  });
}

function writeDirective(letter: string, value: RuntimeValue, digits: string | undefined): string {
  if (letter === 's') return toText(value);
  if (letter === 'r') return toLiteral(value);
  if (typeof value.value !== 'number' && typeof value.value !== 'boolean')
    throw templateFailure(`formats what is no number by %${letter}`);
  const number = Number(value.value);
  return letter === 'f' ? number.toFixed(Number(digits ?? 6)) : String(Math.trunc(number));
}

type Method = (text: string, args: readonly RuntimeValue[]) => RuntimeValue;

/** An argument that must be a text. */
function textOf(args: readonly RuntimeValue[], index = 0): string {
  const value = args[index];
  if (value?.type === 'StringValue') return String(value.value);
  throw templateFailure('calls a method of texts with what is no text');
}

const isAll =
  (pattern: RegExp): Method =>
  (text) =>
    truthValue(pattern.test(text));

/** A place is counted in characters, where JavaScript counts halves of some. */
const placeOf = (text: string, at: number): number => (at < 0 ? at : Array.from(text.slice(0, at)).length);

function rsplit(text: string, args: readonly RuntimeValue[]): string[] {
  const [separator, most] = args;
  const isBySpace = separator === undefined || separator.type === 'NullValue';
  const parts = isBySpace ? (text.match(/\S+/g) ?? []) : text.split(textOf(args));
  const limit = Number(most?.value ?? -1);
  if (limit < 0 || parts.length <= limit + 1) return parts;
  if (isBySpace) throw templateFailure('calls rsplit with a limit and without a separator');
  const numJoined = parts.length - limit;
  return [parts.slice(0, numJoined).join(textOf(args)), ...parts.slice(numJoined)];
}

function partition(text: string, separator: string, at: number): RuntimeValue {
  const parts = [text.slice(0, at), separator, text.slice(at + separator.length)];
  return listValue(parts.map(textValue));
}

/** `{}`, `{0}` and no other form. */
function formatByBraces(template: string, args: readonly RuntimeValue[]): string {
  let next = 0;
  return template.replaceAll(/\{\{|\}\}|\{(\d*)\}|[{}]/g, (brace, index: string | undefined) => {
    if (brace === '{{' || brace === '}}') return brace.slice(1);
    const value = index === undefined ? undefined : args[index === '' ? next++ : Number(index)];
    if (value === undefined) throw templateFailure(`calls format on a text whose ${brace} has no value`);
    return toText(value);
  });
}

const count: Method = (text, args) => {
  const part = textOf(args);
  return integerValue(part === '' ? Array.from(text).length + 1 : text.split(part).length - 1);
};

/** Methods of Python's texts that the library (0.5) lacks, or has otherwise, by name. */
export const TEXT_METHODS: Readonly<Record<string, Method>> = {
  capitalize: (text) => textValue(capitalize(text)),
  title: (text) => textValue(text.replaceAll(/\p{L}+/gu, (word) => capitalize(word))),
  count,
  find: (text, args) => integerValue(placeOf(text, text.indexOf(textOf(args)))),
  rfind: (text, args) => integerValue(placeOf(text, text.lastIndexOf(textOf(args)))),
  index: (text, args) => {
    const at = text.indexOf(textOf(args));
    if (at < 0) throw templateFailure('calls index for a text that is not there');
    return integerValue(placeOf(text, at));
  },
  format: (text, args) => textValue(formatByBraces(text, args)),
  isalnum: isAll(/^[\p{L}\p{N}]+$/u),
  isalpha: isAll(/^\p{L}+$/u),
  isdecimal: isAll(/^\p{Nd}+$/u),
  isdigit: isAll(/^\p{Nd}+$/u),
  isnumeric: isAll(/^\p{N}+$/u),
  isspace: isAll(/^\s+$/),
  islower: (text) => truthValue(text === text.toLowerCase() && text !== text.toUpperCase()),
  isupper: (text) => truthValue(text === text.toUpperCase() && text !== text.toLowerCase()),
  join: (text, [items]) => textValue(items === undefined ? '' : itemsOf(items).map(toText).join(text)),
  partition: (text, args) => {
    const at = text.indexOf(textOf(args));
    return at < 0 ? listValue([text, '', ''].map(textValue)) : partition(text, textOf(args), at);
  },
  rpartition: (text, args) => {
    const at = text.lastIndexOf(textOf(args));
    return at < 0 ? listValue(['', '', text].map(textValue)) : partition(text, textOf(args), at);
  },
  removeprefix: (text, args) =>
    textValue(text.startsWith(textOf(args)) ? text.slice(textOf(args).length) : text),
  removesuffix: (text, args) =>
    textValue(text.endsWith(textOf(args)) ? text.slice(0, text.length - textOf(args).length) : text),
  rsplit: (text, args) => listValue(rsplit(text, args).map(textValue)),
  splitlines: (text) => {
    const lines = text.split(/\r\n|[\n\r\v\f\u0085\u2028\u2029]/);
    return listValue((lines.at(-1) === '' ? lines.slice(0, -1) : lines).map(textValue));
  },
};
