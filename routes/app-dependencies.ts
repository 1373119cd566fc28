import type { Logger } from 'pino';
import type { Access } from '../src/access/access.ts';
import type { Batches } from '../src/batch/batch-runner.ts';
import type { RunStore } from '../src/bench/run-store.ts';
import type { Config } from '../src/config/config.ts';
import type { AnswerCache } from '../src/gateway/answer-cache.ts';
import type { GatewayLogs } from '../src/gateway/logs/gateway-logs.ts';
import type { AppEnv } from '../src/http/app-env.ts';
import type { Metrics } from '../src/http/metrics/metrics.ts';
import type { OwnProcess } from '../src/http/middleware/own-process.ts';
import type { RequestTracer } from '../src/http/middleware/request-tracer.ts';
import type { StreamStore } from '../src/http/sse/stream-store.ts';
import type { MarkdownConverter } from '../src/markdown/markdown-converter.ts';
import type { ServedModels } from '../src/serving/served-models.ts';
import type { VectorService } from '../src/vectors/vector-service.ts';
import type { ResponseStore } from './responses/response-store.ts';

/** Settings that the HTTP edge reads. */
export type AppConfig = Pick<
  Config,
  | 'bodyLimitBytes'
  | 'ssePingIntervalMs'
  | 'heartbeatMs'
  | 'streamBufferBytes'
  | 'streamGraceMs'
  | 'requestTimeoutMs'
  | 'logPrompts'
  | 'otelCaptureContent'
  | 'benchmark'
  | 'attention'
  | 'vectorize'
  | 'trustProxy'
  | 'trustFairnessId'
  | 'unknownFields'
  | 'metricsAllow'
  | 'allowedHosts'
  | 'corsOrigins'
  | 'gatewayHosts'
>;

/** What an application is made of. */
export interface AppDependencies {
  models: ServedModels;
  access: Access;
  config: AppConfig;
  logger: Logger;
  metrics: Metrics;
  /** Where an endpoint for traces is set. */
  tracer?: RequestTracer | undefined;
  /** Where the process is the service's own. */
  ownProcess?: OwnProcess;
  /** Responses that clients may come back to. */
  responses: ResponseStore;
  /** What reads files that are to become Markdown. */
  markdown: MarkdownConverter;
  /** Reports of benchmarks. */
  benchmarkRuns: RunStore;
  /** Aborted when the service ends: running answers have a while, and nothing else begins. */
  ending: AbortSignal;
  /** What gateways keep. */
  gateway: { readonly logs: GatewayLogs; readonly cache: AnswerCache };
  /** Indexes of vectors. */
  vectors: VectorService;
  /** The text of openapi.yaml. */
  openApiDocument: string;
}

/** What routes are made of; they hold no state of their own. */
export interface RouteDependencies extends AppDependencies {
  streams: StreamStore;
  batches: Batches;
  /** Asks a route of this service that asks a model, for another request: `env.inner`. */
  dispatch: (request: Request, env: AppEnv['Bindings']) => Promise<Response>;
}
