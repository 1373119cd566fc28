import { setTimeout as delay } from 'node:timers/promises';
import { abortError, toEngineError, type EngineError } from '../errors.ts';
import { retryDelayOf, type GatewayOptions } from './gateway-options.ts';

/** How an attempt ended: with an answer, good or not, or with an error. */
export type Outcome<Answer> = { readonly answer: Answer } | { readonly error: EngineError };

interface AttemptOptions<Answer> {
  /** @param timeoutMs until the first part; undefined: as long as it takes */
  readonly attempt: (number: number, timeoutMs: number | undefined) => Promise<Answer>;
  /** Whether the same request may get a better answer. */
  readonly mayImprove: (answer: Answer) => boolean;
  /** An answer is not used. */
  readonly discard: (answer: Answer) => void;
  /** The client has left. */
  readonly gone: AbortSignal;
}

/**
 * Asks until there is an answer that another attempt would not make better. The last of several attempts may take as
 * long as it takes, as at Cloudflare.
 *
 * @throws EngineError when the client is gone
 */
export async function runAttempts<Answer>(
  options: GatewayOptions,
  { attempt, mayImprove, discard, gone }: AttemptOptions<Answer>,
): Promise<Outcome<Answer>> {
  const { maxAttempts = 1, requestTimeoutMs } = options;
  for (let number = 1; ; number++) {
    const isLast = number >= maxAttempts;
    const outcome = await settled(attempt(number, isLast && number > 1 ? undefined : requestTimeoutMs));
    if (gone.aborted) {
      if ('answer' in outcome) discard(outcome.answer);
      throw abortError(gone);
    }
    const isFinal = 'answer' in outcome ? !mayImprove(outcome.answer) : !outcome.error.retryable;
    if (isLast || isFinal) return outcome;
    if ('answer' in outcome) discard(outcome.answer);
    await delay(retryDelayOf(options, number), undefined, { signal: gone }).catch(() => {
      throw abortError(gone);
    });
  }
}

async function settled<Answer>(running: Promise<Answer>): Promise<Outcome<Answer>> {
  try {
    return { answer: await running };
  } catch (thrown) {
    return { error: toEngineError(thrown) };
  }
}
