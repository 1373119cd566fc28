import { randomUUID } from 'node:crypto';
import type { Logger } from 'pino';
import type { Config } from './config/config.ts';
import { RequestTracer } from './http/middleware/request-tracer.ts';
import type { Metrics } from './http/metrics/metrics.ts';
import { JSON_ENCODING } from './tracing/json-encoding.ts';
import { PROTOBUF_ENCODING } from './tracing/protobuf-encoding.ts';
import { createSampler } from './tracing/sampler.ts';
import { SpanExporter } from './tracing/span-exporter.ts';
import { VERSION } from './version.ts';

export interface ServiceTracing {
  /** Undefined where no endpoint is set. */
  readonly tracer: RequestTracer | undefined;
  /** Sends what waits. */
  close(): Promise<void>;
}

export type TracingConfig = Pick<
  Config,
  | 'otlpEndpoint'
  | 'otlpTracesEndpoint'
  | 'otlpHeaders'
  | 'otlpProtocol'
  | 'otelServiceName'
  | 'otelResourceAttributes'
  | 'otelSampler'
  | 'otelSamplerRatio'
  | 'otelDisabled'
  | 'otelCaptureContent'
>;

/** What traces requests, and counts in the metrics what became of their spans. */
export function createTracing(config: TracingConfig, logger: Logger, metrics: Metrics): ServiceTracing {
  const url = tracesUrl(config);
  if (url === undefined || config.otelDisabled) return { tracer: undefined, close: () => Promise.resolve() };
  const exporter = new SpanExporter({
    url,
    headers: config.otlpHeaders,
    encoding: config.otlpProtocol === 'http/json' ? JSON_ENCODING : PROTOBUF_ENCODING,
    resource: {
      'service.version': VERSION,
      'service.instance.id': randomUUID(),
      ...Object.fromEntries(config.otelResourceAttributes),
      'service.name': config.otelServiceName,
    },
    onLost: (reason) =>
      logger.warn({ reason }, 'traces cannot be sent: spans wait, and are dropped beyond a bound'),
    onBack: (numDropped) => logger.info({ numDropped }, 'traces are sent again'),
  });
  const sample = createSampler(config.otelSampler, config.otelSamplerRatio);
  metrics.watchTotals([
    ['trace_spans_exported_total', 'Spans of traces that the endpoint took.', () => exporter.numExported],
    ['trace_spans_dropped_total', 'Spans that could not be sent.', () => exporter.numDropped],
  ]);
  const tracer = new RequestTracer({ exporter, sample, showsTexts: config.otelCaptureContent });
  return { tracer, close: () => exporter.close() };
}

/** By OpenTelemetry's rules: the endpoint of traces as it is, that of all signals with a path behind its own. */
function tracesUrl({ otlpEndpoint, otlpTracesEndpoint }: TracingConfig): string | undefined {
  if (otlpTracesEndpoint !== undefined) return otlpTracesEndpoint;
  return otlpEndpoint === undefined ? undefined : `${otlpEndpoint.replace(/\/$/, '')}/v1/traces`;
}
