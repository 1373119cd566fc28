import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileGrammar } from '../../../../src/grammar/compile/compile-grammar.ts';
import type { GrammarSpec } from '../../../../src/grammar/grammar-spec.ts';
import type { Configuration } from '../../../../src/grammar/matching/configuration.ts';
import { GrammarVocabulary } from '../../../../src/grammar/matching/grammar-vocabulary.ts';
import { MAX_TEXT_FRAMES, TokenGrammar } from '../../../../src/grammar/matching/token-grammar.ts';
import { isAllowed } from '../../../../src/sampling/allowed-tokens.ts';
import { isTextOf } from '../../../support/grammar/grammar-texts.ts';
import { SMALL_JSON_TOKENS, tokenGrammarOf, trieOf } from '../../../support/grammar/vocabulary.ts';

const ebnf = (text: string): GrammarSpec => ({ type: 'ebnf', text, param: 'grammar' });
const list = (count: number, itemOf: (index: number) => string): string =>
  Array.from({ length: count }, (_, i) => itemOf(i)).join('\n');
const twoLists = {
  a: { anyOf: [{ $ref: '#/$defs/ofA' }, { $ref: '#/$defs/ofB' }] },
  ofA: { type: 'array', items: { $ref: '#/$defs/a' } },
  ofB: { type: 'array', items: { anyOf: [{ $ref: '#/$defs/a' }, { type: 'null' }] } },
};

/** Each can be read in a number of ways that grows exponentially with the text, and `text` is the start of such a text. */
const AMBIGUOUS: Record<string, { spec: GrammarSpec; text: (length: number) => string }> = {
  'two ways at each letter': {
    spec: ebnf('root ::= s\ns ::= "a" s "b" | "a" s "c" | "d"'),
    text: (length) => 'a'.repeat(length),
  },
  'frames that may be left out': {
    spec: ebnf('root ::= s\ns ::= [ab] s | [ab] s "b" | [ab] s "c" | "d"'),
    text: (length) => 'ab'.repeat(length / 2),
  },
  'a list of words without a space': {
    spec: ebnf('root ::= s\ns ::= item s?\nitem ::= [a-z]+'),
    text: (length) => 'abcd'.repeat(length / 4),
  },
  'words of words': {
    spec: ebnf('root ::= (w | n | w n)*\nw ::= [a-z]+\nn ::= [a-f0-9]+ w?'),
    text: (length) => 'abc1'.repeat(length / 4),
  },
  'rules of two optional parts': {
    spec: ebnf(
      `root ::= "hello" r0 root?\n${list(20, (i) => `r${i} ::= r${i + 1}? r${i + 1}?`)}\nr20 ::= "a"`,
    ),
    text: (length) => `hello${'a'.repeat(length)}`,
  },
  'two recursive lists in one schema': {
    spec: {
      type: 'jsonSchema',
      param: 'schema',
      schema: { ...twoLists.a, $defs: twoLists },
    },
    text: (length) => '['.repeat(length),
  },
  'levels of operators, each by recursion to the right': {
    spec: ebnf(
      'root ::= e\ne ::= t "+" e | t "-" e | t\nt ::= f "*" t | f "/" t | f\nf ::= p "**" f | p\np ::= "(" e ")" | [0-9]+',
    ),
    text: (length) => '('.repeat(length),
  },
  'subsets of what is below': {
    spec: ebnf(
      `root ::= r\nr ::= [ab] r | [ab] r "b" | [ab] r "c" | k0\n${list(
        12,
        (i) => `k${i} ::= [ab] k${i + 1} "b" | [ab] k${i + 1} "c"`,
      )}\nk12 ::= "x"`,
    ),
    text: (length) => 'ab'.repeat(length / 2),
  },
};

function reach(grammar: TokenGrammar, text: string): Configuration | undefined {
  let at: Configuration | undefined = grammar.start;
  for (const byte of Buffer.from(text)) at = at && grammar.step(at, byte);
  return at;
}

const grammarOf = (spec: GrammarSpec, tokens = SMALL_JSON_TOKENS): TokenGrammar =>
  tokenGrammarOf({ grammar: compileGrammar(spec) }, tokens);

describe('a text that can be read in many ways', () => {
  it.each(Object.entries(AMBIGUOUS))(
    '%s: takes frames as its length grows, and no more',
    (_, { spec, text }) => {
      const grammar = grammarOf(spec);
      expect(reach(grammar, text(100))).toBeDefined();
      const ofShort = grammar.numFramesMade;
      const at = reach(grammar, text(400));
      expect(at).toBeDefined();
      if (at === undefined) return;
      expect(grammar.numFramesMade).toBeLessThanOrEqual(5 * ofShort);
      expect(at.threads.length).toBeLessThan(500);
      grammar.checkSize(at);
    },
  );

  it.each(Object.entries(AMBIGUOUS))('%s: is allowed the tokens that go on', (_, { spec, text }) => {
    const long = [1, 2, 3, 5, 8, 13, 21].flatMap((length) => [
      'abcdefgh'.repeat(length).slice(0, 2 * length),
      'a'.repeat(length),
      '['.repeat(length),
      ']'.repeat(length),
      '('.repeat(length),
    ]);
    const tokens = [...SMALL_JSON_TOKENS, ...long];
    const grammar = grammarOf(spec, tokens);
    for (const length of [0, 4, 20]) {
      const at = reach(grammar, text(length)) ?? grammar.start;
      const allowed = grammar.allowed(at);
      for (const tokenId of tokens.keys()) {
        const goesOn = grammar.step(at, tokenId) !== undefined;
        expect(isAllowed(allowed, tokenId), JSON.stringify(tokens[tokenId])).toBe(goesOn);
      }
    }
  });
});

describe('a random grammar', () => {
  /** Rules that refer to rules behind them, or to any behind a letter, so that none is left-recursive. */
  const rules = fc.array(
    fc.array(
      fc.tuple(
        fc.constantFrom('"a"', '"b"', '"ab"', '[ab]', '[ab]+', ''),
        fc.array(fc.tuple(fc.nat(3), fc.constantFrom('', '?', '*', '{1,2}')), { maxLength: 3 }),
      ),
      { minLength: 1, maxLength: 3 },
    ),
    { minLength: 4, maxLength: 4 },
  );
  const text = fc.stringMatching(/^[ab]{0,10}$/);
  const bodyOf = (index: number, alternatives: readonly [string, readonly [number, string][]][]): string =>
    alternatives
      .map(([letter, references]) => {
        const items = references.map(([rule, suffix]) => {
          const target = letter === '' ? index + 1 + (rule % 3) : rule;
          return target > 3 ? '"a"' : `r${target}${suffix}`;
        });
        return [letter, ...items].filter((item) => item !== '').join(' ') || '"b"';
      })
      .join(' | ');

  it('matches the texts that trying every way matches', () => {
    fc.assert(
      fc.property(rules, fc.array(text, { minLength: 1, maxLength: 8 }), (bodies, texts) => {
        const source = bodies.map((body, i) => `${i === 0 ? 'root' : `r${i}`} ::= ${bodyOf(i, body)}`);
        const compiled = compile(ebnf([...source, 'r0 ::= root'].join('\n')));
        if (compiled === undefined) return;
        const grammar = tokenGrammarOf({ grammar: compiled }, SMALL_JSON_TOKENS);
        for (const it of texts) {
          expect(reach(grammar, it)?.isComplete ?? false, `${source.join('\n')}\n${it}`).toBe(
            isTextOf(compiled, it),
          );
        }
      }),
      { numRuns: 300 },
    );
  });
});

function compile(spec: GrammarSpec): ReturnType<typeof compileGrammar> | undefined {
  try {
    return compileGrammar(spec);
  } catch {
    // Left-recursive, or without a text.
    return undefined;
  }
}

describe('the bounds of a text', () => {
  it('are reached by nesting alone', () => {
    const grammar = grammarOf(ebnf('root ::= "(" root ")" | "x"'));
    const fewer = reach(grammar, '('.repeat(MAX_TEXT_FRAMES - 10));
    expect(fewer).toBeDefined();
    let at = fewer;
    if (fewer !== undefined) grammar.checkSize(fewer);
    for (let i = 0; i < 11; i++) at = at && grammar.step(at, '('.charCodeAt(0));
    expect(() => {
      if (at !== undefined) grammar.checkSize(at);
    }).toThrow(expect.objectContaining({ code: 'format_too_complex' }) as Error);
  });

  it('end a question that takes too much work, and the next is answered', () => {
    const spec = ebnf('root ::= "(" item "x"\nitem ::= "a" | "b" root "c" | "d" item "e" | [0-9]+ root');
    const source = { grammar: compileGrammar(spec), specialTokenIds: new Map<string, number>() };
    const vocabulary = new GrammarVocabulary(trieOf(SMALL_JSON_TOKENS), { maxFuel: 300 });
    const grammar = new TokenGrammar(source, vocabulary);
    const complaint = expect.objectContaining({ code: 'format_too_complex' }) as Error;
    const { start } = grammar;
    expect(() => grammar.step(start, '('.charCodeAt(0))).toThrow(complaint);
    expect(isAllowed(grammar.allowed(start), '('.charCodeAt(0))).toBe(true);
  });

  it('hold for the shortest text', () => {
    const nested = (depth: number): unknown =>
      depth === 0 ? { type: 'null' } : { type: 'array', minItems: 10_000, items: nested(depth - 1) };
    const grammar = grammarOf({ type: 'jsonSchema', schema: nested(3), param: 'schema' });
    expect(() => grammar.tokensToEnd(grammar.start)).toThrow(/takes 5000200020001 bytes; at most 262144/);
  });
});
