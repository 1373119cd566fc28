import { EngineError } from '../errors.ts';
import { methodCallsOf } from './method-calls.ts';

/** As `repr` quotes a text. */
export function quote(text: string): string {
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text
    .replaceAll('\\', '\\\\')
    .replaceAll(mark, `\\${mark}`)
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t');
  return mark + escaped + mark;
}

const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

const twoDigits = (value: number): string => String(value).padStart(2, '0');

const DIRECTIVES: Readonly<Record<string, (date: Date) => string>> = {
  Y: (date) => String(date.getFullYear()),
  y: (date) => twoDigits(date.getFullYear() % 100),
  m: (date) => twoDigits(date.getMonth() + 1),
  B: (date) => MONTHS[date.getMonth()] ?? '',
  b: (date) => (MONTHS[date.getMonth()] ?? '').slice(0, 3),
  d: (date) => twoDigits(date.getDate()),
  e: (date) => String(date.getDate()).padStart(2),
  A: (date) => DAYS[date.getDay()] ?? '',
  a: (date) => (DAYS[date.getDay()] ?? '').slice(0, 3),
  H: (date) => twoDigits(date.getHours()),
  I: (date) => twoDigits(date.getHours() % 12 || 12),
  M: (date) => twoDigits(date.getMinutes()),
  S: (date) => twoDigits(date.getSeconds()),
  p: (date) => (date.getHours() < 12 ? 'AM' : 'PM'),
  F: (date) => formatDate(date, '%Y-%m-%d'),
  T: (date) => formatDate(date, '%H:%M:%S'),
  '%': () => '%',
};

/**
 * Python's `strftime` in its C locale and local time, as chat templates call it. The library's own knows eight
 * directives, writes months in the language of the process, and lets the others stand.
 *
 * @throws EngineError `weights_invalid` for a directive that no template was seen to use
 */
export function formatDate(date: Date, format: string): string {
  return format.replaceAll(/%-?(.)/g, (directive, letter: string) => {
    const write = Object.hasOwn(DIRECTIVES, letter) ? DIRECTIVES[letter] : undefined;
    if (write === undefined)
      throw new EngineError('weights_invalid', `strftime_now does not know ${directive}`);
    const text = write(date);
    return directive.startsWith('%-') ? text.replace(/^[0 ](?=.)/, '') : text;
  });
}

const SIDES = { strip: [true, true], lstrip: [true, false], rstrip: [false, true] } as const;

type StripMethod = keyof typeof SIDES;

/** Names that no template can write. */
const toGlobalName = (method: StripMethod): string => ` ${method}`;

/** What `withStripArguments` lets a program call. */
export const STRIP_GLOBALS: Readonly<Record<string, (text: unknown, characters: unknown) => string>> =
  Object.fromEntries(
    (Object.keys(SIDES) as StripMethod[]).map((method) => [
      toGlobalName(method),
      (text: unknown, characters: unknown) => strip(text, characters, method),
    ]),
  );

/**
 * The library (0.5) ignores the argument of Python's `strip`, `lstrip` and `rstrip`, by which Qwen's templates take
 * off line breaks and leave spaces. This turns such calls of a parsed program into calls of STRIP_GLOBALS, in place.
 */
export function withStripArguments<T extends object>(program: T): T {
  for (const { node, object, name, args } of methodCallsOf(program)) {
    if (args.length === 0 || !isStripMethod(name)) continue;
    node['callee'] = { type: 'Identifier', value: toGlobalName(name) };
    node['args'] = [object, ...args];
  }
  return program;
}

const isStripMethod = (name: unknown): name is StripMethod =>
  typeof name === 'string' && Object.hasOwn(SIDES, name);

function strip(text: unknown, characters: unknown, method: StripMethod): string {
  if (typeof text !== 'string' || typeof characters !== 'string') {
    throw new EngineError('invalid_request', `the model's chat template calls ${method} on what is no text`, {
      param: 'messages',
    });
  }
  const [atStart, atEnd] = SIDES[method];
  const codePoints = Array.from(text);
  let start = 0;
  let end = codePoints.length;
  while (atStart && start < end && characters.includes(codePoints[start] ?? '')) start++;
  while (atEnd && end > start && characters.includes(codePoints[end - 1] ?? '')) end--;
  return codePoints.slice(start, end).join('');
}
