import { assertInvariant, EngineError } from '../../errors.ts';
import { TokenTrie } from '../../grammar/matching/token-trie.ts';
import { shownBytes } from '../../tokenizer/shown-bytes.ts';
import { TokenTable } from '../../tokenizer/token-table.ts';
import type { ReasoningLimit, TokenTexts } from '../protocol.ts';
import { ReasoningBudget } from './reasoning-budget.ts';

/** Makes the budgets of sequences over the model's vocabulary. */
export class ReasoningBudgets {
  #texts: TokenTexts | undefined;
  /** Made for the first budget: what is thrown by that ends the sequence of the budget, and not the engine. */
  #vocabulary: { table: TokenTable; specialTokenIds: ReadonlySet<number> } | undefined;
  /** By closing tag; a model has one. */
  readonly #closers = new Map<string, readonly number[]>();

  /** Comes before the first budget. */
  setTokenTexts(texts: TokenTexts): void {
    this.#texts = texts;
    this.#vocabulary = undefined;
    this.#closers.clear();
  }

  /** @throws EngineError `weights_invalid` where the vocabulary cannot write the closing tag */
  budgetOf({ maxTokens, shown, ...tags }: ReasoningLimit): ReasoningBudget {
    const texts = this.#texts;
    assertInvariant(texts !== undefined, 'the texts of tokens come before the first budget');
    this.#vocabulary ??= {
      table: new TokenTable(texts.table),
      specialTokenIds: new Set(texts.specialTokenIds),
    };
    const { table, specialTokenIds } = this.#vocabulary;
    const vocabulary = { specialTokenIds, idToBytes: (id: number): Uint8Array => table.idToBytes(id) };
    const bytesOf = shownBytes(vocabulary, shown);
    const closers = this.#closers.get(tags.closing) ?? findClosers(tags.closing, table, bytesOf);
    this.#closers.set(tags.closing, closers);
    return new ReasoningBudget({ tags, maxTokens, closers, bytesOf });
  }
}

/**
 * By how many bytes are written of a tag, the token that goes on with it: the first of the fewest that write the rest. A
 * tag that is one token is written whole in any case, since the model knows it by that token.
 */
function findClosers(
  tag: string,
  table: TokenTable,
  bytesOf: (tokenId: number) => Uint8Array,
): readonly number[] {
  const bytes = Buffer.from(tag);
  const tokenIds = table.tokensWithin(bytes);
  const trie = new TokenTrie(TokenTrie.build(tokenIds.length, (index) => bytesOf(tokenIds[index] ?? -1)));
  const tokensOf = (end: Uint8Array): number[] | undefined =>
    trie.fewestTokens(end)?.map((index) => tokenIds[index] ?? -1);
  const [first, ...others] = tokensOf(bytes) ?? [];
  if (first === undefined) {
    const complaint = `the model's vocabulary cannot write ${tag}, which ends its reasoning`;
    throw new EngineError('weights_invalid', complaint);
  }
  return Array.from(bytes, (_, numWritten) => {
    const [next] = others.length === 0 ? [] : (tokensOf(bytes.subarray(numWritten)) ?? []);
    return next ?? first;
  });
}
