import type { Reading, TextFeed } from './text-feed.ts';

const MAX_LEVELS = 32;
const WORDS: Readonly<Record<string, string>> = {
  True: 'true',
  False: 'false',
  None: 'null',
  true: 'true',
  false: 'false',
  null: 'null',
};
const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const PYTHON_NUMBER = /^[+-]?(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?$/;
const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  b: '\b',
  f: '\f',
  '0': '\0',
  '\n': '',
};

export interface LiteralOptions {
  /** What stands before and after a text, beside quotation marks. */
  quote?: string | undefined;
}

/**
 * Reads a literal of Python, or one with Gemma's quotes, and returns it as JSON. What is none of the known forms is a text:
 * small models forget quotation marks.
 */
export function* readLiteral(feed: TextFeed, { quote }: LiteralOptions = {}, level = 0): Reading<string> {
  yield* feed.takeSpace();
  if (quote !== undefined && (yield* feed.takeText(quote)) === 'whole') {
    return JSON.stringify(yield* collectUntil(feed, quote));
  }
  const first = yield* feed.peek();
  if (first === '"' || first === "'") return JSON.stringify(yield* readPythonString(feed, first));
  if (level < MAX_LEVELS && (first === '[' || first === '(')) {
    return `[${(yield* readItems(feed, first === '[' ? ']' : ')', { quote }, level)).join(',')}]`;
  }
  if (level < MAX_LEVELS && first === '{') return yield* readDictionary(feed, { quote }, level);
  return toJsonWord((yield* feed.takeWhile((character) => !',)]}'.includes(character))).trim());
}

function toJsonWord(word: string): string {
  const known = Object.hasOwn(WORDS, word) ? WORDS[word] : undefined;
  if (known !== undefined) return known;
  if (JSON_NUMBER.test(word)) return word;
  if (!PYTHON_NUMBER.test(word)) return JSON.stringify(word);
  const value = Number(word.replaceAll('_', ''));
  return Number.isFinite(value) ? String(value) : JSON.stringify(word);
}

function* collectUntil(feed: TextFeed, stop: string): Reading<string> {
  let text = '';
  yield* feed.takeUntil([stop], (more) => (text += more));
  return text;
}

function* readItems(
  feed: TextFeed,
  close: string,
  options: LiteralOptions,
  level: number,
): Reading<string[]> {
  const items: string[] = [];
  yield* feed.takeWhile((character) => character === '[' || character === '(', 1);
  for (;;) {
    yield* feed.takeSpace();
    const next = yield* feed.peek();
    if (next === undefined || (yield* feed.takeIf(close))) return items;
    // Another bracket than the one that was opened closes nothing here.
    if (')]}'.includes(next)) return items;
    items.push(yield* readLiteral(feed, options, level + 1));
    yield* feed.takeSpace();
    yield* feed.takeIf(',');
  }
}

function* readDictionary(feed: TextFeed, options: LiteralOptions, level: number): Reading<string> {
  const fields: string[] = [];
  yield* feed.takeIf('{');
  for (;;) {
    yield* feed.takeSpace();
    const next = yield* feed.peek();
    if (next === undefined || (yield* feed.takeIf('}')) || ')]'.includes(next))
      return `{${fields.join(',')}}`;
    const key = yield* readKey(feed, options);
    yield* feed.takeSpace();
    yield* feed.takeIf(':');
    fields.push(`${JSON.stringify(key)}:${yield* readLiteral(feed, options, level + 1)}`);
    yield* feed.takeSpace();
    yield* feed.takeIf(',');
  }
}

/** A key of a dictionary, with or without quotation marks. */
export function* readKey(feed: TextFeed, { quote }: LiteralOptions): Reading<string> {
  if (quote !== undefined && (yield* feed.takeText(quote)) === 'whole')
    return yield* collectUntil(feed, quote);
  const first = yield* feed.peek();
  if (first === '"' || first === "'") return yield* readPythonString(feed, first);
  return (yield* feed.takeWhile((character) => !':,)]}'.includes(character))).trim();
}

function* readPythonString(feed: TextFeed, mark: string): Reading<string> {
  const isTriple = (yield* feed.takeText(mark.repeat(3))) === 'whole';
  if (!isTriple) yield* feed.takeIf(mark);
  const close = isTriple ? mark.repeat(3) : mark;
  let text = '';
  for (;;) {
    const { stop } = yield* feed.takeUntil([close, '\\'], (more) => (text += more));
    if (stop !== '\\') return text;
    text += yield* readPythonEscape(feed);
  }
}

function* readPythonEscape(feed: TextFeed): Reading<string> {
  const letter = yield* feed.peek();
  if (letter === undefined) return '\\';
  yield* feed.takeIf(letter);
  const numDigits = letter === 'x' ? 2 : letter === 'u' ? 4 : letter === 'U' ? 8 : 0;
  if (numDigits > 0) {
    const digits = yield* feed.takeWhile((character) => /^[0-9a-fA-F]$/.test(character), numDigits);
    const code = Number.parseInt(digits, 16);
    return digits.length === numDigits && code <= 0x10ffff
      ? String.fromCodePoint(code)
      : `\\${letter}${digits}`;
  }
  if (Object.hasOwn(ESCAPES, letter)) return ESCAPES[letter] ?? '';
  return letter === '\\' || letter === '"' || letter === "'" ? letter : `\\${letter}`;
}
