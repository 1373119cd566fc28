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
  #numPromptTokens = 0;
  #numGeneratedTokens = 0;

  /** `take`: absent where nothing limits the tokens. */
  constructor(take?: TakeTokens) {
    this.#take = take;
  }

  /** A budget of the same account, for another attempt of the request. */
  another(): TokenBudget {
    return new TokenBudget(this.#take);
  }

  /** Used so far. */
  get numPromptTokens(): number {
    return this.#numPromptTokens;
  }

  get numGeneratedTokens(): number {
    return this.#numGeneratedTokens;
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
  spend(numPromptTokens: number, numGeneratedTokens: number): void {
    this.#numPromptTokens += numPromptTokens;
    this.#numGeneratedTokens += numGeneratedTokens;
  }

  /** Gives back what was reserved and not used. Called once, at the end. */
  async settle(): Promise<void> {
    const numLeft = this.#numReserved - this.#numPromptTokens - this.#numGeneratedTokens;
    if (numLeft > 0) await this.#taking?.giveBack(numLeft);
  }
}
