import { EngineError } from '../errors.ts';
import type { Account, AccountState, LimitStore, Taking } from './limit-store.ts';
import { messageOf } from '../values.ts';

/** What to do while the shared store is out of reach: count here alone, or refuse. */
export type LimitsFallback = 'local' | 'refuse';

/** A store that may be out of reach; what it is asked for then fails. */
export interface RemoteLimits extends LimitStore {
  readonly isReady: boolean;
}

export interface SharedLimitsOptions {
  shared: RemoteLimits;
  local: LimitStore;
  fallback: LimitsFallback;
  /** The shared store could not be asked, and before that it could: told once. */
  onLost?(reason: string): void;
  onBack?(): void;
  /** On a monotonic clock. */
  nowMs?: () => number;
}

/** After a failure the shared store is left alone for so long, and clients are told to wait. */
const REST_MS = 1000;

/** Limits that are shared, and what is counted while they cannot be. */
export class SharedLimits implements LimitStore {
  readonly #options: SharedLimitsOptions;
  readonly #nowMs: () => number;
  #isShared = true;
  #isClosed = false;
  #restsUntilMs = -Infinity;
  #numFallbacks = 0;

  constructor(options: SharedLimitsOptions) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? (() => performance.now());
  }

  /** False since the shared store was last asked in vain. */
  get isShared(): boolean {
    return this.#isShared;
  }

  /** Questions that were answered by the fallback. */
  get numFallbacks(): number {
    return this.#numFallbacks;
  }

  take(account: Account, keyId: string, number: number, limit: number): Promise<Taking> {
    return this.#ask((store) => store.take(account, keyId, number, limit));
  }

  look(account: Account, keyId: string, limit: number): Promise<AccountState> {
    return this.#ask((store) => store.look(account, keyId, limit));
  }

  enter(keyId: string, limit: number): Promise<(() => Promise<void>) | undefined> {
    return this.#ask((store) => store.enter(keyId, limit));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#options.shared.close();
    await this.#options.local.close();
  }

  /** The connection is gone, whether or not a request has noticed. */
  lose(reason: string): void {
    if (!this.#isShared || this.#isClosed) return;
    this.#isShared = false;
    this.#options.onLost?.(reason);
  }

  /** The connection is there again. */
  restore(): void {
    this.#restsUntilMs = -Infinity;
    if (this.#isShared) return;
    this.#isShared = true;
    this.#options.onBack?.();
  }

  /** What was taken from a store is given back to it, since each answers for itself. */
  async #ask<T>(question: (store: LimitStore) => Promise<T>): Promise<T> {
    const { shared, local, fallback } = this.#options;
    if (shared.isReady && this.#nowMs() >= this.#restsUntilMs) {
      try {
        const answer = await question(shared);
        this.restore();
        return answer;
      } catch (error) {
        this.#restsUntilMs = this.#nowMs() + REST_MS;
        this.lose(messageOf(error));
      }
    }
    this.#numFallbacks++;
    if (fallback === 'local') return question(local);
    throw new EngineError(
      'limits_unavailable',
      'the limits of this API key are kept in a store that is out of reach; try again later',
      { retryAfterMs: REST_MS },
    );
  }
}
