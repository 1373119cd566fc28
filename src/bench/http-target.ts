import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { Agent, request, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { EngineError } from '../errors.ts';
import { checkNumTokens } from './benchmark-target.ts';
import type { BenchmarkRequest, BenchmarkTarget } from './benchmark-target.ts';
import { readSse } from '../client/read-sse.ts';

/** What the benchmark reads of a completion's chunk. */
interface Chunk {
  choices?: { token_ids?: number[] }[];
}

/** What `GET /v1/models` tells of the default model, which it names first. */
export interface RemoteModel {
  id: string;
  architecture: string;
  vocabSize: number;
  contextLength: number;
  numParameters: number;
  runtimeDescription: string;
  /** The processor or GPU that computes. */
  device: string;
}

/** Bytes of a loaded model, as they lie in memory. */
export interface RemoteMemory {
  weightMemoryBytes: number;
  kvCacheBytes: number;
}

/** A service of ours behind a URL, through HTTP and SSE; the client runs in this thread. */
export class HttpTarget implements BenchmarkTarget {
  readonly mode = 'http';
  readonly #temperature: number;
  readonly #url: string;
  readonly #modelId: string | undefined;
  readonly #headers: Record<string, string>;
  readonly #agent = new Agent({ keepAlive: true });

  /** `modelId`: by default the service's default model; `apiKey`: where the service wants one. */
  constructor(url: string, modelId?: string, apiKey?: string, temperature = 0) {
    this.#temperature = temperature;
    this.#url = url.replace(/\/+$/, '');
    this.#modelId = modelId;
    this.#headers = apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` };
  }

  async generate(
    request: BenchmarkRequest,
    onTokens: (numTokens: number) => void,
    signal: AbortSignal,
  ): Promise<void> {
    let numTokens = 0;
    for await (const { length } of this.#stream(request, signal)) {
      numTokens += length;
      onTokens(length);
    }
    checkNumTokens(request, numTokens);
  }

  /** The continuation, as token ids. */
  async complete(prompt: readonly number[], maxTokens: number, signal: AbortSignal): Promise<number[]> {
    const ids: number[] = [];
    for await (const newIds of this.#stream({ prompts: [prompt], maxTokens }, signal)) ids.push(...newIds);
    return ids;
  }

  /** The token ids of each event that brings some. */
  async *#stream(
    { prompts, maxTokens, cacheSalt = randomUUID() }: BenchmarkRequest,
    signal: AbortSignal,
  ): AsyncGenerator<number[]> {
    const [only] = prompts;
    yield* this.stream(
      {
        prompt: prompts.length === 1 ? only : prompts,
        max_tokens: maxTokens,
        temperature: this.#temperature,
        ignore_eos: true,
        // A benchmark that is run again has the same prompts.
        cache_salt: cacheSalt,
      },
      signal,
    );
  }

  /**
   * The token ids of each event of a completion.
   *
   * @param fields of the request, beside the model
   * @throws EngineError `backend_failure` when the request is refused or fails; whatever `signal` was aborted with
   */
  async *stream(fields: Readonly<Record<string, unknown>>, signal: AbortSignal): AsyncGenerator<number[]> {
    const body = { model: this.#modelId, ...fields, stream: true, return_token_ids: true };
    const response = await this.#post('/v1/completions', signal, body);
    try {
      yield* newTokens(response);
    } catch (cause) {
      // An aborted response fails by a reset connection.
      signal.throwIfAborted();
      throw cause;
    }
  }

  /** @throws EngineError `backend_failure` when there is no such service */
  async readModel(signal: AbortSignal): Promise<RemoteModel> {
    const model = await this.#readDefaultModel(signal);
    return {
      id: model.text('id'),
      architecture: model.text('architecture'),
      vocabSize: model.count('vocab_size'),
      contextLength: model.count('max_model_len'),
      numParameters: model.count('num_parameters'),
      runtimeDescription: model.text('runtime'),
      device: model.text('device'),
    };
  }

  /** @throws EngineError `backend_failure` when there is no such service, or its default model is not loaded */
  async readMemory(signal: AbortSignal): Promise<RemoteMemory> {
    const model = await this.#readDefaultModel(signal);
    return {
      weightMemoryBytes: model.count('weight_memory_bytes'),
      kvCacheBytes: model.count('kv_cache_bytes'),
    };
  }

  async #readDefaultModel(signal: AbortSignal) {
    const { data } = (await this.#readJson('/v1/models', signal)) as { data?: Record<string, unknown>[] };
    const model = data?.[0] ?? {};
    return {
      text: (name: string): string => (typeof model[name] === 'string' ? model[name] : 'unknown'),
      count: (name: string): number => {
        const value = model[name];
        if (typeof value === 'number') return value;
        throw failure(`${this.#url}/v1/models names no ${name}: is it this service?`);
      },
    };
  }

  /** What `GET /metrics` tells, which begins anew what counts from one reading to the next. */
  async readMetrics(signal: AbortSignal): Promise<string> {
    return (await this.#get('/metrics', signal)).text();
  }

  async #readJson(path: string, signal: AbortSignal): Promise<unknown> {
    return (await this.#get(path, signal)).json();
  }

  async #get(path: string, signal: AbortSignal): Promise<Response> {
    const url = this.#url + path;
    let response: Response;
    try {
      response = await fetch(url, { signal, headers: this.#headers });
    } catch (cause) {
      signal.throwIfAborted();
      throw failure(`${url} cannot be reached`, cause);
    }
    if (response.ok) return response;
    throw failure(`${url} answered ${response.status}: ${(await response.text()).slice(0, 500)}`);
  }

  /** By node:http: in the service's own thread, fetch and its web streams would cost more than the service. */
  async #post(path: string, signal: AbortSignal, body: unknown): Promise<IncomingMessage> {
    const url = this.#url + path;
    const headers = { 'content-type': 'application/json', ...this.#headers };
    const outgoing = request(url, { method: 'POST', headers, signal, agent: this.#agent });
    outgoing.end(JSON.stringify(body));
    let response: IncomingMessage;
    try {
      [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    } catch (cause) {
      signal.throwIfAborted();
      throw failure(`${url} cannot be reached`, cause);
    }
    if (response.statusCode === 200) return response;
    throw failure(`${url} answered ${response.statusCode}: ${(await text(response)).slice(0, 500)}`);
  }
}

/** The token ids in each event that brings some, until the stream ends well. */
async function* newTokens(response: IncomingMessage): AsyncGenerator<number[]> {
  for await (const { event, data } of readSse(response)) {
    if (event === 'error') throw failure(`the stream broke: ${data}`);
    if (data === '[DONE]') return;
    const { choices = [] } = JSON.parse(data) as Chunk;
    const ids = choices.flatMap((choice) => choice.token_ids ?? []);
    if (ids.length > 0) yield ids;
  }
}

function failure(message: string, cause?: unknown): EngineError {
  return new EngineError('backend_failure', message, { cause });
}
