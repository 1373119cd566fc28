import type { Logger } from 'pino';
import { clip } from '../clip.ts';
import type { RequestRecord } from '../engine/engine.ts';
import type { RequestOutcome, RequestScope } from './request-scope.ts';

/** Routes that machines poll, and what belongs to a page; their lines are written at debug level. */
const POLLED_ROUTES: ReadonlySet<string> = new Set(['/health', '/ready', '/metrics', '/assets/:file']);

/** Writes the one line of a request. A prompt is in it only where the scope was given one. */
export function logRequest(logger: Logger, outcome: RequestOutcome): void {
  const { scope, status } = outcome;
  const line = requestLogLine(outcome);
  // A foreseen error tells all in its message; only a defect needs its stack, and an operator.
  const isDefect = scope.error?.code === 'internal' || scope.error?.code === 'backend_failure';
  const text = `${scope.method} ${clip(scope.path)} ${status}`;
  if (isDefect) logger.error({ ...line, err: scope.error }, text);
  else if (POLLED_ROUTES.has(scope.route)) logger.debug(line, text);
  else logger.info(line, text);
}

/** The fields of a request's line, absent where they are not known. */
export function requestLogLine({ scope, status, durationMs }: RequestOutcome): Record<string, unknown> {
  const { record } = scope;
  return {
    requestId: scope.id,
    method: scope.method,
    path: clip(scope.path),
    status,
    durationMs: round(durationMs),
    ended: howItEnded(scope, record),
    ...(scope.principal.keyName === undefined ? {} : { key: scope.principal.keyName }),
    ...(scope.model === undefined ? {} : { model: scope.model }),
    ...(record === undefined ? {} : completionFields(record)),
    ...(scope.error === undefined ? {} : { error: scope.error.message }),
    ...(scope.prompt === undefined ? {} : { prompt: scope.prompt }),
  };
}

function completionFields({ usage, timings, numWastedTokens }: RequestRecord): Record<string, unknown> {
  const { queueMs, ttftMs, totalMs } = timings;
  const computingMs = totalMs - (queueMs ?? totalMs);
  return {
    promptTokens: usage.numPromptTokens,
    completionTokens: usage.numGeneratedTokens,
    cachedTokens: usage.numCachedTokens,
    ...(queueMs === undefined ? {} : { queueMs: round(queueMs) }),
    ...(ttftMs === undefined ? {} : { ttftMs: round(ttftMs) }),
    ...(computingMs > 0 ? { tokensPerSecond: round((1000 * usage.numGeneratedTokens) / computingMs) } : {}),
    ...(numWastedTokens > 0 ? { wastedTokens: numWastedTokens } : {}),
  };
}

/** `stop`, `length`, `abort: disconnect`, `error: queue_full`, or `ok` where nothing was generated. */
function howItEnded(scope: RequestScope, record: RequestRecord | undefined): string {
  const errorCode = scope.error?.code ?? record?.errorCode;
  if (errorCode !== undefined) return `error: ${errorCode}`;
  if (record === undefined) return 'ok';
  if (record.cancelCause !== undefined) return `abort: ${record.cancelCause}`;
  return [...new Set(record.finishReasons)].join(', ');
}

const round = (value: number): number => Math.round(value * 100) / 100;
