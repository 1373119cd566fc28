import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileGrammar } from '../../../src/grammar/compile/compile-grammar.ts';
import type { GrammarSpec } from '../../../src/grammar/grammar-spec.ts';
import type { Expression, Grammar } from '../../../src/grammar/grammar.ts';
import { isTextOf, randomTextOf } from '../../support/grammar/grammar-texts.ts';
import { seededRandom } from '../../support/grammar/json-schema.ts';

const literal = (text: string): GrammarSpec => ({ type: 'literal', text });
const regex = (pattern: string): GrammarSpec => ({ type: 'regex', pattern, param: 'regex' });
const ebnf = (text: string): GrammarSpec => ({ type: 'ebnf', text, param: 'grammar' });
const accepts = (spec: GrammarSpec, text: string): boolean => isTextOf(compileGrammar(spec), text);

/** Whether a matcher can go round in a repeat, or from a rule back to itself, without reading a byte. */
function mayLoop(grammar: Grammar): boolean {
  const isNullable = (expression: Expression, open: readonly number[]): boolean => {
    switch (expression.type) {
      case 'terminal': {
        const terminal = grammar.terminals[expression.index]!;
        if (terminal.type === 'literal') return terminal.bytes.length === 0;
        return terminal.type === 'counted' ? terminal.min === 0 : terminal.automaton.accepts[0] === 1;
      }
      case 'specialToken':
        return false;
      case 'sequence':
        return expression.items.every((item) => isNullable(item, open));
      case 'choice':
        return expression.items.some((item) => isNullable(item, open));
      case 'repeat':
        return expression.min === 0 || isNullable(expression.item, open);
      case 'rule':
        return (
          !open.includes(expression.index) &&
          isNullable(grammar.rules[expression.index]!, [...open, expression.index])
        );
    }
  };
  const loops = (expression: Expression): boolean => {
    if (expression.type === 'repeat') return isNullable(expression.item, []) || loops(expression.item);
    return 'items' in expression && expression.items.some(loops);
  };
  const comesBack = (expression: Expression, open: readonly number[]): boolean => {
    switch (expression.type) {
      case 'rule':
        return (
          open.includes(expression.index) ||
          comesBack(grammar.rules[expression.index]!, [...open, expression.index])
        );
      case 'sequence': {
        const end = expression.items.findIndex((item) => !isNullable(item, []));
        return expression.items.slice(0, end < 0 ? undefined : end + 1).some((item) => comesBack(item, open));
      }
      case 'choice':
        return expression.items.some((item) => comesBack(item, open));
      case 'repeat':
        return comesBack(expression.item, open);
      default:
        return false;
    }
  };
  return grammar.rules.some((rule, i) => loops(rule) || comesBack(rule, [i]));
}

describe('compileGrammar', () => {
  it.each<[string, GrammarSpec, string[], string[]]>([
    ['a literal', literal('né😀'), ['né😀'], ['', 'né', 'né😀x']],
    ['a whole text for an expression', regex('a|bc'), ['a', 'bc'], ['', 'ab', 'abc', 'xa']],
    ['anchors of an expression', regex('^a$|^b+'), ['a', 'bb'], ['', 'ab', 'aa']],
    ['a choice', { type: 'choice', items: [literal('a'), regex('\\d+')] }, ['a', '12'], ['', 'a1']],
    [
      'text up to a tag',
      { type: 'sequence', items: [{ type: 'textWithout', stops: ['<t>'] }, literal('<t>'), regex('[0-9]')] },
      ['<t>1', 'so <<t>2', '<t<t>3', '<t <t>4'],
      ['1', '<t>', '<t>1<t>2', '<t><t>1'],
    ],
    [
      'any text up to a special token',
      {
        type: 'sequence',
        items: [{ type: 'textWithout', stops: [] }, { type: 'specialToken', name: '<|x|>' }, literal('a')],
      },
      ['<|x|>a', 'né\n<|x|>a'],
      ['a', '<|x|>', '<|x|>aa'],
    ],
    [
      'a repeat',
      { type: 'repeat', item: literal('ab'), min: 1, max: 2 },
      ['ab', 'abab'],
      ['', 'aba', 'ababab'],
    ],
    [
      'a special token',
      { type: 'sequence', items: [literal('a'), { type: 'specialToken', name: '<|x|>' }] },
      ['a<|x|>'],
      ['a', '<|x|>'],
    ],
    [
      'any object',
      { type: 'jsonObject' },
      ['{}', '{"a":[1,{"":null}],"é":"\\n"}', '{"a":-1.5e+10}'],
      ['[]', '1', '{"a":1,}', '{ }', '{"a":01}', '{"a":-0}', '{a:1}', '{"a":"\n"}', '{"a":"\\/"}'],
    ],
  ])('matches %s', (_, spec, texts, others) => {
    const grammar = compileGrammar(spec);
    expect(texts.filter((text) => !isTextOf(grammar, text))).toEqual([]);
    expect(others.filter((text) => isTextOf(grammar, text))).toEqual([]);
  });

  it('writes JSON that JSON.stringify writes again', () => {
    const grammar = compileGrammar({ type: 'jsonObject' });
    const random = seededRandom(7);
    for (let i = 0; i < 200; i++) {
      const text = randomTextOf(grammar, random);
      expect(() => JSON.parse(text) as unknown, text).not.toThrow();
    }
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }), { noNullPrototype: true }),
        (value) => {
          const text = JSON.stringify(value);
          if (text.length < 200 && !/\d{16}|e[+-]\d{3}/.test(text) && !/\\ud[89a-f]/.test(text))
            expect(isTextOf(grammar, text), text).toBe(true);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('has each terminal once, with the same content in every grammar', () => {
    const schema = {
      type: 'object',
      properties: { a: { type: 'string' }, b: { type: 'string' }, c: { type: 'string', title: 'c' } },
    };
    const [first, second] = [schema, { type: 'array', items: { type: 'string' } }].map((it) =>
      compileGrammar({ type: 'jsonSchema', schema: it, param: 'schema' }),
    );
    const strings = [first!, second!].map(({ terminals }) =>
      terminals.filter(({ type }) => type === 'automaton'),
    );
    expect(strings.map((list) => list.length)).toEqual([1, 1]);
    expect(strings[0]).toEqual(strings[1]);
  });

  it('survives structured clone', () => {
    const grammar = compileGrammar({ type: 'jsonObject' });
    expect(structuredClone(grammar)).toEqual(grammar);
  });

  /** Expressions with empty texts in all places. */
  const { spec } = fc.letrec<{ spec: GrammarSpec }>((tie) => ({
    spec: fc.oneof(
      { maxDepth: 4 },
      fc.constantFrom(literal(''), literal('a'), literal('b'), regex('a*'), regex('(?:ab)?'), regex('c')),
      fc.record({ type: fc.constant('sequence' as const), items: fc.array(tie('spec'), { maxLength: 3 }) }),
      fc.record({
        type: fc.constant('choice' as const),
        items: fc.array(tie('spec'), { minLength: 1, maxLength: 3 }),
      }),
      fc.record({
        type: fc.constant('repeat' as const),
        item: tie('spec'),
        min: fc.nat(2),
        max: fc.constantFrom(undefined, 2, 4),
      }),
    ),
  }));
  const toRegExp = (it: GrammarSpec): string => {
    if (it.type === 'literal') return it.text;
    if (it.type === 'regex') return `(?:${it.pattern})`;
    if (it.type === 'sequence') return it.items.map(toRegExp).join('');
    if (it.type === 'choice') return `(?:${it.items.map(toRegExp).join('|')})`;
    if (it.type === 'repeat') return `(?:${toRegExp(it.item)}){${it.min},${it.max ?? ''}}`;
    return expect.unreachable(it.type);
  };

  it('never lets a matcher loop, and keeps the language', () => {
    fc.assert(
      fc.property(
        spec,
        fc.array(fc.stringMatching(/^[abc]{0,6}$/), { minLength: 8, maxLength: 8 }),
        (it, texts) => {
          const grammar = compileGrammar(it);
          expect(mayLoop(grammar)).toBe(false);
          const regExp = new RegExp(`^(?:${toRegExp(it)})$`, 'u');
          for (const text of texts)
            expect([text, isTextOf(grammar, text)]).toEqual([text, regExp.test(text)]);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('a grammar in GBNF or EBNF', () => {
  const ARITHMETIC = `# An expression per line.
root  ::= (expr "=" ws term "\\n")+
expr  ::= term ([-+*/] term)*
term  ::= ident | num | "(" ws expr ")" ws
ident ::= [a-z] [a-z0-9_]* ws
num   ::= [0-9]+ ws
ws    ::= [ \\t\\n]*`;

  it.each<[string, string, string[], string[]]>([
    [
      'the README of llama.cpp has',
      ARITHMETIC,
      ['a=1\n', '(a +2)*b_1=x\n3=4\n'],
      ['', 'a=1', '1a=2\n', '(a=1\n'],
    ],
    [
      'alternatives on lines of their own',
      'root ::= "a"\n  | "b" # or\n  | c\nc ::= (\n "x"\n | "y" )',
      ['a', 'b', 'x', 'y'],
      ['', 'c', 'xy'],
    ],
    [
      'escapes',
      'root ::= "\\x41\\u00e9\\U0001F600\\"\\\\\\t" [\\]\\x2d^-]',
      ['Aé😀"\\\t]', 'Aé😀"\\\t-', 'Aé😀"\\\t^'],
      ['Aé😀"\\\ta'],
    ],
    [
      'negated classes and any character',
      'root ::= [^a-c\\n] . [.]',
      ['d😀.', '中\n.'],
      ['ax.', 'dx', 'dx!'],
    ],
    [
      'counts',
      'root ::= "a"{2} [b]{1,} "c"{,2} ("d" "e"){0,1}',
      ['aab', 'aabbcc', 'aabde'],
      ['ab', 'aa', 'aabccc'],
    ],
    [
      'recursion',
      'root ::= "(" root? ")" | "[" (root ",")* "]"',
      ['()', '(([()\u002c]))', '[]'],
      ['', '(', '[()]'],
    ],
    ['an empty alternative', 'root ::= "a" b\nb ::= | "b" b', ['a', 'abbb'], ['', 'b']],
    [
      'repeats of what may be empty',
      'root ::= (x*)* "!"\nx ::= "a"? "b"?',
      ['!', 'abba!', 'bab!'],
      ['', 'c!'],
    ],
    [
      'rules in the order of any file',
      'digit ::= [0-9]\nroot ::= digit+ ("." digit+)?',
      ['1', '1.5'],
      ['.5', ''],
    ],
  ])('matches what %s', (_, text, texts, others) => {
    const grammar = compileGrammar(ebnf(text));
    expect(texts.filter((it) => !isTextOf(grammar, it))).toEqual([]);
    expect(others.filter((it) => isTextOf(grammar, it))).toEqual([]);
    expect(mayLoop(grammar)).toBe(false);
  });

  it.each([
    ['a ::= "x"', /no rule root/],
    ['root ::= missing', /no rule missing/],
    ['root ::= "a', /string without " \(line 1\)/],
    ['root ::= "a"\nb ::= [a', /class of characters without \] \(line 2\)/],
    ['root ::= ("a"', /group without \)/],
    ['root ::= "a"{3,2}', /quantifier/],
    ['root ::= "a"\nroot ::= "b"', /two rules root/],
    ['root ::= "\\q"', /escape \\q/],
    ['root ::= "\\uD800"', /no character/],
    ['root "a"', /no ::=/],
    ['root ::= <think>', /token in place of text/],
    ['root ::= %', /unexpected "%"/],
    ['root ::= "a" root', /satisfied by no text/],
    ['', /no rules/],
    [`root ::= ${'('.repeat(100)}`, /deeper than 64/],
    [`root ::= "${'a'.repeat(100_000)}"`, /at most 100000/],
  ])('refuses grammar %#', (text, complaint) => {
    expect(() => compileGrammar(ebnf(text))).toThrow(
      expect.objectContaining({
        code: 'invalid_request',
        param: 'grammar',
        message: expect.stringMatching(complaint) as string,
      }),
    );
  });

  it('follows long chains of rules without recursion', () => {
    const chain = (last: string): string =>
      [
        'root ::= (r0)* "!"',
        ...Array.from({ length: 3_000 }, (_, i) => `r${i} ::= r${i + 1} "a"?`),
        `r3000 ::= ${last}`,
      ].join('\n');
    expect(accepts(ebnf('root ::= r0 "!"\nr0 ::= "x"'), 'x!')).toBe(true);
    expect(compileGrammar(ebnf(chain('"x"'))).rules.length).toBeGreaterThan(2_000);
    expect(mayLoopAtRoot(compileGrammar(ebnf(chain('"x"?'))))).toBe(false);
  });
});

/** The root of the long chain alone: its repeat must not take the empty text. */
function mayLoopAtRoot({ rules }: Grammar): boolean {
  return JSON.stringify(rules[0]).includes('"min":1');
}
