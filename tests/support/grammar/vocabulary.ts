import { GrammarVocabulary } from '../../../src/grammar/matching/grammar-vocabulary.ts';
import { TokenGrammar, type GrammarSource } from '../../../src/grammar/matching/token-grammar.ts';
import { TokenTrie, type TokenTrieData } from '../../../src/grammar/matching/token-trie.ts';

const ASCII = Array.from({ length: 128 }, (_, byte) => String.fromCharCode(byte));
/** Pieces that texts of `smallJson` are made of. */
const PIECES = [
  '"a',
  '"}',
  '"]',
  '","',
  '":',
  '{"',
  '{"a":',
  ',"b":true}',
  'true',
  'tr',
  'ue]',
  'ab c',
  '\\n',
  'n"',
  '12',
  '.5',
  '5,',
  '0]',
  ']]',
  '}}',
  '],[',
  'x"]}',
  'abcdef',
  'nul',
  'l}',
  '-1',
  '[[',
  '["',
];

/** A token's id is its place: a byte of ASCII is its own. */
export const SMALL_JSON_TOKENS: readonly string[] = [...ASCII, ...PIECES];

export const trieOf = (tokens: readonly string[]): TokenTrieData =>
  TokenTrie.build(tokens.length, (tokenId) => Buffer.from(tokens[tokenId] ?? '', 'latin1'));

/** A grammar over a vocabulary of its own. */
export const tokenGrammarOf = (
  source: Pick<GrammarSource, 'grammar'> & Partial<GrammarSource>,
  tokens: readonly string[],
): TokenGrammar =>
  new TokenGrammar({ specialTokenIds: new Map(), ...source }, new GrammarVocabulary(trieOf(tokens)));
