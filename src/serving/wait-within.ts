import { EngineError } from '../errors.ts';
import { loadFailure } from './pool-errors.ts';

/**
 * Waits for a promise, but no longer than `timeoutMs`, and not after the signal is aborted. The promise goes on by itself.
 * @throws EngineError what `onTimeout` makes; `request_timeout` when the signal is aborted; whatever the promise throws
 */
export function waitWithin<T>(
  promise: Promise<T>,
  { timeoutMs, signal }: { timeoutMs: number; signal?: AbortSignal },
  onTimeout: () => EngineError,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(new EngineError('request_timeout', 'the client hung up while the model was loading'));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', onAbort);
      reject(onTimeout());
    }, timeoutMs);
    const settle = (finish: () => void): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      finish();
    };
    promise.then(
      (value) => settle(() => resolve(value)),
      (error: unknown) => settle(() => reject(loadFailure(error))),
    );
    if (signal?.aborted === true) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
  });
}
