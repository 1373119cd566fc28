import { deserialize, serialize } from 'node:v8';
import { describe, it } from 'vitest';
import { compileGrammar } from '../../../../src/grammar/compile/compile-grammar.ts';
import { grammarBytes, type Grammar } from '../../../../src/grammar/grammar.ts';
import type { GrammarSpec } from '../../../../src/grammar/grammar-spec.ts';
import type { Configuration } from '../../../../src/grammar/matching/configuration.ts';
import { GrammarVocabulary } from '../../../../src/grammar/matching/grammar-vocabulary.ts';
import { ownSource } from '../../../../src/grammar/matching/own-source.ts';
import { type GrammarSource, TokenGrammar } from '../../../../src/grammar/matching/token-grammar.ts';
import { isAllowed } from '../../../../src/sampling/allowed-tokens.ts';
import { expectHonestCount, MAX_BYTES, type Filling } from '../../../support/honest-count.ts';
import { trieOf } from '../../../support/grammar/vocabulary.ts';

const list = (count: number, itemOf: (index: number) => string): string[] =>
  Array.from({ length: count }, (_, i) => itemOf(i));

/** Pieces of words beside the characters of ASCII. */
const TOKENS = [
  ...list(128, (code) => String.fromCharCode(code)),
  ...list(
    3_000,
    (i) => `${['', ' ', '"'][i % 3]}${i.toString(26).replace(/\d/g, (digit) => 'qrstuvwxyz'[+digit] ?? '')}`,
  ),
];

const SPECS: Record<string, (index: number) => GrammarSpec> = {
  'schemas with patterns and lengths': (index) => ({
    type: 'jsonSchema',
    param: 'schema',
    schema: {
      type: 'object',
      required: [`a${index}`, 'b'],
      properties: {
        [`a${index}`]: { type: 'string', pattern: `^[a-f]{1,${(index % 30) + 2}}$` },
        b: { type: 'array', items: { type: 'string', maxLength: 10 + index } },
      },
    },
  }),
  'rules with many alternatives': (index) => ({
    type: 'ebnf',
    param: 'grammar',
    text: [
      `root ::= ${list(300, (i) => `r${i}`).join(' | ')}`,
      ...list(300, (i) => `r${i} ::= "k${index}x${i}" root?`),
    ].join('\n'),
  }),
  'ambiguous grammars': (index) => ({
    type: 'ebnf',
    param: 'grammar',
    text: `root ::= s\ns ::= [a-z] s | [a-z] s "b${index}" | [a-z] s "c" | "d"`,
  }),
};

describe('the bytes that are counted', () => {
  it.each(Object.entries(SPECS))('are those that walks, stacks and masks take: %s', async (_, specOf) => {
    const trie = trieOf(TOKENS);
    await expectHonestCount((): Filling => {
      const vocabulary = new GrammarVocabulary(trie, { maxKeptBytes: MAX_BYTES });
      return {
        numBytes: () => vocabulary.kept.numBytes,
        add: (index) => {
          const grammar = compileGrammar(specOf(index));
          const received = asReceived({ grammar, specialTokenIds: new Map() });
          matchTokens(new TokenGrammar(ownSource(received), vocabulary));
        },
      };
    });
  });

  it.each(Object.entries(SPECS))('are those that compiled grammars take: %s', async (_, specOf) => {
    await expectHonestCount((): Filling => {
      const kept: Grammar[] = [];
      let numBytes = 0;
      return {
        numBytes: () => numBytes,
        add: (index) => {
          const grammar = compileGrammar(specOf(index));
          numBytes += grammarBytes(grammar);
          // As it comes from another process.
          kept.push(deserialize(serialize(grammar)) as Grammar);
        },
      };
    });
  });
});

/** As another process gets it: in one message with a prompt. */
function asReceived(source: GrammarSource): GrammarSource {
  const message = { source, promptTokenIds: new Int32Array(20_000) };
  return (deserialize(serialize(message)) as typeof message).source;
}

/** The first tokens of a text. */
function matchTokens(grammar: TokenGrammar): void {
  let at: Configuration | undefined = grammar.start;
  for (let i = 0; i < 12 && at !== undefined; i++) {
    const allowed = grammar.allowed(at);
    const tokenId = list(TOKENS.length, () => '').findIndex((__, id) =>
      isAllowed(allowed, (id * 7 + i) % TOKENS.length),
    );
    at = tokenId < 0 ? undefined : grammar.step(at, (tokenId * 7 + i) % TOKENS.length);
  }
}
