import type { RequestRecord } from '../../engine/engine.ts';
import type { RequestScope } from '../request-scope.ts';
import type { ApiFamily } from '../route-facts.ts';

const ID_HEADERS: Partial<Record<ApiFamily, (id: string) => Record<string, string>>> = {
  anthropic: (id) => ({ 'request-id': id }),
  'workers-binding': (id) => ({ 'cf-ai-req-id': id }),
};

/** The headers that every answer has: its request's id, by further names where clients read these, and where its time went. */
export const answerHeaders = (scope: RequestScope): Record<string, string> => ({
  'x-request-id': scope.id,
  ...ID_HEADERS[scope.facts.api ?? 'openai']?.(scope.id),
  ...scope.trace?.answerHeaders,
  ...(scope.ignoredFields.length > 0 ? { 'x-ignored-fields': scope.ignoredFields.join(', ') } : {}),
  ...timingHeaders(scope.isHeld ? undefined : scope.record, scope.elapsedMs),
});

/**
 * An answer with these headers beside its own, all as one plain object, which the server writes as it is: one `Headers` that
 * is added to later takes 30 us more.
 */
export function answerWithHeaders(
  scope: RequestScope,
  body: string | ReadableStream<Uint8Array>,
  own: Readonly<Record<string, string>>,
): Response {
  return (scope.answerWithHeaders = new Response(body, { headers: { ...own, ...answerHeaders(scope) } }));
}

/**
 * Headers that tell where the time of a request went, in milliseconds. `record` is absent on routes without a
 * completion, and where the completion has not begun: a stream sends its headers at once.
 */
export function timingHeaders(record: RequestRecord | undefined, elapsedMs: number): Record<string, string> {
  const { queueMs, ttftMs, tpotMs } = record?.timings ?? {};
  const durations = [
    ['x-queue-time', 'queue', queueMs],
    ['x-time-to-first-token', 'ttft', ttftMs],
    ['x-time-per-token', 'tpot', tpotMs],
    ['x-total-time', 'total', elapsedMs],
  ] as const;
  const headers: Record<string, string> = {};
  const serverTiming: string[] = [];
  for (const [header, metric, ms] of durations) {
    if (ms === undefined) continue;
    const rounded = ms.toFixed(2);
    headers[header] = rounded;
    serverTiming.push(`${metric};dur=${rounded}`);
  }
  headers['server-timing'] = serverTiming.join(', ');
  if (record !== undefined) {
    headers['x-prompt-tokens'] = String(record.usage.numPromptTokens);
    headers['x-cached-tokens'] = String(record.usage.numCachedTokens);
    headers['x-generated-tokens'] = String(record.usage.numGeneratedTokens);
  }
  return headers;
}
