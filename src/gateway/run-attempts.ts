import { setTimeout as delay } from 'node:timers/promises';
import { abortError, toEngineError, type EngineError } from '../errors.ts';
import { retryDelayOf, type GatewayOptions } from './gateway-options.ts';

/** How an attempt ended: with an answer, good or not, or with an error. */
export type Outcome<Answer> = { readonly answer: Answer } | { readonly error: EngineError };

/** Until when a request may be made again. */
export interface Patience {
  /** Its client has left, or has to give up what it holds. */
  readonly gone: AbortSignal;
  /** The service ends: what has been answered is the answer. */
  readonly ending: AbortSignal;
  /** On the clock of `performance.now`; no attempt begins later. */
  readonly deadlineMs: number;
}

/** Whether an attempt may begin, after that wait. */
export const mayBegin = ({ ending, deadlineMs }: Patience, waitMs = 0): boolean =>
  !ending.aborted && performance.now() + waitMs < deadlineMs;

interface AttemptOptions<Answer> {
  /** Asked before each attempt; what it throws ends the request. */
  readonly admit: (number: number) => Promise<void>;
  /** @param timeoutMs until the first part; undefined: as long as it takes */
  readonly attempt: (number: number, timeoutMs: number | undefined) => Promise<Answer>;
  /** Whether the same request may get a better answer. */
  readonly mayImprove: (answer: Answer) => boolean;
  /** An answer is not used. */
  readonly discard: (answer: Answer) => void;
}

/**
 * Asks until there is an answer that another attempt would not make better, or until no other may begin. The last of
 * several attempts may take as long as it takes, as at Cloudflare.
 *
 * @throws EngineError when the client is gone; what `admit` throws
 */
export async function runAttempts<Answer>(
  options: GatewayOptions,
  { admit, attempt, mayImprove, discard }: AttemptOptions<Answer>,
  patience: Patience,
): Promise<Outcome<Answer>> {
  const { gone } = patience;
  const { maxAttempts = 1, requestTimeoutMs } = options;
  for (let number = 1; ; number++) {
    const isLast = number >= maxAttempts;
    await admit(number);
    const outcome = await settled(attempt(number, isLast && number > 1 ? undefined : requestTimeoutMs));
    if (gone.aborted) {
      if ('answer' in outcome) discard(outcome.answer);
      throw abortError(gone);
    }
    const isFinal = 'answer' in outcome ? !mayImprove(outcome.answer) : !outcome.error.retryable;
    const waitMs = retryDelayOf(options, number);
    if (isLast || isFinal || !(await mayBeginAfter(waitMs, patience))) return outcome;
    if ('answer' in outcome) discard(outcome.answer);
  }
}

/** Waits, unless no attempt may begin then. @throws EngineError when the client is gone */
async function mayBeginAfter(waitMs: number, patience: Patience): Promise<boolean> {
  if (!mayBegin(patience, waitMs)) return false;
  const { gone, ending } = patience;
  const waking = new AbortController();
  const wake = (): void => waking.abort();
  // Node keeps a trace of each `AbortSignal.any` of a signal that lives as long as the service.
  for (const signal of [gone, ending]) signal.addEventListener('abort', wake);
  await delay(waitMs, undefined, { signal: waking.signal }).catch(() => undefined);
  for (const signal of [gone, ending]) signal.removeEventListener('abort', wake);
  if (gone.aborted) throw abortError(gone);
  return mayBegin(patience);
}

async function settled<Answer>(running: Promise<Answer>): Promise<Outcome<Answer>> {
  try {
    return { answer: await running };
  } catch (thrown) {
    return { error: toEngineError(thrown) };
  }
}
