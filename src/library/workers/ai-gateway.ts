import { AiGatewayInternalError, AiGatewayLogNotFound, parseErrorBody } from './ai-errors.ts';
import { BINDING_URL, type BindingFetch } from './binding-fetch.ts';

/** Options of a gateway by the headers that carry them. */
const OPTION_HEADERS: Readonly<Record<string, string>> = {
  skipCache: 'cf-aig-skip-cache',
  cacheTtl: 'cf-aig-cache-ttl',
  metadata: 'cf-aig-metadata',
  cacheKey: 'cf-aig-cache-key',
  collectLog: 'cf-aig-collect-log',
  eventId: 'cf-aig-event-id',
  requestTimeoutMs: 'cf-aig-request-timeout',
};
const RETRY_HEADERS: Readonly<Record<string, string>> = {
  maxAttempts: 'cf-aig-max-attempts',
  retryDelayMs: 'cf-aig-retry-delay',
  backoff: 'cf-aig-backoff',
};

type Fields = Readonly<Record<string, unknown>>;

interface ProviderRequest {
  readonly headers?: Fields;
}

export interface GatewayRunOptions {
  readonly gateway?: Fields & { readonly retries?: Fields };
  readonly extraHeaders?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** `ai.gateway(id)`. */
export class LocalAiGateway {
  readonly #fetch: BindingFetch;
  readonly #id: string;

  constructor(fetch: BindingFetch, id: string) {
    this.#fetch = fetch;
    this.#id = id;
  }

  async getUrl(provider = 'universal'): Promise<string> {
    const { url } = (await this.#ask(`url/${provider}`)) as { url: string };
    return url;
  }

  async getLog(id: string): Promise<Record<string, unknown>> {
    const log = (await this.#ask(`logs/${id}`)) as { created_at: string };
    return { ...log, created_at: new Date(log.created_at) };
  }

  async patchLog(id: string, change: object): Promise<void> {
    const headers = { 'content-type': 'application/json' };
    await this.#ask(`logs/${id}`, { method: 'PATCH', body: JSON.stringify(change), headers });
  }

  async run(
    requests: ProviderRequest | readonly ProviderRequest[],
    { gateway = {}, extraHeaders = {}, signal }: GatewayRunOptions = {},
  ): Promise<Response> {
    const list = (Array.isArray(requests) ? requests : [requests]) as readonly ProviderRequest[];
    const headers = {
      'content-type': 'application/json',
      ...headersOf(gateway, OPTION_HEADERS),
      ...headersOf(gateway.retries ?? {}, RETRY_HEADERS),
      ...extraHeaders,
    };
    return this.#fetch(`${BINDING_URL}/ai-gateway/universal/run/${this.#id}`, {
      method: 'POST',
      body: JSON.stringify(list.map((one) => ({ ...one, headers: texts(one.headers ?? {}) }))),
      headers,
      signal: signal ?? null,
    });
  }

  async #ask(path: string, init: RequestInit = {}): Promise<unknown> {
    const answer = await this.#fetch(`${BINDING_URL}/ai-gateway/gateways/${this.#id}/${path}`, init);
    if (answer.ok) return ((await answer.json()) as { result: unknown }).result;
    const text = await answer.text();
    const body = parseErrorBody(text);
    if (body === undefined) throw new AiGatewayInternalError(text);
    const message = body.errors?.[0]?.message;
    if (answer.status === 404 && path.startsWith('logs/')) {
      throw new AiGatewayLogNotFound(message ?? 'Log Not Found');
    }
    throw new AiGatewayInternalError(message ?? 'Internal Error');
  }
}

function headersOf(fields: Fields, names: Readonly<Record<string, string>>): Record<string, string> {
  const given = Object.entries(names).flatMap(([field, header]) =>
    fields[field] === undefined ? [] : [[header, fields[field]] as const],
  );
  return texts(Object.fromEntries(given));
}

const texts = (values: Fields): Record<string, string> =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value),
    ]),
  );
