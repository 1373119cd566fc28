import type { RequestRecord } from '../../engine/engine.ts';
import type { Attributes, Span } from '../../tracing/span.ts';
import { newSpanId } from '../../tracing/trace-context.ts';
import { isRecord } from '../../values.ts';
import type { RequestOutcome, RequestScope } from '../request-scope.ts';
import type { RequestTrace } from '../request-trace.ts';

/** Of the prompts that a span may show. */
const MAX_CONTENT_LENGTH = 65_536;

/**
 * The spans of a request that has ended: its own, and of what the engine did for it the times in the queue, until the first
 * token and after it. Names are those of OpenTelemetry's semantic conventions for HTTP servers and for GenAI. Of a path
 * only its pattern is shown, since a path may hold a client's words.
 */
export function requestSpans(trace: RequestTrace, outcome: RequestOutcome, showsTexts: boolean): Span[] {
  const { scope, status, durationMs } = outcome;
  const { traceId, spanId, state } = trace.context;
  const toUnix = unixClock(performance.now());
  const error = scope.error?.code ?? scope.record?.errorCode;
  const own: Span = {
    traceId,
    spanId,
    parentSpanId: trace.parentSpanId,
    state,
    name: nameOf(scope),
    kind: 'server',
    startMs: toUnix(scope.startedMs),
    endMs: toUnix(scope.startedMs + durationMs),
    attributes: {
      'http.request.method': scope.method === 'other' ? '_OTHER' : scope.method,
      'http.route': scope.route,
      'http.response.status_code': status,
      'tokenflare.request.id': scope.id,
      ...(error === undefined ? {} : { 'error.type': error }),
      ...modelAttributes(scope),
      ...(showsTexts && scope.prompt !== undefined
        ? { 'gen_ai.input.messages': contentOf(scope.prompt) }
        : {}),
    },
    // What a client did wrong is no failure of the server; a stream fails after it began with 200.
    isFailed: error !== undefined && (status < 400 || status >= 500),
  };
  const { record } = scope;
  const { queuedAtMs } = trace;
  if (record === undefined || queuedAtMs === undefined) return [own];
  // When it came to the queue is known to a millisecond, and the engine's clock may differ by microseconds.
  const within = (ms: number): number => Math.min(Math.max(toUnix(queuedAtMs + ms), own.startMs), own.endMs);
  const parts = partsOf(record).map(({ name, startMs, endMs, attributes }): Span => ({
    ...{ traceId, spanId: newSpanId(), parentSpanId: spanId, state, name, kind: 'internal' },
    startMs: within(startMs),
    endMs: within(endMs),
    attributes,
    isFailed: false,
  }));
  return [own, ...parts];
}

/** `chat tokenflare-tales` where a model was asked, as GenAI's conventions want it; else `GET /v1/models`, as HTTP's. */
const nameOf = ({ operation, model, method, route }: RequestScope): string =>
  operation === undefined || model === undefined ? `${method} ${route}` : `${operation} ${model}`;

function modelAttributes({ operation, model, record, isHeld }: RequestScope): Attributes {
  if (model === undefined) return {};
  return {
    ...(operation === undefined ? {} : { 'gen_ai.operation.name': operation }),
    'gen_ai.provider.name': 'tokenflare',
    'gen_ai.request.model': model,
    'gen_ai.response.model': model,
    ...(record === undefined ? {} : recordAttributes(record, isHeld)),
  };
}

function recordAttributes(record: RequestRecord, isStreamed: boolean): Attributes {
  const { usage, timings, n, maxTokens, finishReasons } = record;
  const ttft = timings.ttftMs === undefined ? undefined : { double: timings.ttftMs / 1000 };
  return {
    'gen_ai.request.stream': isStreamed,
    'gen_ai.request.max_tokens': maxTokens,
    ...(n === 1 ? {} : { 'gen_ai.request.choice.count': n }),
    'gen_ai.response.finish_reasons': finishReasons,
    'gen_ai.usage.input_tokens': usage.numPromptTokens,
    'gen_ai.usage.output_tokens': usage.numGeneratedTokens,
    'gen_ai.usage.cache_read.input_tokens': usage.numCachedTokens,
    ...(usage.numReasoningTokens === 0
      ? {}
      : { 'gen_ai.usage.reasoning.output_tokens': usage.numReasoningTokens }),
    // The conventions name that of streams alone; vLLM's name is for all.
    ...(ttft === undefined ? {} : { 'gen_ai.latency.time_to_first_token': ttft }),
    ...(ttft === undefined || !isStreamed ? {} : { 'gen_ai.response.time_to_first_chunk': ttft }),
  };
}

interface Part {
  readonly name: string;
  /** Since the request came to the queue. */
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: Attributes;
}

/** A request that ended early has no part that it did not come to. */
function partsOf({ timings, usage }: RequestRecord): Part[] {
  const { queueMs, ttftMs, totalMs } = timings;
  const parts: Part[] = [{ name: 'queue', startMs: 0, endMs: queueMs ?? totalMs, attributes: {} }];
  if (queueMs === undefined) return parts;
  const prompt = {
    'gen_ai.usage.input_tokens': usage.numPromptTokens,
    'gen_ai.usage.cache_read.input_tokens': usage.numCachedTokens,
  };
  parts.push({ name: 'prefill', startMs: queueMs, endMs: ttftMs ?? totalMs, attributes: prompt });
  if (ttftMs === undefined) return parts;
  const answer = { 'gen_ai.usage.output_tokens': usage.numGeneratedTokens };
  parts.push({ name: 'decode', startMs: ttftMs, endMs: totalMs, attributes: answer });
  return parts;
}

/** Beyond it the system's clock was set after this process began. */
const MAX_DRIFT_MS = 2;

/** From times of `performance.now` to those since 1970. Their differences stay as they were measured. */
function unixClock(atMs: number): (ms: number) => number {
  const offset = Date.now() - atMs;
  // The origin has microseconds, `Date.now` milliseconds.
  const origin = Math.abs(offset - performance.timeOrigin) <= MAX_DRIFT_MS ? performance.timeOrigin : offset;
  return (ms) => origin + ms;
}

/** A prompt of any API as the messages of GenAI's conventions. */
function contentOf(prompt: unknown): string {
  const { system, messages = prompt } = isRecord(prompt) ? prompt : {};
  const list = [
    ...(system === undefined ? [] : [{ role: 'system', content: system }]),
    ...(Array.isArray(messages) ? (messages as unknown[]) : [messages]),
  ].map((message: unknown) => {
    const { role = 'user', content = message } = isRecord(message) ? message : {};
    return { role, parts: (Array.isArray(content) ? content : [content]).map(toPart) };
  });
  // A cut may leave half of a character.
  return Buffer.from(JSON.stringify(list).slice(0, MAX_CONTENT_LENGTH)).toString();
}

function toPart(part: unknown): object {
  const content = isRecord(part) ? part['text'] : part;
  return { type: 'text', content: typeof content === 'string' ? content : JSON.stringify(part) };
}
