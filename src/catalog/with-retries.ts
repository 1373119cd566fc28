import { setTimeout as delay } from 'node:timers/promises';
import { EngineError } from '../errors.ts';

export interface RetryPolicy {
  /** Failures in a row, without anything won between them, after which it is given up. */
  readonly maxFailures: number;
  /** Before the second try, in milliseconds; doubled for each one after. */
  readonly firstDelayMs: number;
  /** Told why it is tried again, and after how long. */
  readonly onRetry?: (error: EngineError, delayMs: number) => void;
}

export const DEFAULT_RETRIES: RetryPolicy = { maxFailures: 5, firstDelayMs: 1000 };

/**
 * Tries until it succeeds, or fails for good: not retryable, or `maxFailures` in a row.
 * @param attempt says by `progress` that something was won, which makes the next failure the first again
 * @throws what the last attempt threw, or that it was aborted
 */
export async function withRetries<T>(
  policy: RetryPolicy,
  signal: AbortSignal,
  attempt: (progress: () => void) => Promise<T>,
): Promise<T> {
  let numFailures = 0;
  for (;;) {
    try {
      return await attempt(() => (numFailures = 0));
    } catch (error) {
      numFailures++;
      signal.throwIfAborted();
      if (!(error instanceof EngineError) || !error.retryable || numFailures >= policy.maxFailures)
        throw error;
      const delayMs = error.retryAfterMs ?? policy.firstDelayMs * 2 ** (numFailures - 1);
      policy.onRetry?.(error, delayMs);
      await delay(delayMs, undefined, { signal });
    }
  }
}
