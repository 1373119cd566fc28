import { assertInvariant } from '../errors.ts';
import type { Taking } from './limit-store.ts';

/** Takes tokens from a key's account; throws where they are not there. */
export type TakeTokens = (numTokens: number) => Promise<Taking>;

/**
 * The tokens of one request. As many as it may need are taken before it is computed, so that requests side by side
 * cannot use up more than there is, and what it did not need is given back at its end.
 */
export class TokenBudget {
  readonly #take: TakeTokens | undefined;
  #taking: Taking | undefined;
  #numReserved = 0;
  #promptTokens = 0;
  #completionTokens = 0;

  /** `take`: absent where nothing limits the tokens. */
  constructor(take?: TakeTokens) {
    this.#take = take;
  }

  /** Used so far. */
  get promptTokens(): number {
    return this.#promptTokens;
  }

  get completionTokens(): number {
    return this.#completionTokens;
  }

  /**
   * Once a request, before it is computed.
   * @param numTokens the most that it can use
   * @throws EngineError `rate_limited` where the account has not so many left, `limits_unavailable`
   */
  async reserve(numTokens: number): Promise<void> {
    if (this.#take === undefined) return;
    assertInvariant(this.#taking === undefined, 'a request reserves its tokens once');
    this.#taking = await this.#take(numTokens);
    this.#numReserved = numTokens;
  }

  /** Tokens that were computed. */
  spend(promptTokens: number, completionTokens: number): void {
    this.#promptTokens += promptTokens;
    this.#completionTokens += completionTokens;
  }

  /** Gives back what was reserved and not used. Called once, at the end. */
  async settle(): Promise<void> {
    const numLeft = this.#numReserved - this.#promptTokens - this.#completionTokens;
    if (numLeft > 0) await this.#taking?.giveBack(numLeft);
  }
}
