import type { TokenTrieData } from '../../../grammar/matching/token-trie.ts';
import type { ServedTokenizer } from '../../../text/served-tokenizer.ts';
import type { CompletionRequest } from '../../engine.ts';
import type { ToWorker } from '../../protocol.ts';

/**
 * Sends an engine process what tokens are as text: once, and only where a request needs it, since most engines get by
 * without.
 */
export class SentTokenTexts {
  readonly #send: (message: ToWorker) => void;
  /** To the process that is there now. */
  #vocabulary: TokenTrieData | undefined;
  #tokenizer: ServedTokenizer | undefined;

  constructor(send: (message: ToWorker) => void) {
    this.#send = send;
  }

  /** Another process has taken over. */
  forget(): void {
    this.#vocabulary = undefined;
    this.#tokenizer = undefined;
  }

  /** To be called before a request's sequences are sent. */
  sendFor({ grammar, reasoningSpan }: CompletionRequest, tokenizer: ServedTokenizer): void {
    if (grammar !== undefined && this.#vocabulary !== grammar.vocabulary) {
      this.#vocabulary = grammar.vocabulary;
      this.#send({ type: 'vocabulary', trie: grammar.vocabulary });
    }
    if (reasoningSpan?.maxTokens !== undefined && this.#tokenizer !== tokenizer) {
      this.#tokenizer = tokenizer;
      const { tokenTable: table, specialTokenIds } = tokenizer;
      this.#send({ type: 'tokenTexts', table, specialTokenIds: [...specialTokenIds] });
    }
  }
}
