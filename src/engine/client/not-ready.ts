import { EngineError } from '../../errors.ts';
import type { EngineState } from '../engine.ts';

/** A refused client comes back no sooner, also when a load takes longer than the last one did. */
const MIN_RETRY_MS = 250;

/** Why an engine takes no requests, and when it may again. */
export function notReady(state: EngineState, retryAfterMs: number): EngineError {
  const why: Partial<Record<EngineState, string>> = {
    loading: 'the model is loading',
    draining: 'the service is shutting down',
  };
  return new EngineError('engine_not_ready', `${why[state] ?? 'the service is stopping'}; try again later`, {
    retryAfterMs: Math.max(retryAfterMs, MIN_RETRY_MS),
  });
}
