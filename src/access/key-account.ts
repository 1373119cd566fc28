import { EngineError } from '../errors.ts';
import type { Account, AccountState, LimitStore, Taking } from './limit-store.ts';
import type { KeyLimits } from './principal.ts';
import { TokenBudget } from './token-budget.ts';

/** Which limit refused a request. */
export type LimitKind = Account | 'concurrency';

export interface AccountOwner {
  readonly keyId: string;
  readonly keyName: string;
  readonly limits: KeyLimits;
}

/** One request's dealings with the limits of its key. */
export class KeyAccount {
  readonly #store: LimitStore;
  readonly #owner: AccountOwner;
  readonly #onRefused: (kind: LimitKind) => void;
  readonly #states: { requests?: AccountState; tokens?: AccountState } = {};
  #leave: (() => Promise<void>) | undefined;
  readonly budget: TokenBudget;

  constructor(store: LimitStore, owner: AccountOwner, onRefused: (kind: LimitKind) => void) {
    this.#store = store;
    this.#owner = owner;
    this.#onRefused = onRefused;
    const { tokensPerMinute } = owner.limits;
    this.budget =
      tokensPerMinute === undefined
        ? new TokenBudget()
        : new TokenBudget((numTokens) => this.#takeTokens(numTokens, tokensPerMinute));
  }

  /** The accounts that have a limit, as they stood when this request last asked. */
  get states(): { readonly requests?: AccountState; readonly tokens?: AccountState } {
    return this.#states;
  }

  /**
   * Takes a request from the account, and its slot among those in flight.
   * @throws EngineError `rate_limited`, `limits_unavailable`
   */
  async admit(): Promise<void> {
    const { keyId, keyName, limits } = this.#owner;
    await Promise.all([this.#lookAtTokens(), this.takeRequest()]);
    if (limits.concurrency === undefined) return;
    this.#leave = await this.#store.enter(keyId, limits.concurrency);
    if (this.#leave !== undefined) return;
    this.#onRefused('concurrency');
    throw new EngineError(
      'rate_limited',
      `the API key '${keyName}' may have ${limits.concurrency} requests in flight; wait for one to end`,
    );
  }

  /** Takes a request from the account. @throws EngineError as `admit` */
  async takeRequest(): Promise<void> {
    const { keyId, limits } = this.#owner;
    const { requestsPerMinute: limit } = limits;
    if (limit === undefined) return;
    const taking = await this.#store.take('requests', keyId, 1, limit);
    this.#states.requests = taking.state;
    if (!taking.isTaken) this.#refuse('requests', `may make ${limit} requests a minute`, taking.state);
  }

  /** Reads the accounts, and takes nothing. */
  async look(): Promise<void> {
    const { keyId, limits } = this.#owner;
    await this.#lookAtTokens();
    if (limits.requestsPerMinute !== undefined)
      this.#states.requests = await this.#store.look('requests', keyId, limits.requestsPerMinute);
  }

  async #lookAtTokens(): Promise<void> {
    const { keyId, limits } = this.#owner;
    if (limits.tokensPerMinute !== undefined)
      this.#states.tokens = await this.#store.look('tokens', keyId, limits.tokensPerMinute);
  }

  async #takeTokens(numTokens: number, limit: number): Promise<Taking> {
    const { keyId, keyName } = this.#owner;
    const may = `may use ${limit} tokens a minute, and this request may need ${numTokens}`;
    if (numTokens > limit) {
      this.#onRefused('tokens');
      throw new EngineError('rate_limited', `the API key '${keyName}' ${may}; ask for fewer`, {
        retryable: false,
        details: { numTokens, limit },
      });
    }
    const taking = await this.#store.take('tokens', keyId, numTokens, limit);
    this.#states.tokens = taking.state;
    if (!taking.isTaken) this.#refuse('tokens', may, taking.state);
    return taking;
  }

  #refuse(kind: LimitKind, may: string, { remaining, resetMs }: AccountState): never {
    this.#onRefused(kind);
    const seconds = Math.ceil(resetMs / 1000);
    throw new EngineError(
      'rate_limited',
      `the API key '${this.#owner.keyName}' ${may}; it has ${remaining} left, and all again in ${seconds} s`,
      { retryAfterMs: resetMs, details: { limit: kind, remaining, resetMs } },
    );
  }

  /** The request has ended: gives back its slot and the tokens that it did not use. */
  async end(): Promise<void> {
    // A store that is gone forgets both by itself, in half a minute and with the minute.
    await Promise.allSettled([this.#leave?.(), this.budget.settle()]);
  }
}
