import * as fc from 'fast-check';
import type { FuzzKind } from './fuzz-script.ts';
import { formatScript } from './format-script.ts';

/** Grammars in GBNF, and in Lark's words: ambiguous, left-recursive, nullable, deep, with large classes and counts. */

const NUM_RULES = 8;

const text = fc.constantFrom('a', 'b', 'ab', 'the ', ' ', '\\n', '\\"', 'é', '🌊', '\\x41', 'river');
const rule = fc.nat(NUM_RULES - 1).map((index) => `r${index}`);
const characterClass = fc.oneof(
  fc.constantFrom(
    '[a-z]',
    '[^a]',
    '[ab]',
    '[0-9a-fA-F]',
    '[^\\n"]',
    '.',
    '[\\u0400-\\u04ff]',
    '[^\\x00-\\x7f]',
  ),
  fc
    .array(fc.integer({ min: 0x100, max: 0xd000 }), { minLength: 50, maxLength: 600 })
    .map((codes) => `[${codes.map((code) => `\\u${code.toString(16).padStart(4, '0')}`).join('')}]`),
);
const quantifier = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom('?', '*', '+', '{2}', '{0,3}', '{1,}') },
  { weight: 1, arbitrary: fc.constantFrom('{1000}', '{0,2000}', '{0,10000}', '{9999,}') },
);

const { expression } = fc.letrec<{ expression: string; atom: string }>((tie) => ({
  atom: fc.oneof(
    { maxDepth: 4 },
    { weight: 6, arbitrary: text.map((it) => `"${it}"`) },
    { weight: 2, arbitrary: characterClass },
    // Mostly behind a letter: a left-recursive grammar is refused.
    { weight: 4, arbitrary: fc.tuple(text, rule).map(([it, name]) => `"${it}" ${name}`) },
    { weight: 1, arbitrary: rule },
    { weight: 1, arbitrary: fc.constant('""') },
    { weight: 3, arbitrary: tie('expression').map((it) => `(${it})`) },
    {
      weight: 3,
      arbitrary: fc.tuple(tie('expression'), quantifier).map(([it, count]) => `(${it})${count}`),
    },
  ),
  expression: fc
    .array(fc.array(tie('atom'), { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 4 })
    .map((choices) => choices.map((items) => items.join(' ')).join(' | ')),
}));

const rulesOf = (expressions: readonly string[]): string =>
  expressions.map((it, index) => `r${index} ::= ${it}`).join('\n');

const randomGrammar = fc
  .array(expression, { minLength: NUM_RULES, maxLength: NUM_RULES })
  .map((expressions) => `root ::= r0 "."\n${rulesOf(expressions)}`);

/** Rules that only name later ones: no recursion, much nesting. */
const layeredGrammar = fc
  .tuple(fc.integer({ min: 2, max: 40 }), fc.constantFrom('?', '', '*', '{0,2}'), text)
  .map(([depth, count, it]) =>
    [
      'root ::= l0',
      ...Array.from({ length: depth }, (_, i) => `l${i} ::= "${it}" l${i + 1}${count} | l${i + 1} "b"`),
      `l${depth} ::= "c"`,
    ].join('\n'),
  );

/** Reads its letters in more than one way. */
const ambiguousGrammar = fc
  .tuple(fc.constantFrom('"a"', '[a-z]', '("a" | "b")', '"a"?  "b"'), fc.integer({ min: 2, max: 6 }))
  .map(([item, numWays]) =>
    [`root ::= s`, `s ::= ${Array.from({ length: numWays }, () => `${item} s`).join(' | ')} | ${item}`].join(
      '\n',
    ),
  );

const NATURAL = [
  'root ::= s\ns ::= item s?\nitem ::= [a-z]+ ","',
  'root ::= e\ne ::= t (("+" | "-") t)*\nt ::= f (("*" | "/") f)*\nf ::= [0-9]+ | "(" e ")"',
  'root ::= v\nv ::= "[" (v ("," v)*)? "]" | "{" (p ("," p)*)? "}" | [0-9]+ | s\np ::= s ":" v\ns ::= "\\"" [^"\\\\]* "\\""',
  'root ::= line+\nline ::= [^,\\n]+ ("," [^,\\n]+)* "\\n"',
  'root ::= stmt+\nstmt ::= "if " e ": " stmt | name " = " e "\\n"\ne ::= name | e2\ne2 ::= "(" e ")"\nname ::= [a-z] [a-z0-9]*',
  'root ::= a | b\na ::= "x" a "y" | ""\nb ::= "x" b "yy" | ""',
  'root ::= ("a" | "ab" | "abc" | "b" | "bc" | "c")* "."',
] as const;

const grammar = fc.oneof(
  { weight: 8, arbitrary: randomGrammar },
  { weight: 2, arbitrary: layeredGrammar },
  { weight: 2, arbitrary: ambiguousGrammar },
  { weight: 3, arbitrary: fc.constantFrom(...NATURAL) },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 1, max: 300 }).map((n) => `root ::= ${'('.repeat(n)}"a"${')?'.repeat(n)}`),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }).map((it) => `root ::= ${it}`) },
);

const GBNF_TOKEN = /"(?:\\.|[^"\\])*"|\[(?:\\.|[^\]\\])*\]|\{(\d+)(,?)(\d*)\}|::=|\broot\b|\./g;

/** A grammar in the words of Lark, as far as it has them. */
const toLark = (it: string): string =>
  it.replaceAll(GBNF_TOKEN, (token, min: string | undefined, comma: string, max: string) => {
    if (min !== undefined) return ` ~ ${min}${comma === '' ? '' : `..${max === '' ? min : max}`}`;
    if (token === '::=') return ':';
    if (token === 'root') return 'start';
    return token === '.' || token.startsWith('[') ? `/${token}/` : token;
  });

const larkGrammar = fc
  .tuple(grammar, fc.constantFrom('', '', '%ignore / +/', '%import common.WS\n%ignore WS'))
  .map(([it, directive]) => `${toLark(it)}\n${directive}`);

export const GRAMMAR_KIND: FuzzKind = {
  name: 'grammars',
  scripts: formatScript(
    fc
      .oneof({ weight: 3, arbitrary: grammar }, { weight: 1, arbitrary: larkGrammar })
      .chain((it) =>
        fc.constantFrom<object[]>(
          { guided_grammar: it },
          { guided_grammar: it },
          { grammar: it },
          { structured_outputs: { grammar: it } },
        ),
      ),
  ),
};
