import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isAllowed } from '../../../../src/sampling/allowed-tokens.ts';
import type { Grammar, Terminal } from '../../../../src/grammar/grammar.ts';
import { GrammarVocabulary } from '../../../../src/grammar/matching/grammar-vocabulary.ts';
import { TokenGrammar } from '../../../../src/grammar/matching/token-grammar.ts';
import { TokenTrie } from '../../../../src/grammar/matching/token-trie.ts';
import { withLength } from '../../../../src/grammar/regular/combine.ts';
import { compileSearch } from '../../../../src/grammar/regular/compile-regular.ts';
import type { Dfa } from '../../../../src/grammar/regular/dfa.ts';
import { Effort } from '../../../../src/grammar/regular/effort.ts';
import { encodeBytes } from '../../../../src/grammar/regular/encode-bytes.ts';
import { hasTextOfLength, lengthsOf } from '../../../../src/grammar/regular/lengths.ts';
import { parseRegularExpression } from '../../../../src/grammar/regular/parse-regular-expression.ts';

/** A pattern whose characters are counted, against the automaton that has a state for each length. */

const effort = (): Effort => new Effort('test');
const PATTERNS = [
  '^[a-c]+$',
  '^(ab)+$',
  'x',
  '^.*$',
  '^[^"\\\\]*$',
  '^(a|bc|é🌊)*$',
  '^\\n*"?\\\\+$',
  '^a{2}(b{3})*$',
  '^[ab]{2,4}$',
];
const contentOf = (pattern: string): Dfa =>
  compileSearch(parseRegularExpression(pattern, effort()), effort());

const TOKENS = [
  ...Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte)),
  ...[
    'ab',
    'abab',
    'ababab',
    'abc',
    'aaaa',
    'bcbc',
    'é',
    'é🌊',
    '🌊a',
    '\\n',
    '\\n\\n',
    '\\"',
    '\\\\',
    '\\u00',
    '\\u0001',
  ],
  ...['x"', 'a"', 'ab",', '",', 'c",1', '\\\\",', 'xx', ' x ', 'bbb', 'bbbb"'],
].map((token) => (typeof token === 'string' ? Buffer.from(token) : token));

function tokenGrammar(terminal: Terminal, suffix: string): TokenGrammar {
  const grammar: Grammar = {
    terminals: [
      { type: 'literal', bytes: Buffer.from('"') },
      terminal,
      { type: 'literal', bytes: Buffer.from(suffix) },
    ],
    rules: [{ type: 'sequence', items: [0, 1, 2].map((index) => ({ type: 'terminal', index }) as const) }],
  };
  const vocabulary = new GrammarVocabulary(
    TokenTrie.build(TOKENS.length, (tokenId) => TOKENS[tokenId] ?? new Uint8Array()),
  );
  return new TokenGrammar({ grammar, specialTokenIds: new Map() }, vocabulary);
}

const textOf = (tokenIds: readonly number[]): string =>
  Buffer.concat(tokenIds.map((id) => TOKENS[id] ?? new Uint8Array())).toString('latin1');

interface Sizes {
  pattern: string;
  min: number;
  max: number | undefined;
}

const sizes: fc.Arbitrary<Sizes> = fc
  .record({
    pattern: fc.constantFrom(...PATTERNS),
    min: fc.nat(6),
    more: fc.option(fc.nat(7), { nil: undefined }),
  })
  .map(({ pattern, min, more }) => ({ pattern, min, max: more === undefined ? undefined : min + more }));

describe('a pattern whose characters are counted', () => {
  it('has the tokens, and the shortest end, of one with a state for each length', () => {
    let numCompared = 0;
    fc.assert(
      fc.property(
        sizes,
        fc.constantFrom('"', '",1'),
        fc.array(fc.nat(1000), { maxLength: 14 }),
        (size, suffix, picks) => {
          const content = contentOf(size.pattern);
          fc.pre(hasTextOfLength(content, size.min, size.max, effort()));
          const byLength = withLength(content, size.min, size.max, effort());
          const automaton = encodeBytes(content, 'jsonString', false, effort());
          const counted = tokenGrammar({ type: 'sized', automaton, min: size.min, max: size.max }, suffix);
          const reference = tokenGrammar(
            { type: 'automaton', automaton: encodeBytes(byLength, 'jsonString', false, effort()) },
            suffix,
          );
          let [at, expected] = [counted.start, reference.start];
          for (const pick of [0, ...picks]) {
            const allowed = counted.allowed(at);
            const taken = TOKENS.flatMap((_, id) => (isAllowed(allowed, id) ? [id] : []));
            expect(taken).toEqual(
              TOKENS.flatMap((_, id) => (isAllowed(reference.allowed(expected), id) ? [id] : [])),
            );
            expect(counted.numBytesToEnd(at)).toBe(reference.numBytesToEnd(expected));
            expect(counted.tokensToEnd(at)?.length).toBe(reference.tokensToEnd(expected)?.length);
            // It knows the literal behind the text, so that it may look further.
            expect(
              textOf(counted.forcedTokens(at)).startsWith(textOf(reference.forcedTokens(expected))),
            ).toBe(true);
            numCompared++;
            const token = taken[pick % Math.max(taken.length, 1)];
            if (token === undefined) break;
            const [next, nextExpected] = [counted.step(at, token), reference.step(expected, token)];
            if (next === undefined || nextExpected === undefined) return false;
            [at, expected] = [next, nextExpected];
          }
          return true;
        },
      ),
      { numRuns: 150 },
    );
    expect(numCompared).toBeGreaterThan(500);
  });

  it('has one mask for all lengths that are far from the greatest', () => {
    const automaton = encodeBytes(contentOf('^[a-c]+$'), 'jsonString', false, effort());
    const grammar = tokenGrammar({ type: 'sized', automaton, min: 2, max: 40 }, '"');
    let at = grammar.step(grammar.start, 0x22);
    const masks: unknown[] = [];
    for (let i = 0; i < 40 && at !== undefined; i++) {
      masks.push(grammar.allowed(at));
      at = grammar.step(at, 0x61);
    }
    // Those with too few characters to end, all behind them, and those that a token of several would lead too far.
    expect(new Set(masks).size).toBeLessThan(12);
  });
});

describe('the lengths of an automaton', () => {
  it.each<[string, number, number]>([
    ['^$', 0, 0],
    ['^[ab]{2,4}$', 2, 4],
    ['^(a|bc|é🌊)$', 1, 2],
    ['^(ab)+$', 2, Infinity],
    ['x', 1, Infinity],
  ])('%s', (pattern, least, most) => {
    expect(lengthsOf(contentOf(pattern), effort())).toEqual({ least, most });
  });

  it('have gaps', () => {
    const even = contentOf('^(ab)+$');
    expect(hasTextOfLength(even, 3, 3, effort())).toBe(false);
    expect(hasTextOfLength(even, 3, 4, effort())).toBe(true);
    expect(hasTextOfLength(contentOf('^a?$'), 2, undefined, effort())).toBe(false);
  });
});
