import { compileGrammar } from '../../src/grammar/compile/compile-grammar.ts';
import { grammarBytes, type Grammar } from '../../src/grammar/grammar.ts';
import type { GrammarSpec } from '../../src/grammar/grammar-spec.ts';
import { GrammarVocabulary } from '../../src/grammar/matching/grammar-vocabulary.ts';
import { TokenGrammar } from '../../src/grammar/matching/token-grammar.ts';
import { TokenTrie, type TokenTrieData } from '../../src/grammar/matching/token-trie.ts';
import type { AllowedTokens } from '../../src/sampling/allowed-tokens.ts';

type Place = TokenGrammar['start'];

/** All that the benchmark and the tests of the corpus ask of the grammar engine. */
export class UsedGrammar {
  readonly grammar: Grammar;
  #matching: TokenGrammar | undefined;
  readonly #trie: TokenTrieData;

  /** @throws EngineError `invalid_request` if the grammar is refused */
  constructor(spec: GrammarSpec, trie: TokenTrieData) {
    this.grammar = compileGrammar(spec);
    this.#trie = trie;
  }

  get bytes(): number {
    return grammarBytes(this.grammar);
  }

  /** With nothing kept of other grammars. */
  get matching(): TokenGrammar {
    this.#matching ??= new TokenGrammar(
      { grammar: this.grammar, specialTokenIds: new Map() },
      new GrammarVocabulary(this.#trie),
    );
    return this.#matching;
  }

  isEnd(at: Place): boolean {
    return at.isComplete;
  }
}

export const trieOfTokens = (tokens: readonly Uint8Array[]): TokenTrieData =>
  TokenTrie.build(tokens.length, (id) => tokens[id] ?? new Uint8Array());

/** In rising order. */
export function allowedIds(allowed: AllowedTokens): number[] {
  if (allowed.type === 'list') return [...allowed.tokenIds];
  const ids: number[] = [];
  for (const [word, bits] of allowed.bits.entries()) {
    for (let rest = bits; rest !== 0; rest &= rest - 1) ids.push(word * 32 + 31 - Math.clz32(rest & -rest));
  }
  return ids;
}
