import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { createApp, loadShedderOf } from '../routes/app.ts';
import { ResponseStore } from '../routes/responses/response-store.ts';
import type { Access } from './access/access.ts';
import { RunStore } from './bench/run-store.ts';
import { checkModelsDir } from './catalog/model-store.ts';
import type { Config } from './config/config.ts';
import { MAX_TIMER_MS } from './config/timer-limit.ts';
import type { EngineClientOptions } from './engine/client/engine-client-options.ts';
import { EngineClient } from './engine/client/engine-client.ts';
import { readDefaultsSetting } from './engine/client/model-files/read-model-files.ts';
import type { Engine } from './engine/engine.ts';
import { defaultModel, engineSettings } from './engine-settings.ts';
import { PACKAGE_ROOT } from './package-root.ts';
import { readFallbackTemplate, type FallbackTemplate } from './chat-template/fallback-template.ts';
import { AnswerCache } from './gateway/answer-cache.ts';
import { GatewayLogs } from './gateway/logs/gateway-logs.ts';
import { collectGarbage, IdleCollector } from './http/edge/idle-collector.ts';
import { Metrics } from './http/metrics/metrics.ts';
import { listen } from './http/edge/listen.ts';
import { createNodeServer, logServerErrors } from './http/edge/node-server.ts';
import type { OwnProcess } from './http/middleware/own-process.ts';
import type { KvEventPublisher } from './kv-events/kv-event-publisher.ts';
import { MarkdownConverter } from './markdown/markdown-converter.ts';
import type { KnownDefaults } from './model/sampling-note.ts';
import { forecastMemory } from './serving/plan-load.ts';
import { ModelAliases } from './serving/model-aliases.ts';
import { ModelCatalog, type CatalogModel } from './serving/model-catalog.ts';
import { ModelPool } from './serving/model-pool.ts';
import {
  logDamagedFile,
  logDiskNotes,
  logMemory,
  logLostAliases,
  logLostLogs,
  logPool,
  openLoggedAccess,
  withoutClientTexts,
} from './service-log.ts';
import { createKvEvents, watchKvEvents } from './service-kv-events.ts';
import { createTracing } from './service-tracing.ts';
import { VectorService } from './vectors/vector-service.ts';
import { MemoryGuard } from './watch/memory-guard.ts';
import { RunningRequests } from './watch/running-requests.ts';

export interface Service {
  /** Of the default model. */
  readonly engine: Engine;
  /** `http://127.0.0.1:8787`. */
  readonly url: string;
  /** Sequences that run or wait now. */
  numRunning(): number;
  /** Serves on, and tells proxies to send requests elsewhere: by `/ready`, and by the end of each connection. */
  leave(): void;
  /** Takes no new work, lets running streams finish within `timeoutMs`, and closes. */
  close(timeoutMs: number): Promise<void>;
}

interface ServiceOptions {
  createProcess?: EngineClientOptions['createProcess'];
  takeTokenizer?: EngineClientOptions['takeTokenizer'];
  /** Log lines that could not be written so far, for the metrics. */
  numLogLinesLost?: () => number;
  /** Where a thread that watches the event loop finds what runs. */
  requests?: RunningRequests;
}

/** Stands in the place of an address for the program that the service runs in. */
const OWN_PROGRAM = 'program';
/** After the last token, clients have at least so long to read what is on its way to them. */
const LAST_FRAMES_MS = 1000;

/** The service without a socket. */
export interface LocalService {
  /** Of the default model. */
  readonly engine: Engine;
  /** Answers other programs, as the socket would. */
  readonly app: ReturnType<typeof createApp>;
  /** Answers this program, which needs no key; a signal of the request that is aborted ends the answer. */
  fetch(request: Request): Promise<Response>;
  /** Lets running answers finish within `timeoutMs`, and frees everything. */
  close(timeoutMs: number): Promise<void>;
}

/**
 * Puts the parts together: models, app, socket. It listens at once, so that `/health` answers while the default model
 * loads, and resolves when that one is ready, and those that are preloaded.
 *
 * @throws EngineError when it cannot listen or the default model cannot be served; nothing is left open then
 */
export async function startService(
  config: Config,
  logger: Logger,
  options: ServiceOptions = {},
): Promise<Service> {
  const { requests = new RunningRequests() } = options;
  const collector = new IdleCollector();
  const memory = new MemoryGuard({ onChange: logMemory(logger, requests), collect: collectGarbage });
  const ownProcess = { collector, memory, requests, isLeaving: false };
  const { models, app, shedLoad, kvEvents, end, dispose } = await compose(config, logger, {
    ...options,
    ownProcess,
  });
  const { server, leave, close: closeConnections } = createNodeServer({ fetch: app.fetch, shedLoad, config });
  const close = async (timeoutMs: number): Promise<void> => {
    await closeConnections(timeoutMs);
    collector.dispose();
    memory.dispose();
    await dispose();
  };
  try {
    await listen(server, config);
    await kvEvents?.open();
    logServerErrors(server, withoutClientTexts(logger, config.logPrompts));
    await models.start(config.preloadModels);
  } catch (error) {
    await models.stop();
    await close(0);
    throw error;
  }
  const { address, port } = server.address() as AddressInfo;
  return {
    engine: models.defaultEngine,
    url: `http://${address.includes(':') ? `[${address}]` : address}:${port}`,
    numRunning: () => numRunningIn(models),
    leave: () => {
      ownProcess.isLeaving = true;
      leave();
    },
    close: (timeoutMs) =>
      toTheEnd(async () => {
        const startedAt = performance.now();
        end();
        await models.drain(timeoutMs);
        await close(Math.max(timeoutMs - (performance.now() - startedAt), LAST_FRAMES_MS));
      }),
  };
}

/**
 * Starts the service without a socket: for the command in a terminal, and for programs that mount `app` in their own.
 *
 * @throws EngineError when the default model cannot be served; nothing is left open then
 */
export async function startLocalService(
  config: Config,
  logger: Logger,
  options: ServiceOptions = {},
): Promise<LocalService> {
  const { models, access, app, kvEvents, end, dispose } = await compose(config, logger, options);
  const close = (timeoutMs: number): Promise<void> =>
    toTheEnd(async () => {
      end();
      await models.drain(timeoutMs);
      await models.stop();
      await dispose();
    });
  try {
    await kvEvents?.open();
    await models.start(config.preloadModels);
  } catch (error) {
    await close(0);
    throw error;
  }
  const ownKey = access.keys?.ownKey;
  return {
    engine: models.defaultEngine,
    app,
    fetch: async (request) => {
      if (ownKey !== undefined) request.headers.set('authorization', `Bearer ${ownKey}`);
      return app.fetch(request, { network: OWN_PROGRAM });
    },
    close,
  };
}

interface Parts {
  models: ModelPool;
  access: Access;
  app: ReturnType<typeof createApp>;
  shedLoad: ReturnType<typeof loadShedderOf>;
  kvEvents: KvEventPublisher | undefined;
  /** The service is about to end: nothing but what runs goes on. */
  end: () => void;
  /** Comes after the last answer. */
  dispose: () => Promise<void>;
}

/** None of them started. */
async function compose(
  config: Config,
  rawLogger: Logger,
  { createProcess, takeTokenizer, numLogLinesLost, ownProcess }: ServiceOptions & { ownProcess?: OwnProcess },
): Promise<Parts> {
  const logger = withoutClientTexts(rawLogger, config.logPrompts);
  await checkModelsDir(config.modelsDir);
  const model = await defaultModel(config);
  const fallbackTemplate = await readFallbackTemplate(config.chatTemplate, config.chatTemplateFile);
  const access = await openLoggedAccess(config, logger);
  const givenDefaults = await readDefaultsSetting(config.generationConfig);
  const kvEvents = createKvEvents(config);
  const options = { model, fallbackTemplate, givenDefaults, createProcess, takeTokenizer, kvEvents };
  const models = createModelPool(config, logger, options);
  await logLostAliases(models, config.modelAliases, logger);
  const metrics = new Metrics(models, numLogLinesLost, config.metricsNames);
  if (access.sharing !== undefined) metrics.keys.watchLimits(access.sharing);
  watchKvEvents(metrics, kvEvents);
  const tracing = createTracing(config, logger, metrics);
  const openApiDocument = await readFile(new URL('openapi.yaml', PACKAGE_ROOT), 'utf8');
  const responses = new ResponseStore();
  const benchmarkRuns = new RunStore(config.benchmarkResults, logDamagedFile(logger));
  const markdown = new MarkdownConverter();
  const logs = new GatewayLogs(config.gatewayLogs, {
    onLost: logLostLogs(logger),
    onDamaged: logDamagedFile(logger),
  });
  const vectors = createVectors(config);
  const ending = new AbortController();
  if (ownProcess !== undefined) watchMemory(ownProcess.memory, metrics, responses);
  const dependencies = {
    models,
    access,
    config,
    logger,
    metrics,
    tracer: tracing.tracer,
    openApiDocument,
    responses,
    markdown,
    benchmarkRuns,
    ending: ending.signal,
    gateway: { logs, cache: new AnswerCache() },
    vectors,
    ...(ownProcess === undefined ? {} : { ownProcess }),
  };
  return {
    models,
    access,
    app: createApp(dependencies),
    shedLoad: loadShedderOf(dependencies),
    kvEvents,
    end: () => ending.abort(),
    dispose: async () => {
      kvEvents?.close();
      await tracing.close();
      metrics.dispose();
      benchmarkRuns.close();
      await markdown.stop();
      await logs.close();
      await vectors.stop();
      await access.close();
    },
  };
}

function watchMemory(memory: MemoryGuard, metrics: Metrics, responses: ResponseStore): void {
  metrics.watchMemory(memory);
  memory.onRelease(() => responses.release());
}

/** Their process starts with the first question. */
const createVectors = ({ vectorizeDir, vectorizeBytes, native, threads }: Config): VectorService =>
  new VectorService({ folder: vectorizeDir, maxBytes: vectorizeBytes, native, numThreads: threads });

/**
 * Keeps this process until the work is done: it waits for children to end, whose pipes hold no process (child-output.ts).
 * A program that has nothing else to do would end in the middle of it.
 */
async function toTheEnd(work: () => Promise<void>): Promise<void> {
  const hold = setInterval(() => undefined, MAX_TIMER_MS);
  try {
    await work();
  } finally {
    clearInterval(hold);
  }
}

function numRunningIn(models: ModelPool): number {
  const stats = models.engines().map(({ engine }) => engine.stats());
  return stats.reduce((sum, one) => sum + one.numSequencesRunning + one.numSequencesWaiting, 0);
}

/** The models of a configuration, none of them loaded yet. */
function createModelPool(
  config: Config,
  logger: Logger,
  { model, ...options }: Omit<EngineOptions, 'runtime' | 'allowsShorter'>,
): ModelPool {
  const aliases = new ModelAliases(config.modelAliases);
  const catalog = new ModelCatalog(model, config.modelsDir, { aliases });
  const pool: ModelPool = new ModelPool({
    catalog,
    createEngine: (entry) =>
      createEngine(config, logger, {
        model: entry,
        // All compute where the default one does, which need not look for the fastest again.
        runtime: entry === model ? config.runtime : pool.defaultEngine.model.runtime,
        allowsShorter: entry !== model,
        ...options,
      }),
    forecast: async (entry) => {
      const runtime = pool.defaultEngine.model.runtime;
      const settings = { ...engineSettings(config, entry), runtime, allowsShorter: entry !== model };
      return forecastMemory(await catalog.header(entry), settings);
    },
    maxWaiting: config.maxQueuedRequests,
    loadTimeoutMs: config.loadTimeoutMs,
    minStayMs: config.modelMinStayMs,
    idleMs: config.modelIdleMs,
  });
  logPool(pool, logger);
  return pool;
}

interface EngineOptions {
  model: CatalogModel;
  runtime: Config['runtime'];
  /** MAX_MODEL_LEN is meant for the default model, and the most for others. */
  allowsShorter: boolean;
  /** What it chats by, if it has no chat template of its own. */
  fallbackTemplate?: FallbackTemplate | undefined;
  /** How tokens are drawn where a request does not say it, by the operator. */
  givenDefaults?: KnownDefaults | undefined;
  createProcess: EngineClientOptions['createProcess'];
  takeTokenizer?: EngineClientOptions['takeTokenizer'];
  /** Where events of its cache are published. */
  kvEvents?: KvEventPublisher | undefined;
}

/** The engine of a model, not started yet. */
export function createEngine(config: Config, logger: Logger, options: EngineOptions): EngineClient {
  const { model, runtime, allowsShorter, fallbackTemplate, givenDefaults, kvEvents } = options;
  const { createProcess, takeTokenizer } = options;
  return new EngineClient({
    settings: { ...engineSettings(config, model), runtime, allowsShorter },
    bounds: { maxQueuedSequences: config.maxQueuedRequests, maxQueuedTokens: config.maxQueuedTokens },
    prefixCacheScope: config.prefixCacheScope,
    fallbackTemplate,
    givenDefaults,
    requestTimeoutMs: config.requestTimeoutMs,
    stepTimeoutMs: config.stepTimeoutMs,
    loadTimeoutMs: config.loadTimeoutMs,
    onIncident: (message, error) => {
      if (error === undefined) logger.info({ model: model.id }, message);
      else logger.error({ model: model.id, err: error }, message);
    },
    onDiskNote: logDiskNotes(model.id, logger),
    onKvEvents: kvEvents && ((batch) => kvEvents.publish(model.id, batch)),
    createProcess,
    takeTokenizer,
  });
}
