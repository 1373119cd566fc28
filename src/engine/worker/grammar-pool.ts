import { BoundedStore } from '../../bounded-store.ts';
import { assertInvariant } from '../../errors.ts';
import { GrammarVocabulary } from '../../grammar/matching/grammar-vocabulary.ts';
import { ownSource } from '../../grammar/matching/own-source.ts';
import { TokenGrammar } from '../../grammar/matching/token-grammar.ts';
import type { TokenTrieData } from '../../grammar/matching/token-trie.ts';
import type { SequenceGrammar } from '../protocol.ts';

/** Of grammars that are kept for the next request that has the same. */
const MAX_KEPT_BYTES = 32 * 2 ** 20;

/** The grammars of sequences over the model's vocabulary, the latest used of them for longer than their sequences. */
export class GrammarPool {
  #data: TokenTrieData | undefined;
  /** Made for the first grammar: what is thrown by that ends the sequence of the grammar, and not the engine. */
  #vocabulary: GrammarVocabulary | undefined;
  readonly #kept = new BoundedStore<TokenGrammar>({
    maxBytes: MAX_KEPT_BYTES,
    onRemove: (grammar) => this.#vocabulary?.kept.drop(grammar),
  });

  /** Comes before the first grammar. */
  setVocabulary(data: TokenTrieData): void {
    this.#kept.shrinkTo(0);
    this.#data = data;
    this.#vocabulary = undefined;
  }

  /** @param clientId whose sequence has it, see src/fairness/client-id.ts */
  grammarOf({ key, source, numBytes }: SequenceGrammar, clientId: string): TokenGrammar {
    assertInvariant(this.#data !== undefined, 'the vocabulary comes before the first grammar');
    this.#vocabulary ??= new GrammarVocabulary(this.#data);
    const kept = this.#kept.use(clientId, key);
    if (kept !== undefined) return kept;
    const grammar = new TokenGrammar(ownSource(source), this.#vocabulary);
    this.#kept.add(clientId, key, grammar, numBytes);
    return grammar;
  }
}
