import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileGrammar } from '../../../src/grammar/compile/compile-grammar.ts';
import type { Grammar } from '../../../src/grammar/grammar.ts';
import { isTextOf } from '../../support/grammar/grammar-texts.ts';

const compiled = (text: string): Grammar => compileGrammar({ type: 'ebnf', text, param: 'grammar' });

describe('a grammar that is left-recursive', () => {
  it.each([
    [
      'operators',
      'root ::= sum\nsum ::= sum "+" term | term\nterm ::= term "*" item | item\nitem ::= "(" sum ")" | [0-9]',
      ['1', '1+2*3', '(1+2)*3'],
      ['1+', '+1', '()'],
    ],
    [
      'members, calls and subscripts of Python',
      'root ::= p\np ::= p "." [a-z]+ | p "(" args? ")" | p "[" p "]" | [a-z]+\nargs ::= args "," p | p',
      ['a', 'a.b', 'f(x,y)', 'a.b(c).d[e]'],
      ['.a', 'f(,)', 'f(x,)'],
    ],
    [
      'rules that recur through each other',
      'root ::= a "x"?\na ::= b "1" | "p"\nb ::= a "2" | "q" | b "3"',
      ['p', 'q1', 'p21', 'q3331', 'p2331', 'q1x'],
      ['q', 'p2', 'p21331'],
    ],
    [
      'rules that may be each other',
      'root ::= a\na ::= b | "x"\nb ::= a | "y" | b "z"',
      ['x', 'y', 'xz', 'yzz'],
      ['zx', ''],
    ],
    ['a rule that is itself', 'root ::= a\na ::= a | "x"', ['x'], ['xx', '']],
    [
      'what may stand before',
      'root ::= e\ne ::= [ ]* e "+" | "1"',
      ['1', ' 1+', '1++', '  1++'],
      [' 1', '+'],
    ],
    [
      'another behind what may be missing',
      'root ::= x\nx ::= y? z\ny ::= "a"\nz ::= x "b" | "c"',
      ['c', 'acbb'],
      ['b'],
    ],
    ['a repeat of itself', 'root ::= ("a"? root)* "b"', ['b', 'bb', 'abb', 'babb'], ['a', 'ab']],
    ['itself or nothing', 'root ::= e\ne ::= e? "a"', ['a', 'aa', 'aaa'], ['', 'b']],
  ])('matches the same texts: %s', (_, grammar, texts, others) => {
    const rewritten = compiled(grammar);
    for (const text of texts) expect(isTextOf(rewritten, text), text).toBe(true);
    for (const text of others) expect(isTextOf(rewritten, text), text).toBe(false);
  });

  it('has the texts that a table of all parts of a text finds, whatever its rules are', () => {
    const symbol = fc.constantFrom('a', 'b', 0, 1, 2);
    const rules = fc.array(
      fc.array(fc.array(symbol, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 3 }),
      { minLength: 3, maxLength: 3 },
    );
    const texts = fc.array(fc.stringMatching(/^[ab]{1,7}$/), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(rules, texts, (table, some) => {
        const source = table
          .map((alternatives, rule) => `${nameOf(rule)} ::= ${alternatives.map(written).join(' | ')}`)
          .join('\n');
        let rewritten: Grammar | undefined;
        try {
          rewritten = compiled(source);
        } catch (error) {
          // No rule here may be empty, so no grammar is refused for its recursion.
          expect(error).toMatchObject({ message: expect.stringMatching(/satisfied by no text/) as string });
        }
        for (const text of some) {
          expect(rewritten !== undefined && isTextOf(rewritten, text), `${source}\n${text}`).toBe(
            derives(table, text),
          );
        }
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    ['a rule that may be empty', 'root ::= a\na ::= c a "y" | "z"\nc ::= d?\nd ::= "(" c ")"'],
    ['a round that may be empty', 'root ::= a\na ::= ("b" | a?)* "c"'],
    ['a bounded number of such rounds', 'root ::= a\na ::= ("b" | a?){1000} "c"'],
  ])('is refused where it comes back behind %s', (_, grammar) => {
    expect(() => compiled(grammar)).toThrow(/behind a part that may be empty, .*: a -> a$/);
  });
});

type Symbol = string | number;

const nameOf = (rule: number): string => (rule === 0 ? 'root' : `r${rule}`);

const written = (symbols: readonly Symbol[]): string =>
  symbols.map((symbol) => (typeof symbol === 'number' ? nameOf(symbol) : `"${symbol}"`)).join(' ');

/** Whether the first rule derives a text: grows a table of which rule derives which part until nothing is added. */
function derives(table: readonly (readonly (readonly Symbol[])[])[], text: string): boolean {
  const known = new Set<string>();
  const endsOf = (symbols: readonly Symbol[], start: number): number[] =>
    symbols.reduce<number[]>(
      (starts, symbol) =>
        starts.flatMap((from) => {
          if (typeof symbol === 'string') return text[from] === symbol ? [from + 1] : [];
          return Array.from({ length: text.length - from + 1 }, (_, i) => from + i).filter((end) =>
            known.has(`${symbol} ${from} ${end}`),
          );
        }),
      [start],
    );
  const starts = Array.from({ length: text.length + 1 }, (_, i) => i);
  const entries = (): string[] =>
    table.flatMap((alternatives, rule) =>
      starts.flatMap((start) =>
        alternatives.flatMap((symbols) => endsOf(symbols, start)).map((end) => `${rule} ${start} ${end}`),
      ),
    );
  for (let before = -1; known.size > before;) {
    before = known.size;
    for (const entry of entries()) known.add(entry);
  }
  return known.has(`0 0 ${text.length}`);
}
