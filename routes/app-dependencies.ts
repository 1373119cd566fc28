import type { Logger } from 'pino';
import type { Config } from '../src/config/config.ts';
import type { Engine } from '../src/engine/engine.ts';
import type { Metrics } from '../src/http/metrics.ts';

/** Settings that the HTTP edge reads. */
export type AppConfig = Pick<
  Config,
  'bodyLimitBytes' | 'ssePingIntervalMs' | 'requestTimeoutMs' | 'logPrompts' | 'benchmark'
>;

/** What routes are made of; they hold no state of their own. */
export interface AppDependencies {
  engine: Engine;
  config: AppConfig;
  logger: Logger;
  metrics: Metrics;
  /** The text of openapi.yaml. */
  openApiDocument: string;
}
