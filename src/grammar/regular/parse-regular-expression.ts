import { invalidField } from '../../errors.ts';
import { codePointOf, type CodePoints, codePoints, complementOf, unionOf } from './alphabet.ts';
import type { Effort } from './effort.ts';
import type { RegularNode } from './regular-node.ts';
import { TextReader } from './text-reader.ts';
import { clip, messageOf } from '../../values.ts';

/** UTF-16 units of a regular expression. */
export const MAX_PATTERN_LENGTH = 10_000;

const MAX_PATTERN_DEPTH = 100;

/** Each of these takes milliseconds when it is first named. */
const MAX_UNICODE_PROPERTIES = 4;

const SYNTAX_CHARACTERS = '^$\\.*+?()[]{}|/';

/** What Python's `re.escape` and others put a backslash before, though it has no meaning of its own. */
const isPlainSign = (character: string): boolean =>
  /^[^a-zA-Z0-9\u0080-\uffff]$/.test(character) && !SYNTAX_CHARACTERS.includes(character);

/** Python's and Rust's way to name a group. */
const NAMED_GROUP = '(?P<';

/** With the `u` flag JavaScript wants the sign behind an idle backslash by its number, and groups named without a P. */
const inJavaScript = (pattern: string): string =>
  pattern.replaceAll(/\\([^])|\(\?P<(?![=!])/g, (part, character: string | undefined) => {
    if (part === NAMED_GROUP) return '(?<';
    if (character === undefined || !isPlainSign(character)) return part;
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });

/**
 * Parses a regular expression in JavaScript's syntax with the `u` flag, where a backslash may stand before any sign of
 * ASCII, and `(?P<name>` begins a group, as in Python, Rust and vLLM's engines. JavaScript itself says whether the
 * syntax is right; nothing is ever matched by its engine, whose time has no bound.
 * @throws EngineError `invalid_request` with the feature that cannot be had
 */
export function parseRegularExpression(pattern: string, effort: Effort): RegularNode {
  if (pattern.length > MAX_PATTERN_LENGTH)
    throw invalidField(effort.param, `must have at most ${MAX_PATTERN_LENGTH} characters`);
  effort.spend(pattern.length);
  try {
    new RegExp(inJavaScript(pattern), 'u');
  } catch (error) {
    const reason = messageOf(error);
    throw invalidField(
      effort.param,
      `is no regular expression of JavaScript with the u flag: ${clip(reason)}`,
    );
  }
  return new RegularExpressionParser(pattern, effort.param).parse();
}

class RegularExpressionParser {
  readonly #reader: TextReader;
  readonly #param: string;
  readonly #properties = new Set<string>();
  #depth = 0;

  constructor(pattern: string, param: string) {
    this.#reader = new TextReader(pattern);
    this.#param = param;
  }

  parse(): RegularNode {
    const branches = [this.#parseBranch()];
    while (this.#reader.skip('|')) branches.push(this.#parseBranch());
    return branches.length === 1 && branches[0] !== undefined
      ? branches[0]
      : { type: 'choice', items: branches };
  }

  #parseBranch(): RegularNode {
    const items: RegularNode[] = [];
    while (!this.#reader.isAtEnd && !this.#reader.isNext('|') && !this.#reader.isNext(')'))
      items.push(this.#parseQuantified());
    return items.length === 1 && items[0] !== undefined ? items[0] : { type: 'sequence', items };
  }

  #parseQuantified(): RegularNode {
    const item = this.#parseAtom();
    const bounds = this.#parseQuantifier();
    if (bounds === undefined) return item;
    // Lazy or not, the same texts match.
    this.#reader.skip('?');
    return { type: 'repeat', item, ...bounds };
  }

  #parseQuantifier(): { min: number; max: number | undefined } | undefined {
    if (this.#reader.skip('*')) return { min: 0, max: undefined };
    if (this.#reader.skip('+')) return { min: 1, max: undefined };
    if (this.#reader.skip('?')) return { min: 0, max: 1 };
    if (!this.#reader.skip('{')) return undefined;
    const min = Number(this.#reader.readWhile(isDigit));
    let max: number | undefined = min;
    if (this.#reader.skip(','))
      max = this.#reader.isNext('}') ? undefined : Number(this.#reader.readWhile(isDigit));
    this.#reader.skip('}');
    return { min, max };
  }

  #parseAtom(): RegularNode {
    const character = this.#reader.read();
    switch (character) {
      case '^':
        return { type: 'start' };
      case '$':
        return { type: 'end' };
      case '.':
        return { type: 'set', set: ANY_BUT_LINE_ENDS };
      case '(':
        return this.#parseGroup();
      case '[':
        return { type: 'set', set: this.#parseClass() };
      case '\\':
        return { type: 'set', set: this.#parseEscape(false) };
      default:
        return { type: 'set', set: single(codePointOf(character)) };
    }
  }

  #parseGroup(): RegularNode {
    if (++this.#depth > MAX_PATTERN_DEPTH)
      throw this.#refuse(`nests groups deeper than ${MAX_PATTERN_DEPTH}`);
    const negative = this.#reader.isNext('?!');
    const looks = negative || this.#reader.isNext('?=');
    if (this.#reader.isNext('?<=') || this.#reader.isNext('?<!')) throw this.#unsupported('a lookbehind');
    if (looks) this.#reader.position += 2;
    else if (this.#reader.skip('?<') || this.#reader.skip('?P<')) {
      this.#reader.readWhile((character) => character !== '>');
      this.#reader.read();
    } else if (!this.#reader.skip('?:') && this.#reader.isNext('?'))
      throw this.#unsupported('a group with flags');
    const item = this.parse();
    this.#reader.read();
    this.#depth--;
    return looks ? { type: 'lookahead', item, negative } : item;
  }

  #parseClass(): CodePoints {
    const negative = this.#reader.skip('^');
    const sets: CodePoints[] = [];
    while (!this.#reader.skip(']')) {
      const first = this.#parseClassAtom();
      const isRange = this.#reader.isNext('-') && this.#reader.peek(1) !== ']';
      if (!isRange) {
        sets.push(first);
        continue;
      }
      this.#reader.read();
      // RegExp has checked that both ends are single characters in their order.
      sets.push([first[0] ?? 0, this.#parseClassAtom()[0] ?? 0]);
    }
    const set = unionOf(sets);
    return negative ? complementOf(set) : set;
  }

  #parseClassAtom(): CodePoints {
    const character = this.#reader.read();
    return character === '\\' ? this.#parseEscape(true) : single(codePointOf(character));
  }

  #parseEscape(inClass: boolean): CodePoints {
    const letter = this.#reader.read();
    const known = Object.hasOwn(CLASS_ESCAPES, letter) ? CLASS_ESCAPES[letter] : undefined;
    if (known !== undefined) return known;
    if (letter === 'p' || letter === 'P') return this.#parseProperty(letter === 'P');
    if (letter === 'b' && inClass) return single(0x08);
    if (letter === 'b' || letter === 'B') throw this.#unsupported(`a word boundary, \\${letter},`);
    if (letter === 'k' || (letter >= '1' && letter <= '9')) throw this.#unsupported('a backreference');
    if (letter === 'c') return single(codePointOf(this.#reader.read()) % 32);
    if (letter === 'x') return single(this.#reader.readHex(2));
    if (letter === 'u') return single(this.#parseUnicodeEscape());
    const control = Object.hasOwn(CONTROL_ESCAPES, letter) ? CONTROL_ESCAPES[letter] : undefined;
    return single(control ?? codePointOf(letter));
  }

  #parseUnicodeEscape(): number {
    if (this.#reader.skip('{')) {
      const digits = this.#reader.readWhile((character) => character !== '}');
      this.#reader.read();
      return Number.parseInt(digits, 16);
    }
    const unit = this.#reader.readHex(4);
    if (unit < 0xd800 || unit > 0xdbff || !this.#reader.isNext('\\u')) return unit;
    const { position } = this.#reader;
    this.#reader.position += 2;
    const low = this.#reader.readHex(4);
    if (low >= 0xdc00 && low <= 0xdfff) return 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
    this.#reader.position = position;
    return unit;
  }

  #parseProperty(negative: boolean): CodePoints {
    this.#reader.read();
    const name = this.#reader.readWhile((character) => character !== '}');
    this.#reader.read();
    this.#properties.add(name);
    if (this.#properties.size > MAX_UNICODE_PROPERTIES)
      throw this.#refuse(`names more than ${MAX_UNICODE_PROPERTIES} Unicode properties`);
    return unicodeProperty(name, negative);
  }

  #unsupported(feature: string): Error {
    return this.#refuse(`has ${feature} at character ${this.#reader.position}, which is not supported`);
  }

  #refuse(complaint: string): Error {
    return invalidField(this.#param, complaint);
  }
}

const CONTROL_ESCAPES: Readonly<Record<string, number>> = { 0: 0, t: 9, n: 10, v: 11, f: 12, r: 13 };

const isDigit = (character: string): boolean => character >= '0' && character <= '9';

/** The set of one character; the unions and the alphabet leave lone surrogates out. */
const single = (codePoint: number): CodePoints =>
  codePoint >= 0xd800 && codePoint < 0xe000 ? [] : [codePoint, codePoint];

const DIGIT = codePoints([[0x30, 0x39]]);
const WORD = codePoints([
  [0x30, 0x39],
  [0x41, 0x5a],
  [0x5f, 0x5f],
  [0x61, 0x7a],
]);
/** WhiteSpace and LineTerminator of ECMAScript. */
const SPACE = codePoints([
  [0x09, 0x0d],
  [0x20, 0x20],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
]);

/** What `.` matches without the `s` flag. */
const ANY_BUT_LINE_ENDS = complementOf(
  codePoints([
    [0x0a, 0x0a],
    [0x0d, 0x0d],
    [0x2028, 0x2029],
  ]),
);

/** What `\d`, `\w`, `\s` and their capitals match. */
const CLASS_ESCAPES: Readonly<Record<string, CodePoints>> = {
  d: DIGIT,
  D: complementOf(DIGIT),
  w: WORD,
  W: complementOf(WORD),
  s: SPACE,
  S: complementOf(SPACE),
};

/** Names are few hundred; each set is some hundred ranges. */
const known = new Map<string, CodePoints>();

/**
 * The code points with a Unicode property, `L` or `Script=Greek`: asked of JavaScript's own engine, so that both have
 * the same version of Unicode. The name was accepted by RegExp.
 */
function unicodeProperty(name: string, negative: boolean): CodePoints {
  let set = known.get(name);
  if (set === undefined) {
    set = askEngine(name);
    known.set(name, set);
  }
  return negative ? complementOf(set) : set;
}

let all: string | undefined;

function askEngine(name: string): CodePoints {
  all ??= everyScalarValue();
  const ranges: [number, number][] = [];
  for (const { 0: run } of all.matchAll(new RegExp(`\\p{${name}}+`, 'gu')))
    ranges.push([run.codePointAt(0) ?? 0, lastCodePoint(run)]);
  return codePoints(ranges);
}

/** The last code point of a run: behind a high surrogate, it takes two units. */
function lastCodePoint(run: string): number {
  const pair = run.codePointAt(run.length - 2);
  return pair !== undefined && pair > 0xffff ? pair : run.charCodeAt(run.length - 1);
}

/** All scalar values in order, 4 MB. A run across the surrogates is split by codePoints(). */
function everyScalarValue(): string {
  const parts: string[] = [];
  for (let first = 0; first <= 0x10ffff; first += 0x1000) {
    const block = Array.from({ length: 0x1000 }, (_, i) => first + i);
    parts.push(String.fromCodePoint(...block.filter(isScalar)));
  }
  return parts.join('');
}

const isScalar = (value: number): boolean => value < 0xd800 || value >= 0xe000;
