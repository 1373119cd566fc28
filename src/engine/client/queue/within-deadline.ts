import { MAX_TIMER_MS } from '../../../config/timer-limit.ts';
import { EngineError } from '../../../errors.ts';

export interface Deadline {
  /** Aborted when the client is gone. */
  gone: AbortSignal;
  /** Longest that the work may take; undefined: as long as it likes. */
  timeoutMs: number | undefined;
}

/**
 * Does work under a signal that is aborted when the client is gone or the time is over. What the work throws then is the
 * signal's reason.
 * @throws EngineError `request_timeout` as the signal's reason, or what the work throws
 */
export async function withinDeadline<T>(
  { gone, timeoutMs }: Deadline,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const abort = new AbortController();
  const onGone = (): void => abort.abort(gone.reason);
  const onTimeout = (): void =>
    abort.abort(new EngineError('request_timeout', `the request took longer than its ${timeoutMs} ms`));
  const timer =
    timeoutMs === undefined ? undefined : setTimeout(onTimeout, Math.min(timeoutMs, MAX_TIMER_MS));
  if (gone.aborted) onGone();
  else gone.addEventListener('abort', onGone, { once: true });
  try {
    return await work(abort.signal);
  } catch (error) {
    // What one part of the work threw takes the others with it.
    abort.abort();
    throw error;
  } finally {
    clearTimeout(timer);
    gone.removeEventListener('abort', onGone);
  }
}
