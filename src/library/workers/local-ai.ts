import { AiInternalError, InferenceUpstreamError, parseErrorBody } from './ai-errors.ts';
import { LocalAiGateway } from './ai-gateway.ts';
import { BINDING_URL, type BindingFetch } from './binding-fetch.ts';
import { type MarkdownDocument, type MarkdownOptions, ToMarkdown } from './to-markdown.ts';

/** Of a run. What is not named here goes to the service with the inputs. */
export interface RunOptions {
  readonly gateway?: { readonly id?: string };
  readonly websocket?: boolean;
  /** True: the run gives the response, whatever its status. */
  readonly returnRawResponse?: boolean;
  readonly prefix?: string;
  readonly extraHeaders?: Readonly<Record<string, string>>;
  readonly sessionOptions?: { readonly extraHeaders?: Readonly<Record<string, string>> };
  readonly signal?: AbortSignal;
}

/** An input that is sent as it is, and not within JSON. */
interface RawInput {
  readonly body: ReadableStream | FormData;
  readonly contentType: string;
}

type Inputs = Readonly<Record<string, unknown>>;

/**
 * What `env.AI` of a Worker is, over `fetch`: the same calls send the same requests, and throw the same errors, as those of
 * Cloudflare's class (workerd, ai-api.ts). tests/clients/scripts/create-ai.mjs compares the two.
 */
export class LocalAi {
  readonly #fetch: BindingFetch;
  lastRequestId: string | null = null;
  aiGatewayLogId: string | null = null;
  lastRequestHttpStatusCode: number | null = null;
  lastRequestInternalStatusCode: number | null = null;

  constructor(fetch: BindingFetch) {
    this.#fetch = fetch;
  }

  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response> {
    return this.#fetch(input, init);
  }

  async run(model: string, inputs: Inputs, options: RunOptions = {}): Promise<unknown> {
    this.lastRequestId = '';
    const answer = await this.#send(model, inputs, options);
    this.lastRequestId = answer.headers.get('cf-ai-req-id');
    this.aiGatewayLogId = answer.headers.get('cf-aig-log-id');
    this.lastRequestHttpStatusCode = answer.status;
    if (options.returnRawResponse === true || options.websocket === true) return answer;
    if (!answer.ok || answer.body === null) throw await this.#errorOf(answer);
    return answer.headers.get('content-type') === 'application/json' ? answer.json() : answer.body;
  }

  async models(params: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    const url = new URL(`${BINDING_URL}/ai-api/models/search`);
    for (const [name, value] of Object.entries(params)) url.searchParams.set(name, String(value));
    const answer = await this.#fetch(url);
    if (answer.status === 200) return ((await answer.json()) as { result: unknown }).result;
    const body = parseErrorBody(await answer.text());
    throw new AiInternalError(body?.errors?.[0]?.message ?? 'Internal Error');
  }

  /** Without files: what transforms some. */
  toMarkdown(files?: MarkdownDocument | readonly MarkdownDocument[], options?: MarkdownOptions): unknown {
    const service = new ToMarkdown(this.#fetch);
    return files === undefined ? service : service.transform(files, options);
  }

  gateway(id: string, options: { readonly beta?: boolean } = {}): LocalAiGateway {
    if (options.beta === true) throw remoteOnly('gateway with beta');
    return new LocalAiGateway(this.#fetch, id);
  }

  autorag(): never {
    throw remoteOnly('autorag');
  }

  aiSearch(): never {
    throw remoteOnly('aiSearch');
  }

  websearch(): never {
    throw remoteOnly('websearch');
  }

  #send(model: string, inputs: Inputs, options: RunOptions): Promise<Response> {
    const { prefix, extraHeaders, sessionOptions, signal = null, ...sent } = options;
    if (options.websocket === true) throw remoteOnly('run with websocket');
    const headers = {
      ...sessionOptions?.extraHeaders,
      ...extraHeaders,
      'cf-consn-sdk-version': '2.0.0',
      'cf-consn-model-id': prefix === undefined || prefix === '' ? model : `${prefix}:${model}`,
    };
    const rawKeys = Object.keys(inputs).filter((key) => isRaw(inputs[key]));
    if (rawKeys.length > 1) {
      throw new AiInternalError(
        `Multiple ReadableStreams are not supported. Found streams in keys: [${rawKeys.join(', ')}]`,
      );
    }
    const [rawKey] = rawKeys;
    if (rawKey === undefined) {
      const path = options.gateway?.id === undefined ? '/run' : '/ai-gateway/run';
      return this.#fetch(`${BINDING_URL}${path}?version=3`, {
        method: 'POST',
        body: JSON.stringify({ inputs, options: sent }),
        headers: { ...headers, 'content-type': 'application/json' },
        signal,
      });
    }
    const { [rawKey]: raw, ...others } = inputs;
    const { url, body, contentType } = rawRequest(raw as RawInput, others, sent);
    return this.#fetch(url, {
      method: 'POST',
      body,
      headers: { ...headers, 'content-type': contentType },
      signal,
    });
  }

  async #errorOf(answer: Response): Promise<InferenceUpstreamError> {
    const text = await answer.text();
    const body = parseErrorBody(text);
    if (body?.internalCode !== undefined) {
      this.lastRequestInternalStatusCode = body.internalCode;
      return new InferenceUpstreamError(`${body.internalCode}: ${body.description ?? ''}`, body.name);
    }
    const [first] = body?.errors ?? [];
    return new InferenceUpstreamError(
      first === undefined ? text : `${first.code ?? ''}: ${first.message ?? ''}`,
    );
  }
}

const isStream = (value: unknown): boolean => value instanceof ReadableStream || value instanceof FormData;

const isRaw = (value: unknown): boolean =>
  isStream(value) || (typeof value === 'object' && value !== null && 'body' in value && isStream(value.body));

/** The other inputs and the options go into the query. */
function rawRequest(
  { body, contentType }: RawInput,
  others: Inputs,
  options: Omit<RunOptions, 'prefix'>,
): RawInput & { url: URL } {
  if (options.gateway?.id !== undefined) {
    throw new AiInternalError('AI Gateway does not support ReadableStreams yet.');
  }
  if (typeof contentType !== 'string' || contentType === '') {
    throw new AiInternalError('Content-Type is required with ReadableStream inputs');
  }
  const url = new URL(`${BINDING_URL}/run`);
  const query = { ...options, version: '3', userInputs: JSON.stringify(others) };
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value as string);
  return { url, body, contentType };
}

const remoteOnly = (method: string): Error =>
  new Error(`${method} needs Cloudflare; Tokenflare has no such thing`);
