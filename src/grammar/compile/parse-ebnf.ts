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
import { readEscape, readQuoted } from './grammar-escapes.ts';

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

/** Of grammars in Lark's words, too. */
export const MAX_GROUP_DEPTH = 64;
/** Copies that a quantifier may ask for. */
export const MAX_COPIES = 10_000;

/**
 * Parses a grammar as GBNF (llama.cpp's `grammars/README.md`) and xgrammar's EBNF have it: `name ::= alternatives`, with
 * strings, classes of characters, `.`, groups, `* + ? {n,m}`, and comments behind `#`. Returns the rules by name, in
 * their order. @throws EngineError `invalid_request` with the line
 */
export function parseEbnf(text: string, effort: Effort): ReadonlyMap<string, EbnfNode> {
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
    if (next === '"' || next === "'") return { type: 'text', text: readQuoted(this.#reader, this.#refuse) };
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
    return character === '\\' ? readEscape(this.#reader, this.#refuse) : codePointOf(character);
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

  readonly #refuse = (complaint: string): Error =>
    invalidField(this.#param, `${complaint} (line ${this.#line})`);
}
