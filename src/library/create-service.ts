import { type Context, Hono } from 'hono';
import { type Logger, pino } from 'pino';
import type { createApp } from '../../routes/app.ts';
import { readConfig } from '../config/config.ts';
import { SETTINGS, type SettingVariable } from '../config/settings.ts';
import { EngineProcess } from '../engine/client/process/engine-process.ts';
import { EngineError } from '../errors.ts';
import type { AppEnv } from '../http/app-env.ts';
import { networkOfClient } from '../http/middleware/identity.ts';
import { Answer } from './answer.ts';
import type {
  ChatBody,
  ChatPiece,
  ChatRequest,
  CompletionBody,
  CompletionPiece,
  CompletionRequest,
} from './wire-types.ts';
import { type LocalService, startLocalService } from '../service.ts';

/** Settings by the names that docs/settings.md has: `{ MODEL: './my-model', MAX_NUM_SEQS: 8 }`. */
export type ServiceSettings = Readonly<Partial<Record<LibrarySetting, string | number>>>;

/** A service without a socket listens nowhere, has a logger, and ends when its program says so. */
type LibrarySetting = Exclude<SettingVariable, 'HOST' | 'PORT' | 'LOG_LEVEL' | 'LOOP_TIMEOUT'>;
const NOT_OF_A_LIBRARY: ReadonlySet<string> = new Set(['HOST', 'PORT', 'LOG_LEVEL', 'LOOP_TIMEOUT']);

export interface ServiceOptions {
  /** What the service logs by; without it nothing is logged. */
  readonly logger?: Logger;
  /**
   * Who sends a request to the mounted `app`: an address, or the id of a user. Clients share the service by it, and what
   * it keeps for one (responses, streams, jobs, records of requests) no other sees. By default the address of the socket.
   * Undefined: as without `clientOf`.
   */
  readonly clientOf?: (request: Request) => string | undefined;
  /** False: a program that has nothing else to do ends, and the service with it. By default it runs until `close`. */
  readonly keepsProcess?: boolean;
}

export interface AnswerOptions {
  /** Ends the answer when it is aborted. */
  readonly signal?: AbortSignal;
}

export interface CloseOptions {
  /** How long running answers have to finish, in milliseconds; 0 by default. */
  readonly timeoutMs?: number;
}

/** What is known of a model that is served. */
export interface ServiceModel {
  readonly id: string;
  /** Tokens of the longest prompt and completion together. */
  readonly contextLength: number;
  /** What computes it, for people. */
  readonly runtime: string;
}

/** The service within a program: models that are loaded, and ways to ask them. */
export interface TokenflareService {
  /** The default model. */
  readonly model: ServiceModel;
  /** All routes of openapi.yaml, to be mounted: `app.route('/llm', service.app)`. */
  readonly app: Hono;
  /**
   * `fetch` for clients in this program: `new OpenAI({ baseURL: 'http://tokenflare/v1', apiKey: '', fetch: service.fetch })`.
   * The host does not matter, nothing leaves the process, and no key is asked for.
   */
  readonly fetch: typeof globalThis.fetch;
  /** Goes on with a text. Nothing is computed before the answer is read. */
  complete(request: CompletionRequest, options?: AnswerOptions): Answer<CompletionPiece, CompletionBody>;
  /** Answers a conversation. Nothing is computed before the answer is read. */
  chat(request: ChatRequest, options?: AnswerOptions): Answer<ChatPiece, ChatBody>;
  /** Ends the service and its processes. */
  close(options?: CloseOptions): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Starts the service in this program, without a socket. It resolves when the default model is loaded. The environment
 * is not read.
 *
 * @throws EngineError `config_invalid` for a setting, or why the model cannot be served
 */
export async function createService(
  settings: ServiceSettings = {},
  { logger = pino({ enabled: false }), clientOf, keepsProcess = true }: ServiceOptions = {},
): Promise<TokenflareService> {
  const service = await startLocalService(configOf(settings), logger, {
    createProcess: (engineSettings, events) => new EngineProcess(engineSettings, events, { keepsProcess }),
  });
  const { id, contextLength, runtimeDescription } = service.engine.model;
  const fetch = fetchOf(service);
  const asked = {
    where: 'the service',
    fetch: (path: string, init: RequestInit) => fetch(`http://localhost${path}`, init),
  };
  const close = ({ timeoutMs = 0 }: CloseOptions = {}): Promise<void> => service.close(timeoutMs);
  return {
    model: { id, contextLength, runtime: runtimeDescription },
    app: mountable(service.app, clientOf),
    fetch,
    complete: (request, { signal } = {}) => new Answer(asked, '/v1/completions', request, signal),
    chat: (request, { signal } = {}) => new Answer(asked, '/v1/chat/completions', request, signal),
    close,
    [Symbol.asyncDispose]: () => close(),
  };
}

function configOf(settings: ServiceSettings): ReturnType<typeof readConfig> {
  const known = new Set<string>(Object.values(SETTINGS).map(({ env }) => env));
  for (const name of Object.keys(settings)) {
    if (!known.has(name) || NOT_OF_A_LIBRARY.has(name)) {
      throw new EngineError('config_invalid', `a service in a program has no setting '${name}'`, {
        details: { setting: name },
      });
    }
  }
  const environment = { BENCHMARK_RESULTS: 'memory', GATEWAY_LOGS: 'memory', ...settings };
  return readConfig(
    Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, String(value)])),
    [],
  );
}

/** The service by the signature of `fetch`; whatever host is named, this one answers. */
function fetchOf(service: LocalService): typeof globalThis.fetch {
  return (input, init) => {
    const { pathname, search } = new URL(input instanceof Request ? input.url : input);
    const url = `http://localhost${pathname}${search}`;
    return service.fetch(
      input instanceof Request ? new Request(new Request(url, input), init) : new Request(url, init),
    );
  };
}

/**
 * The service as an application for `app.route(path, …)` of another one. The service sees paths as if it stood alone:
 * much of it looks at whole paths. `app.route` would put its own before them, and leave out the handler for routes that
 * there are not.
 *
 * @param clientOf see `ServiceOptions.clientOf`
 */
export function mountable(
  service: ReturnType<typeof createApp>,
  clientOf: (request: Request) => string | undefined = () => undefined,
): Hono {
  const app = new Hono();
  app.all('*', async (c) => {
    // The fetch standard has no such request.
    if (c.req.method === 'TRACE') return c.text('TRACE is not supported', 501);
    const env = c.env as AppEnv['Bindings'];
    const url = new URL(c.req.url);
    const mountPath = mountPathOf(c, url);
    url.pathname = url.pathname.slice(mountPath.length) || '/';
    const client = clientOf(c.req.raw);
    return service.fetch(new Request(url, await requestInit(c)), {
      ...env,
      mountPath,
      ...(client === undefined || client === '' ? {} : { network: networkOfClient(client) }),
    });
  });
  return app;
}

/**
 * The path that the service is mounted at. The request knows its route, of `/llm/*` for example. `hono/route` would not:
 * the application may have another copy of Hono.
 */
function mountPathOf({ req }: Context, { pathname }: URL): string {
  // eslint-disable-next-line @typescript-eslint/no-deprecated
  const numSegments = req.routePath.split('/').length - 1;
  return pathname.split('/').slice(0, numSegments).join('/');
}

/** A body that the application has read comes from the copy that Hono keeps of it. */
async function requestInit(c: Context): Promise<RequestInit> {
  const { raw } = c.req;
  if (!raw.bodyUsed) return raw;
  return { method: raw.method, headers: raw.headers, signal: raw.signal, body: await c.req.arrayBuffer() };
}
