import { assertInvariant } from '../../errors.ts';
import { GrammarVocabulary } from '../../grammar/matching/grammar-vocabulary.ts';
import { TokenGrammar } from '../../grammar/matching/token-grammar.ts';
import type { TokenTrieData } from '../../grammar/matching/token-trie.ts';
import type { SequenceGrammar } from '../protocol.ts';

/** Grammars that are kept for the next request that has the same. */
const MAX_KEPT = 64;

/** The grammars of sequences over the model's vocabulary, the latest used of them for longer than their sequences. */
export class GrammarPool {
  #vocabulary: GrammarVocabulary | undefined;
  /** The latest used is the last. */
  readonly #grammars = new Map<string, TokenGrammar>();

  /** Comes before the first grammar. */
  setVocabulary(data: TokenTrieData): void {
    this.#vocabulary = new GrammarVocabulary(data);
    this.#grammars.clear();
  }

  grammarOf({ key, source }: SequenceGrammar): TokenGrammar {
    assertInvariant(this.#vocabulary !== undefined, 'the vocabulary comes before the first grammar');
    const grammar = this.#grammars.get(key) ?? new TokenGrammar(source, this.#vocabulary);
    this.#grammars.delete(key);
    this.#grammars.set(key, grammar);
    const [oldest] = this.#grammars.keys();
    if (this.#grammars.size > MAX_KEPT && oldest !== undefined) this.#grammars.delete(oldest);
    return grammar;
  }
}
