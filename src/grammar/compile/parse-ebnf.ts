import { clip } from '../../values.ts';
import { invalidField } from '../../errors.ts';
import {
  ANY_CODE_POINT,
  codePointOf,
  codePoints,
  complementOf,
  type CodePoints,
} from '../regular/alphabet.ts';
import type { Effort } from '../regular/effort.ts';
import { TextReader } from '../regular/text-reader.ts';

/** The right side of a rule of a grammar file. */
export type EbnfNode =
  | { readonly type: 'set'; readonly set: CodePoints }
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'reference'; readonly name: string }
  | { readonly type: 'sequence'; readonly items: readonly EbnfNode[] }
  | { readonly type: 'choice'; readonly items: readonly EbnfNode[] }
  | {
      readonly type: 'repeat';
      readonly item: EbnfNode;
      readonly min: number;
      readonly max: number | undefined;
    };

/** UTF-16 units of a grammar. */
const MAX_GRAMMAR_LENGTH = 100_000;
const MAX_GROUP_DEPTH = 64;
/** Copies that a quantifier may ask for. */
const MAX_COPIES = 10_000;

/**
 * Parses a grammar as GBNF (llama.cpp's `grammars/README.md`) and xgrammar's EBNF have it: `name ::= alternatives`, with
 * strings, classes of characters, `.`, groups, `* + ? {n,m}`, and comments behind `#`. Returns the rules by name, in
 * their order. @throws EngineError `invalid_request` with the line
 */
export function parseEbnf(text: string, effort: Effort): ReadonlyMap<string, EbnfNode> {
  if (text.length > MAX_GRAMMAR_LENGTH)
    throw invalidField(effort.param, `must have at most ${MAX_GRAMMAR_LENGTH} characters`);
  effort.spend(text.length);
  if (/^\s*(?:\?|!)?[a-zA-Z_]\w*\s*:(?!:=)/m.test(text) && !text.includes('::='))
    throw invalidField(effort.param, 'looks like Lark, which is not supported: write rules as name ::= …');
  return new EbnfParser(text, effort.param).parse();
}

class EbnfParser {
  readonly #reader: TextReader;
  readonly #param: string;
  #line = 1;
  #depth = 0;

  constructor(text: string, param: string) {
    this.#reader = new TextReader(text.replaceAll('\r\n', '\n'));
    this.#param = param;
  }

  parse(): ReadonlyMap<string, EbnfNode> {
    const rules = new Map<string, EbnfNode>();
    this.#skipSpace(true);
    while (!this.#reader.isAtEnd) {
      const name = this.#readName();
      this.#skipSpace(true);
      if (!this.#reader.skip('::=')) throw this.#refuse(`has no ::= behind the name ${clip(name)}`);
      this.#skipSpace(true);
      if (rules.has(name)) throw this.#refuse(`has two rules ${clip(name)}`);
      rules.set(name, this.#parseChoice());
      this.#skipSpace(true);
    }
    if (rules.size === 0) throw invalidField(this.#param, 'has no rules');
    return rules;
  }

  #parseChoice(): EbnfNode {
    const items = [this.#parseSequence()];
    for (;;) {
      const { position } = this.#reader;
      const line = this.#line;
      // An alternative may stand on the next line.
      this.#skipSpace(true);
      if (!this.#reader.skip('|')) {
        this.#reader.position = position;
        this.#line = line;
        break;
      }
      this.#skipSpace(true);
      items.push(this.#parseSequence());
    }
    return items.length === 1 && items[0] !== undefined ? items[0] : { type: 'choice', items };
  }

  #parseSequence(): EbnfNode {
    const items: EbnfNode[] = [];
    for (;;) {
      this.#skipSpace(this.#depth > 0);
      const next = this.#reader.peek();
      if (next === '' || next === '\n' || next === '|' || next === ')') break;
      // xgrammar's grammars may go on in the next line only inside of a group, so that a name there starts a rule.
      items.push(this.#parseQuantified());
    }
    return { type: 'sequence', items };
  }

  #parseQuantified(): EbnfNode {
    let node = this.#parseAtom();
    for (;;) {
      const bounds = this.#parseQuantifier();
      if (bounds === undefined) return node;
      node = { type: 'repeat', item: node, ...bounds };
    }
  }

  #parseQuantifier(): { min: number; max: number | undefined } | undefined {
    if (this.#reader.skip('*')) return { min: 0, max: undefined };
    if (this.#reader.skip('+')) return { min: 1, max: undefined };
    if (this.#reader.skip('?')) return { min: 0, max: 1 };
    if (!this.#reader.skip('{')) return undefined;
    const min = this.#readNumber() ?? 0;
    let max: number | undefined = min;
    if (this.#reader.skip(',')) max = this.#readNumber();
    if (!this.#reader.skip('}')) throw this.#refuse('has a quantifier that is not {n}, {n,} or {n,m}');
    if (Math.max(min, max ?? 0) > MAX_COPIES || (max !== undefined && max < min))
      throw this.#refuse(`has a quantifier that is not in order or above ${MAX_COPIES}`);
    return { min, max };
  }

  #readNumber(): number | undefined {
    this.#skipSpace(false);
    const digits = this.#reader.readWhile((character) => /^\d$/.test(character));
    this.#skipSpace(false);
    return digits === '' ? undefined : Number(digits);
  }

  #parseAtom(): EbnfNode {
    const next = this.#reader.peek();
    if (next === '"' || next === "'") return { type: 'text', text: this.#parseText() };
    if (next === '[') return { type: 'set', set: this.#parseClass() };
    if (next === '(') return this.#parseGroup();
    if (next === '.') {
      this.#reader.read();
      return { type: 'set', set: ANY_CODE_POINT };
    }
    if (next === '<' || next === '!')
      throw this.#refuse('has a token in place of text, which is not supported');
    return { type: 'reference', name: this.#readName() };
  }

  #parseGroup(): EbnfNode {
    this.#reader.read();
    if (++this.#depth > MAX_GROUP_DEPTH) throw this.#refuse(`nests groups deeper than ${MAX_GROUP_DEPTH}`);
    if (this.#reader.isNext('=') || this.#reader.isNext('?'))
      throw this.#refuse('has a lookahead, which is not supported');
    const node = this.#parseChoice();
    this.#skipSpace(true);
    if (!this.#reader.skip(')')) throw this.#refuse('has a group without )');
    this.#depth--;
    return node;
  }

  #parseText(): string {
    const quote = this.#reader.read();
    let text = '';
    for (;;) {
      const character = this.#reader.read();
      if (character === '' || character === '\n') throw this.#refuse(`has a string without ${quote}`);
      if (character === quote) return text;
      text += character === '\\' ? String.fromCodePoint(this.#parseEscape()) : character;
    }
  }

  #parseClass(): CodePoints {
    this.#reader.read();
    const negative = this.#reader.skip('^');
    const ranges: [number, number][] = [];
    while (!this.#reader.skip(']')) {
      const first = this.#parseClassCharacter();
      let last = first;
      if (this.#reader.isNext('-') && this.#reader.peek(1) !== ']') {
        this.#reader.read();
        last = this.#parseClassCharacter();
      }
      if (last < first) throw this.#refuse('has a range of characters that is not in order');
      ranges.push([first, last]);
    }
    const set = codePoints(ranges);
    return negative ? complementOf(set) : set;
  }

  #parseClassCharacter(): number {
    const character = this.#reader.read();
    if (character === '' || character === '\n') throw this.#refuse('has a class of characters without ]');
    return character === '\\' ? this.#parseEscape() : codePointOf(character);
  }

  #parseEscape(): number {
    const letter = this.#reader.read();
    const known = Object.hasOwn(ESCAPES, letter) ? ESCAPES[letter] : undefined;
    if (known !== undefined) return known;
    const length = Object.hasOwn(HEX_LENGTHS, letter) ? HEX_LENGTHS[letter] : undefined;
    if (length === undefined) {
      if (/^[a-zA-Z0-9]$/.test(letter)) throw this.#refuse(`has the escape \\${letter}, which is not known`);
      return codePointOf(letter);
    }
    const codePoint = this.#reader.skip('{') ? this.#readBraced() : this.#reader.readHex(length);
    const isCharacter = codePoint <= 0x10ffff && (codePoint < 0xd800 || codePoint >= 0xe000);
    if (!isCharacter) throw this.#refuse(`has an escape \\${letter} that is no character`);
    return codePoint;
  }

  #readBraced(): number {
    const digits = this.#reader.readWhile((character) => /^[0-9a-fA-F]$/.test(character));
    return this.#reader.skip('}') && digits.length <= 6 ? Number.parseInt(digits, 16) : Number.NaN;
  }

  #readName(): string {
    const name = this.#reader.readWhile((character) => /^[a-zA-Z0-9_.-]$/.test(character));
    if (name === '') throw this.#refuse(`has an unexpected ${JSON.stringify(clip(this.#reader.peek()))}`);
    return name;
  }

  /** Passes spaces and comments; the ends of lines as well, where a rule cannot end. */
  #skipSpace(overLines: boolean): void {
    for (;;) {
      const next = this.#reader.peek();
      if (next === '#') this.#reader.readWhile((character) => character !== '\n');
      else if (next === ' ' || next === '\t' || (next === '\n' && overLines)) {
        if (next === '\n') this.#line++;
        this.#reader.read();
      } else return;
    }
  }

  #refuse(complaint: string): Error {
    return invalidField(this.#param, `${complaint} (line ${this.#line})`);
  }
}

const ESCAPES: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, b: 8, f: 12, v: 11, 0: 0 };
const HEX_LENGTHS: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };
