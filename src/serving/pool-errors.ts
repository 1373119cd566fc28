import { dirname, sep } from 'node:path';
import { mib } from '../engine/check-memory.ts';
import { EngineError, toEngineError } from '../errors.ts';
import type { ResidentModel } from './plan-load.ts';

/** What a request is told when the model it names cannot be had. */

export function shortageError(
  { id, bytes, limitBytes }: { id: string; bytes: number; limitBytes: number },
  residents: readonly ResidentModel[],
  { mayFitLater, retryAfterMs }: { mayFitLater: boolean; retryAfterMs?: number | undefined },
): EngineError {
  const taken = residents.map((resident) => `'${resident.id}' ${mib(resident.bytes)}`).join(', ');
  const remedy = mayFitLater
    ? 'some of them are in use now; try again later'
    : 'those that stay loaded leave too little; raise MEMORY_LIMIT_MB, or preload fewer';
  return new EngineError(
    'insufficient_memory',
    `the model '${id}' needs ${mib(bytes)} of the ${mib(limitBytes)} that models may take, beside ${taken}: ${remedy}`,
    {
      retryable: mayFitLater,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      details: { neededBytes: bytes, limitBytes },
    },
  );
}

export function waitersFull(numWaiting: number): EngineError {
  return new EngineError(
    'queue_full',
    `${numWaiting} requests wait for a model to load, as many as MAX_QUEUED_REQUESTS allows`,
  );
}

export function loadTimeout(id: string, timeoutMs: number): EngineError {
  return new EngineError(
    'request_timeout',
    `the request took longer than ${timeoutMs} ms; the model '${id}' was still loading`,
    { param: 'timeout_ms' },
  );
}

export function loadTooLong(id: string, timeoutMs: number): EngineError {
  return new EngineError(
    'backend_failure',
    `the model '${id}' did not load within ${timeoutMs / 1000} s (LOAD_TIMEOUT); its process was killed`,
  );
}

export function shuttingDown(): EngineError {
  return new EngineError('engine_not_ready', 'the service is shutting down; try again later');
}

/** What a load failed with, as one of ours. */
export const loadFailure = (thrown: unknown): EngineError =>
  toEngineError(thrown, 'a model could not be loaded');

/** The failure as clients are told it: where a model's files lie is for the operator alone, who finds it in the log. */
export function withoutPath(error: EngineError, { id, path }: { id: string; path: string }): EngineError {
  const folder = dirname(path);
  // Then what lies beside it, by its name alone.
  const beside = folder === dirname(folder) ? path : folder + sep;
  const shown = error.message.replaceAll(path, id).replaceAll(beside, '');
  if (shown === error.message) return error;
  const { code, retryable, mayQuote, details = {} } = error;
  return new EngineError(code, shown, { retryable, mayQuote, details, cause: error });
}
