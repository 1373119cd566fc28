import { assertInvariant } from '../../errors.ts';
import { GrammarVocabulary } from '../../grammar/matching/grammar-vocabulary.ts';
import { ownSource } from '../../grammar/matching/own-source.ts';
import { TokenGrammar } from '../../grammar/matching/token-grammar.ts';
import type { TokenTrieData } from '../../grammar/matching/token-trie.ts';
import type { SequenceGrammar } from '../protocol.ts';

/** Grammars that are kept for the next request that has the same, and their bytes. */
const MAX_KEPT = 64;
const MAX_KEPT_BYTES = 32 * 2 ** 20;

interface Kept {
  grammar: TokenGrammar;
  numBytes: number;
}

/** The grammars of sequences over the model's vocabulary, the latest used of them for longer than their sequences. */
export class GrammarPool {
  #data: TokenTrieData | undefined;
  /** Made for the first grammar: what is thrown by that ends the sequence of the grammar, and not the engine. */
  #vocabulary: GrammarVocabulary | undefined;
  /** The latest used is the last. */
  readonly #kept = new Map<string, Kept>();

  /** Comes before the first grammar. */
  setVocabulary(data: TokenTrieData): void {
    this.#data = data;
    this.#vocabulary = undefined;
    this.#kept.clear();
  }

  grammarOf({ key, source, numBytes }: SequenceGrammar): TokenGrammar {
    assertInvariant(this.#data !== undefined, 'the vocabulary comes before the first grammar');
    this.#vocabulary ??= new GrammarVocabulary(this.#data);
    const grammar = this.#kept.get(key)?.grammar ?? new TokenGrammar(ownSource(source), this.#vocabulary);
    this.#kept.delete(key);
    this.#kept.set(key, { grammar, numBytes });
    this.#forgetOldest();
    return grammar;
  }

  #forgetOldest(): void {
    let total = [...this.#kept.values()].reduce((sum, { numBytes }) => sum + numBytes, 0);
    for (const [key, { grammar, numBytes }] of this.#kept) {
      if (this.#kept.size <= MAX_KEPT && total <= MAX_KEPT_BYTES) break;
      this.#kept.delete(key);
      this.#vocabulary?.kept.drop(grammar);
      total -= numBytes;
    }
  }
}
