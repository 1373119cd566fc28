import { clip } from '../../values.ts';
import { invalidField } from '../../errors.ts';
import { charactersOf, codePointOf, codePoints } from '../regular/alphabet.ts';
import type { Effort } from '../regular/effort.ts';
import { parseRegularExpression } from '../regular/parse-regular-expression.ts';
import type { RegularNode } from '../regular/regular-node.ts';
import { TextReader } from '../regular/text-reader.ts';
import { readQuoted } from './grammar-escapes.ts';
import { COMMON_TERMINALS } from './lark-terminals.ts';
import { type EbnfNode, MAX_COPIES, MAX_GROUP_DEPTH } from './parse-ebnf.ts';

/** The rule that a text begins with: no rule of a grammar can have this name. */
export const LARK_ROOT = '%start';
/** What may stand behind each terminal: what the grammar ignores, any number of times. */
const IGNORED = '%ignore';

/**
 * Parses a grammar in Lark's words, as vLLM takes them: rules and terminals with strings, ranges, regular expressions,
 * groups, `[optional]`, `* + ? ~ n..m`, `%import common.NAME` and `%ignore`. Aliases and priorities say how a text is
 * read, not which texts there are, so they are passed over. Returns the rules by name, with `LARK_ROOT`.
 *
 * @throws EngineError `invalid_request` with the line
 */
export function parseLark(text: string, effort: Effort): ReadonlyMap<string, EbnfNode> {
  return new LarkParser(text, effort).parse();
}

class LarkParser {
  readonly #reader: TextReader;
  readonly #effort: Effort;
  readonly #rules = new Map<string, EbnfNode>();
  readonly #ignored: EbnfNode[] = [];
  /** Of the rule that is read; what a grammar ignores does not stand within a terminal. */
  #isTerminal = false;
  #line = 1;
  #depth = 0;

  constructor(text: string, effort: Effort) {
    this.#reader = new TextReader(text.replaceAll('\r\n', '\n'));
    this.#effort = effort;
  }

  parse(): ReadonlyMap<string, EbnfNode> {
    let first: string | undefined;
    this.#skipSpace(true);
    while (!this.#reader.isAtEnd) {
      if (this.#reader.skip('%')) this.#parseDirective();
      else {
        const name = this.#parseRule();
        first ??= isTerminalName(name) ? undefined : name;
      }
      this.#skipSpace(false);
      const next = this.#reader.peek();
      if (next !== '' && next !== '\n') throw this.#refuse(`has an unexpected ${JSON.stringify(clip(next))}`);
      this.#skipSpace(true);
    }
    // Lark begins with `start`; vLLM takes the first rule where there is none.
    const start = this.#rules.has('start') ? 'start' : first;
    if (start === undefined) throw invalidField(this.#effort.param, 'has no rule start');
    const ignored: EbnfNode =
      this.#ignored.length === 0
        ? { type: 'sequence', items: [] }
        : { type: 'repeat', item: choiceOf(this.#ignored), min: 0, max: undefined };
    return this.#rules
      .set(IGNORED, ignored)
      .set(LARK_ROOT, { type: 'sequence', items: [reference(IGNORED), reference(start)] });
  }

  /** Returns its name. */
  #parseRule(): string {
    for (const modifier of ['?', '!']) this.#reader.skip(modifier);
    const name = this.#readName();
    if (this.#reader.isNext('{')) throw this.#refuse('has a template, which is not supported');
    if (this.#reader.isNext('[')) throw this.#refuse('has attributes of llguidance, which are not supported');
    if (this.#reader.skip('.')) this.#readNumber();
    this.#skipSpace(false);
    if (!this.#reader.skip(':')) throw this.#refuse(`has no : behind the name ${clip(name)}`);
    if (this.#rules.has(name)) throw this.#refuse(`has two rules ${clip(name)}`);
    this.#isTerminal = isTerminalName(name);
    this.#rules.set(name, this.#parseChoice());
    return name;
  }

  #parseDirective(): void {
    const name = this.#readName();
    this.#skipSpace(false);
    if (name === 'import') this.#parseImport();
    else if (name === 'ignore') {
      this.#isTerminal = true;
      this.#ignored.push(this.#parseChoice());
    } else throw this.#refuse(`has the directive %${clip(name)}, which is not supported`);
  }

  #parseImport(): void {
    if (!this.#reader.skip('common'))
      throw this.#refuse('imports from another module than common, which is not supported');
    this.#skipSpace(false);
    if (this.#reader.skip('.')) {
      const name = this.#readName();
      this.#skipSpace(false);
      let alias = name;
      if (this.#reader.skip('->')) {
        this.#skipSpace(false);
        alias = this.#readName();
      }
      this.#addCommon(name, alias);
      return;
    }
    if (!this.#reader.skip('(')) throw this.#refuse('has an %import without a name');
    do {
      this.#skipSpace(true);
      const name = this.#readName();
      this.#addCommon(name, name);
      this.#skipSpace(true);
    } while (this.#reader.skip(','));
    if (!this.#reader.skip(')')) throw this.#refuse('has an %import without )');
  }

  #addCommon(name: string, alias: string): void {
    const source = Object.hasOwn(COMMON_TERMINALS, name) ? COMMON_TERMINALS[name] : undefined;
    if (source === undefined) throw this.#refuse(`imports common.${clip(name)}, which is not known`);
    this.#rules.set(alias, this.#toNode(parseRegularExpression(source.slice(1, -1), this.#effort)));
  }

  #parseChoice(): EbnfNode {
    const items: EbnfNode[] = [];
    do {
      this.#skipSpace(this.#depth > 0);
      items.push(this.#parseSequence());
      this.#parseAlias();
    } while (this.#skipBar());
    return choiceOf(items);
  }

  /** An alternative may begin on the next line. */
  #skipBar(): boolean {
    const { position } = this.#reader;
    const line = this.#line;
    this.#skipSpace(true);
    if (this.#reader.skip('|')) return true;
    this.#reader.position = position;
    this.#line = line;
    return false;
  }

  #parseAlias(): void {
    if (!this.#reader.skip('->')) return;
    this.#skipSpace(false);
    this.#readName();
  }

  #parseSequence(): EbnfNode {
    const items: EbnfNode[] = [];
    for (;;) {
      this.#skipSpace(this.#depth > 0);
      const next = this.#reader.peek();
      if (['', '\n', '|', ')', ']'].includes(next) || this.#reader.isNext('->')) break;
      items.push(this.#parseQuantified());
    }
    return items.length === 1 && items[0] !== undefined ? items[0] : { type: 'sequence', items };
  }

  #parseQuantified(): EbnfNode {
    const item = this.#parseAtom();
    if (this.#reader.skip('*')) return { type: 'repeat', item, min: 0, max: undefined };
    if (this.#reader.skip('+')) return { type: 'repeat', item, min: 1, max: undefined };
    if (this.#reader.skip('?')) return { type: 'repeat', item, min: 0, max: 1 };
    this.#skipSpace(false);
    if (!this.#reader.skip('~')) return item;
    const min = this.#readNumber();
    const max = this.#reader.skip('..') ? this.#readNumber() : min;
    if (max < min || max > MAX_COPIES)
      throw this.#refuse(`has a quantifier that is not in order or above ${MAX_COPIES}`);
    return { type: 'repeat', item, min, max };
  }

  #parseAtom(): EbnfNode {
    const next = this.#reader.peek();
    if (next === '(') return this.#parseGroup(')');
    if (next === '[') return { type: 'repeat', item: this.#parseGroup(']'), min: 0, max: 1 };
    if (next === '"') return this.#asToken(this.#parseText());
    if (next === '/') return this.#asToken(this.#parseExpression());
    const name = this.#readName();
    if (this.#reader.isNext('{')) throw this.#refuse('has a template, which is not supported');
    return isTerminalName(name) ? this.#asToken(reference(name)) : reference(name);
  }

  /** Of a rule: what the grammar ignores may follow. */
  #asToken(node: EbnfNode): EbnfNode {
    return this.#isTerminal ? node : { type: 'sequence', items: [node, reference(IGNORED)] };
  }

  #parseGroup(close: string): EbnfNode {
    this.#reader.read();
    if (++this.#depth > MAX_GROUP_DEPTH) throw this.#refuse(`nests groups deeper than ${MAX_GROUP_DEPTH}`);
    const node = this.#parseChoice();
    this.#skipSpace(true);
    if (!this.#reader.skip(close)) throw this.#refuse(`has a group without ${close}`);
    this.#depth--;
    return node;
  }

  /** A string, one in either case (`"a"i`), or a range of characters (`"a".."z"`). */
  #parseText(): EbnfNode {
    const text = readQuoted(this.#reader, this.#refuse);
    if (this.#reader.skip('i')) {
      const inEitherCase = (it: string): EbnfNode => ({
        type: 'set',
        set: charactersOf(it.toLowerCase() + it.toUpperCase()),
      });
      return { type: 'sequence', items: Array.from(text, inEitherCase) };
    }
    if (!this.#reader.skip('..')) return { type: 'text', text };
    if (!this.#reader.isNext('"')) throw this.#refuse('has a range without its end');
    const last = readQuoted(this.#reader, this.#refuse);
    const range = [codePointOf(text), codePointOf(last)] as const;
    if (Array.from(text).length !== 1 || Array.from(last).length !== 1 || range[1] < range[0])
      throw this.#refuse('has a range that is not of two characters in order');
    return { type: 'set', set: codePoints([range]) };
  }

  #parseExpression(): EbnfNode {
    this.#reader.read();
    let pattern = '';
    while (!this.#reader.skip('/')) {
      const character = this.#reader.read();
      if (character === '' || character === '\n') throw this.#refuse('has a regular expression without /');
      pattern += character === '\\' ? character + this.#reader.read() : character;
    }
    if (/^[imslux]$/.test(this.#reader.peek()))
      throw this.#refuse('has flags behind a regular expression, which are not supported');
    return this.#toNode(parseRegularExpression(pattern, this.#effort));
  }

  #toNode(node: RegularNode): EbnfNode {
    switch (node.type) {
      case 'set':
        return node;
      case 'sequence':
      case 'choice':
        return { type: node.type, items: node.items.map((item) => this.#toNode(item)) };
      case 'repeat':
        return { ...node, item: this.#toNode(node.item) };
      default:
        throw this.#refuse('has an anchor or a lookahead in a regular expression, which is not supported');
    }
  }

  #readNumber(): number {
    this.#skipSpace(false);
    const digits = this.#reader.readWhile((character) => /^\d$/.test(character));
    if (digits === '') throw this.#refuse('has no number where one belongs');
    return Number(digits);
  }

  #readName(): string {
    const name = this.#reader.readWhile((character) => /^\w$/.test(character));
    if (name === '') throw this.#refuse(`has an unexpected ${JSON.stringify(clip(this.#reader.peek()))}`);
    return name;
  }

  /** Passes spaces and comments; the ends of lines as well, where a rule cannot end. */
  #skipSpace(overLines: boolean): void {
    for (;;) {
      const next = this.#reader.peek();
      if (next === '#' || this.#reader.isNext('//')) this.#reader.readWhile((it) => it !== '\n');
      else if (next === ' ' || next === '\t' || (next === '\n' && overLines)) {
        if (next === '\n') this.#line++;
        this.#reader.read();
      } else return;
    }
  }

  readonly #refuse = (complaint: string): Error =>
    invalidField(this.#effort.param, `${complaint} (line ${this.#line})`);
}

/** As Lark tells them apart. */
const isTerminalName = (name: string): boolean => /[A-Z]/.test(name) && name === name.toUpperCase();

const reference = (name: string): EbnfNode => ({ type: 'reference', name });

const choiceOf = (items: readonly EbnfNode[]): EbnfNode =>
  items.length === 1 && items[0] !== undefined ? items[0] : { type: 'choice', items };
