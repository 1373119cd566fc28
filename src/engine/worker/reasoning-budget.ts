import { assertInvariant, EngineError } from '../../errors.ts';
import { TokenTrie } from '../../grammar/matching/token-trie.ts';
import { shownBytes } from '../../tokenizer/token-bytes.ts';
import { TokenTable } from '../../tokenizer/token-table.ts';
import type { ReasoningLimit, TokenTexts } from '../protocol.ts';
import { ReasoningMeter, type ReasoningTags } from '../reasoning-meter.ts';

/** Tokens beyond the budget that may still finish a character; one has four bytes at most. */
const MAX_CHARACTER_TOKENS = 3;

interface ReasoningBudgetOptions {
  readonly tags: ReasoningTags;
  /** Of the reasoning, the tags not counted. */
  readonly maxTokens: number;
  /** By how many bytes of the closing tag the text ends in: the token that goes on with it. */
  readonly closers: readonly number[];
  /** The bytes that a token adds to the text. */
  readonly bytesOf: (tokenId: number) => Uint8Array;
}

/**
 * Keeps the reasoning of one sequence within a number of tokens: once they are spent, its next tokens are those of the
 * closing tag, or of what is left of it where the text ends in a part. A character that is not whole by then is let end.
 */
export class ReasoningBudget {
  readonly #options: ReasoningBudgetOptions;
  readonly #meter: ReasoningMeter;

  constructor(options: ReasoningBudgetOptions) {
    this.#options = options;
    this.#meter = new ReasoningMeter(options.tags);
  }

  /** Goes on behind a token of the text. */
  accept(tokenId: number): void {
    if (this.#meter.phase !== 'behind') this.#meter.push(this.#options.bytesOf(tokenId));
  }

  /** The next token, where the reasoning must end. */
  forced(): number | undefined {
    const { phase, numTokens, isInsideCharacter, numClosingBytes } = this.#meter;
    const { maxTokens, closers } = this.#options;
    if (phase !== 'inside' || numTokens < maxTokens) return undefined;
    if (isInsideCharacter && numTokens < maxTokens + MAX_CHARACTER_TOKENS) return undefined;
    return closers[numClosingBytes];
  }
}

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
