import { readFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createAdaptorServer } from '@hono/node-server';
import type { Logger } from 'pino';
import { createApp } from '../routes/app.ts';
import type { Config } from './config/config.ts';
import { EngineClient, type EngineClientOptions } from './engine/engine-client.ts';
import type { EngineSettings } from './engine/protocol.ts';
import { EngineError } from './errors.ts';
import { Metrics } from './http/metrics.ts';

export interface Service {
  readonly engine: EngineClient;
  /** `http://127.0.0.1:8787`. */
  readonly url: string;
  /** Takes no new work, lets running streams finish within `timeoutMs`, and closes. */
  close(timeoutMs: number): Promise<void>;
}

const ROOT = new URL(import.meta.url.endsWith('.ts') ? '../' : '../../', import.meta.url);
const EMBEDDED_MODEL = fileURLToPath(new URL('model-weights', ROOT));
const EMBEDDED_MODEL_ID = 'tokenflare-tales';
/** After the last token, clients have at least so long to read what is on its way to them. */
const LAST_FRAMES_MS = 1000;

/**
 * Puts the parts together: engine, app, socket. It listens at once, so that `/health` answers while the model loads,
 * and resolves when the model is ready.
 *
 * @throws EngineError when it cannot listen or the model cannot be served; nothing is left open then
 */
export async function startService(
  config: Config,
  logger: Logger,
  createProcess?: EngineClientOptions['createProcess'],
): Promise<Service> {
  const engine = createEngine(config, logger, createProcess);
  const metrics = new Metrics(engine);
  const openApiDocument = await readFile(new URL('openapi.yaml', ROOT), 'utf8');
  const app = createApp({ engine, config, logger, metrics, openApiDocument });
  // Node's own server, since no HTTP/2 is asked for.
  const server = createAdaptorServer({ fetch: app.fetch }) as Server;
  const close = async (timeoutMs: number): Promise<void> => {
    metrics.dispose();
    await closeServer(server, timeoutMs);
  };
  try {
    await listen(server, config);
    await engine.start();
  } catch (error) {
    await engine.stop();
    await close(0);
    throw error;
  }
  const { address, port } = server.address() as AddressInfo;
  return {
    engine,
    url: `http://${address.includes(':') ? `[${address}]` : address}:${port}`,
    close: async (timeoutMs) => {
      const startedAt = performance.now();
      await engine.drain(timeoutMs);
      await close(Math.max(timeoutMs - (performance.now() - startedAt), LAST_FRAMES_MS));
    },
  };
}

/** The engine that a configuration asks for, not started yet. */
export function createEngine(
  config: Config,
  logger: Logger,
  createProcess?: EngineClientOptions['createProcess'],
): EngineClient {
  return new EngineClient({
    settings: engineSettings(config),
    bounds: { maxQueuedSequences: config.maxQueuedRequests, maxQueuedTokens: config.maxQueuedTokens },
    requestTimeoutMs: config.requestTimeoutMs,
    onIncident: (message, error) => {
      if (error === undefined) logger.info(message);
      else logger.error({ err: error }, message);
    },
    ...(createProcess === undefined ? {} : { createProcess }),
  });
}

function engineSettings(config: Config): EngineSettings {
  const modelPath = config.model === undefined ? EMBEDDED_MODEL : resolve(config.model);
  const modelId = config.modelId ?? (config.model === undefined ? EMBEDDED_MODEL_ID : basename(modelPath));
  return {
    modelPath,
    modelId,
    runtime: config.runtime,
    weights: config.weights,
    numThreads: config.threads,
    maxNumSeqs: config.maxNumSeqs,
    maxModelLen: config.maxModelLen,
    maxNumBatchedTokens: config.maxNumBatchedTokens,
    kvCacheBytes: config.kvCacheMb * 2 ** 20,
    prefixCache: config.prefixCache,
    memoryLimitBytes: config.memoryLimitBytes,
  };
}

function listen(server: Server, { host, port }: Config): Promise<void> {
  return new Promise((resolveListen, reject) => {
    server.once('error', (cause) => {
      const message = `cannot listen on ${host}:${port}: ${cause.message}; choose another with HOST and PORT`;
      reject(new EngineError('config_invalid', message, { cause }));
    });
    server.listen(port, host, resolveListen);
  });
}

/** Resolves when every connection is closed: idle ones at once, the others when they are done or time is up. */
function closeServer(server: Server, timeoutMs: number): Promise<void> {
  return new Promise((resolveClose) => {
    const timer = setTimeout(() => server.closeAllConnections(), timeoutMs);
    server.close(() => {
      clearTimeout(timer);
      resolveClose();
    });
    server.closeIdleConnections();
  });
}
