import type { Grammar } from '../../../src/grammar/grammar.ts';
import { GrammarVocabulary } from '../../../src/grammar/matching/grammar-vocabulary.ts';
import { TokenGrammar } from '../../../src/grammar/matching/token-grammar.ts';
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
  grammar: Grammar,
  tokens: readonly string[],
  specialTokenIds: ReadonlyMap<string, number> = new Map(),
): TokenGrammar => new TokenGrammar({ grammar, specialTokenIds }, new GrammarVocabulary(trieOf(tokens)));
