import { describe, expect, it } from 'vitest';
import { compileGrammar } from '../../../src/grammar/compile/compile-grammar.ts';
import type { GrammarSpec } from '../../../src/grammar/grammar-spec.ts';
import { isTextOf, randomTextOf } from '../../support/grammar/grammar-texts.ts';
import { seededRandom } from '../../support/grammar/json-schema.ts';

const lark = (text: string): GrammarSpec => ({ type: 'ebnf', text, param: 'grammar' });

/** Those of Outlines, as it sends them to vLLM. */
const ARITHMETIC = `?start: sum

?sum: product
| sum "+" product   -> add
| sum "-" product   -> sub

?product: atom
| product "*" atom  -> mul
| product "/" atom  -> div

?atom: NUMBER           -> number
| "-" atom         -> neg
| "(" sum ")"

%import common.NUMBER
%import common.WS_INLINE

%ignore WS_INLINE
`;
const JSON_TEXT = `?start: value
?value: object
| array
| ESCAPED_STRING
| SIGNED_NUMBER      -> number
| "true"             -> true
| "false"            -> false
| "null"             -> null
array  : "[" [value ("," value)*] "]"
object : "{" [pair ("," pair)*] "}"
pair   : ESCAPED_STRING ":" value
%import common (ESCAPED_STRING, SIGNED_NUMBER, WS)
%ignore WS
`;
const WORDS = `// A comment
start: greeting+ END? # another
greeting: ("hello"i | HEY) NAME ~ 1..2 "!"
HEY.2: "h" "e".."f" "y"
NAME: / [a-z]{2,3}/
END: "\\n\\u00e9\\"/\\\\"
`;

/** Python's lark 1.3.1 with its Earley parser says the same of each text. */
describe('a grammar in the words of Lark', () => {
  it.each<[title: string, grammar: string, inside: string[], outside: string[]]>([
    ['a choice', '?start: "yes" | "no"', ['yes', 'no'], ['', 'yes ', 'maybe']],
    [
      'sums',
      ARITHMETIC,
      ['1', ' 1 + 2*(3 - -4.5e2) ', '.5/2', '((1))'],
      ['', '1 +', '1\n+ 2', '(1', '1 2', '+1'],
    ],
    [
      'JSON',
      JSON_TEXT,
      ['{}', '[ ]', ' {"a" : [1, -2.5e3, "b\\"c", {"d":null}],\n"e":true}', '"x"'],
      ['', '{,}', '[1,]', '{"a" 1}', '"a\nb"', 'nul l'],
    ],
    [
      'words',
      WORDS,
      ['hello ab!', 'HELLO abc ab!', 'hfy ab!hey abc!\né"/\\'],
      ['hello!', 'hello a!', 'hgy ab!', 'hello ab ab ab!', 'hello ab!\né'],
    ],
    ['a rule without start, which vLLM takes', 'X: "x"\nanswer: X+', ['x', 'xx'], ['', 'y']],
  ])('%s', (_, grammar, inside, outside) => {
    const compiled = compileGrammar(lark(grammar));
    expect(inside.filter((text) => !isTextOf(compiled, text))).toEqual([]);
    expect(outside.filter((text) => isTextOf(compiled, text))).toEqual([]);
  });

  it('is one of which texts can be made', () => {
    const random = seededRandom(7);
    const compiled = compileGrammar(lark(JSON_TEXT));
    for (let i = 0; i < 20; i++) expect(isTextOf(compiled, randomTextOf(compiled, random))).toBe(true);
  });

  it('is told from GBNF at once, however many empty lines it has', () => {
    // An expression that crossed lines took 14 s.
    expect(() => compileGrammar(lark('\n'.repeat(65_000)))).toThrow(/no rules/);
  });

  it.each([
    ['start: b', /no rule b/],
    ['start: "a', /string without "/],
    ['start: /a', /regular expression without \/ \(line 1\)/],
    ['start: /a/i', /flags/],
    ['start: /a$/', /anchor/],
    ['start: ("a"', /group without \)/],
    ['start: "a")', /unexpected "\)"/],
    ['start: "b".."a"', /range/],
    ['start: "a" ~ 3..1', /quantifier/],
    ['start: "a"\nstart: "b"', /two rules start \(line 2\)/],
    ['start: A\n%import other.A', /another module/],
    ['start: A\n%import common.A', /common\.A/],
    ['start: A\n%declare A', /%declare/],
    ['start: x{"a"}\nx{y}: y', /template/],
    ['start: a\na[capture]: "b"', /llguidance/],
    ['A: "a"', /no rule start/],
    [`start: ${'('.repeat(70)}"a"${')'.repeat(70)}`, /deeper than/],
  ])('is refused with the reason: %s', (grammar, reason) => {
    expect(() => compileGrammar(lark(grammar))).toThrow(reason);
  });
});
