import type { RequestRecord } from '../engine/engine.ts';
import {
  newSpanId,
  newTraceId,
  readTraceContext,
  traceparentOf,
  type TraceContext,
} from '../tracing/trace-context.ts';
import type { Sampler } from '../tracing/sampler.ts';

/** A request's place in a trace: its own span, and the client's that it belongs to. */
export class RequestTrace {
  readonly context: TraceContext;
  /** '' where the trace begins here. */
  readonly parentSpanId: string;
  /** When its completion came to the queue, on the clock of `performance.now`. */
  queuedAtMs: number | undefined;

  /** @param header reads a header of the request */
  constructor(header: (name: 'traceparent' | 'tracestate') => string | undefined, sample: Sampler) {
    const parent = readTraceContext(header('traceparent'), header('tracestate'));
    const traceId = parent?.traceId ?? newTraceId();
    const isSampled = sample(traceId, parent);
    this.context = { traceId, spanId: newSpanId(), isSampled, state: parent?.state ?? '' };
    this.parentSpanId = parent?.spanId ?? '';
  }

  /** A completion of the request has begun to wait or to run. */
  follow(record: () => RequestRecord): void {
    if (this.context.isSampled) this.queuedAtMs = performance.now() - record().timings.totalMs;
  }

  /** For log lines, by the names that OpenTelemetry gives them there. */
  get logFields(): { trace_id: string; span_id: string } {
    return { trace_id: this.context.traceId, span_id: this.context.spanId };
  }

  /** For an answer: which trace tells of it. https://w3c.github.io/trace-context/#traceresponse-header */
  get answerHeaders(): { traceresponse: string } {
    return { traceresponse: traceparentOf(this.context) };
  }

  /** For a request that is made to answer this one. */
  get requestHeaders(): [string, string][] {
    const { state } = this.context;
    const traceparent: [string, string] = ['traceparent', traceparentOf(this.context)];
    return state === '' ? [traceparent] : [traceparent, ['tracestate', state]];
  }
}
