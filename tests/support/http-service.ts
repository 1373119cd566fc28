import { randomUUID } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { createApp, loadShedderOf } from '../../routes/app.ts';
import type { AppConfig } from '../../routes/app-dependencies.ts';
import { ResponseStore } from '../../routes/responses/response-store.ts';
import { RunStore } from '../../src/bench/run-store.ts';
import { IN_MEMORY } from '../../src/sqlite/sqlite-file.ts';
import { type Config, readConfig } from '../../src/config/config.ts';
import { MarkdownConverter } from '../../src/markdown/markdown-converter.ts';
import { AnswerCache } from '../../src/gateway/answer-cache.ts';
import { GatewayLogs } from '../../src/gateway/logs/gateway-logs.ts';
import type { ManagedEngine } from '../../src/engine/engine.ts';
import { openAccess, type AccessConfig } from '../../src/access/access.ts';
import { Metrics } from '../../src/http/metrics/metrics.ts';
import { createNodeServer, type NodeServerOptions } from '../../src/http/edge/node-server.ts';
import { ModelAliases } from '../../src/serving/model-aliases.ts';
import { VectorService } from '../../src/vectors/vector-service.ts';
import { createTracing, type TracingConfig } from '../../src/service-tracing.ts';
import { withoutClientTexts } from '../../src/service-log.ts';
import { watchedLogger } from './log-watch.ts';
import { onlyModel } from './only-model.ts';

type HttpConfig = AppConfig &
  NodeServerOptions['config'] &
  TracingConfig &
  Pick<Config, 'modelAliases' | 'metricsNames'>;

const CONFIG: HttpConfig = { ...readConfig({}, []), bodyLimitBytes: 20_000, requestTimeoutMs: 60_000 };

const ACCESS: AccessConfig = {
  host: '127.0.0.1',
  keysFile: undefined,
  allowAnonymous: false,
  redisUrl: undefined,
  limitsFallback: 'local',
};

export interface HttpService {
  server: Server;
  url: string;
  /** Every line of the log so far, parsed. */
  logLines: Record<string, unknown>[];
  /** As a service that drains does. */
  leave(): void;
  /** As a service that ends does: nothing begins any more. */
  end(): void;
  close(): Promise<void>;
}

/** The app over a real socket, with its log kept. */
export async function startHttpService(
  engine: ManagedEngine,
  config: Partial<HttpConfig> = {},
  accessConfig: Partial<AccessConfig> = {},
  responses = new ResponseStore(),
): Promise<HttpService> {
  const settings = { ...CONFIG, ...config };
  const logLines: Record<string, unknown>[] = [];
  const onLine = (line: string): void => {
    logLines.push(JSON.parse(line) as Record<string, unknown>);
  };
  const rawLogger = settings.logPrompts
    ? pino({ level: 'debug' }, { write: onLine })
    : watchedLogger('debug', onLine);
  const logger = withoutClientTexts(rawLogger, settings.logPrompts);
  const models = await onlyModel(engine, new ModelAliases(settings.modelAliases));
  const metrics = new Metrics(models, undefined, settings.metricsNames);
  const tracing = createTracing(settings, logger, metrics);
  const access = await openAccess({ ...ACCESS, ...accessConfig });
  const benchmarkRuns = new RunStore(IN_MEMORY, () => undefined);
  const markdown = new MarkdownConverter();
  const logs = new GatewayLogs(IN_MEMORY);
  // Its process starts with the first question.
  const vectorsFolder = join(tmpdir(), `tokenflare-test-${randomUUID()}`);
  const vectors = new VectorService({ folder: vectorsFolder, maxBytes: 2 ** 28, native: true });
  const ending = new AbortController();
  const dependencies = {
    models,
    access,
    config: settings,
    logger,
    metrics,
    tracer: tracing.tracer,
    responses,
    markdown,
    benchmarkRuns,
    ending: ending.signal,
    gateway: { logs, cache: new AnswerCache() },
    vectors,
    openApiDocument: readFileSync(fileURLToPath(new URL('../../openapi.yaml', import.meta.url)), 'utf8'),
  };
  const app = createApp(dependencies);
  const { server, leave } = createNodeServer({
    fetch: app.fetch,
    shedLoad: loadShedderOf(dependencies),
    config: settings,
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    server,
    leave,
    end: () => ending.abort(),
    url: `http://127.0.0.1:${port}`,
    logLines,
    close: async () => {
      await tracing.close();
      metrics.dispose();
      benchmarkRuns.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await markdown.stop();
      await logs.close();
      await access.close();
      await vectors.stop();
      rmSync(vectorsFolder, { recursive: true, force: true });
    },
  };
}
