import { EngineError } from '../errors.ts';
import { checkNumTokens } from './benchmark-target.ts';
import type { BenchmarkRequest, BenchmarkTarget } from './benchmark-target.ts';
import { readSse } from './sse-reader.ts';

/** What the benchmark reads of a completion's chunk. */
interface Chunk {
  choices?: { token_ids?: unknown[] }[];
}

/** What `GET /v1/models` tells of the model. */
export interface RemoteModel {
  id: string;
  architecture: string;
  vocabSize: number;
  contextLength: number;
  numParameters: number;
  runtimeDescription: string;
}

/** A service of ours behind a URL, through HTTP and SSE; the client runs in this thread. */
export class HttpTarget implements BenchmarkTarget {
  readonly mode = 'http';
  readonly #url: string;

  constructor(url: string) {
    this.#url = url.replace(/\/+$/, '');
  }

  async generate(
    request: BenchmarkRequest,
    onTokens: (numTokens: number) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const { prompts, maxTokens } = request;
    const [only] = prompts;
    const response = await this.#fetch('/v1/completions', signal, {
      prompt: prompts.length === 1 ? only : prompts,
      max_tokens: maxTokens,
      temperature: 0,
      ignore_eos: true,
      stream: true,
      return_token_ids: true,
    });
    let numTokens = 0;
    for await (const { event, data } of readSse(response.body ?? emptyBody())) {
      if (event === 'error') throw failure(`the stream broke: ${data}`);
      if (data === '[DONE]') break;
      const chunk = JSON.parse(data) as Chunk;
      const numNew = (chunk.choices ?? []).reduce((sum, choice) => sum + (choice.token_ids?.length ?? 0), 0);
      if (numNew === 0) continue;
      numTokens += numNew;
      onTokens(numNew);
    }
    checkNumTokens(request, numTokens);
  }

  /** @throws EngineError `backend_failure` when there is no such service */
  async readModel(signal: AbortSignal): Promise<RemoteModel> {
    const response = await this.#fetch('/v1/models', signal);
    const { data } = (await response.json()) as { data?: Record<string, unknown>[] };
    const model = data?.[0] ?? {};
    const text = (name: string): string => (typeof model[name] === 'string' ? model[name] : 'unknown');
    const count = (name: string): number => {
      const value = model[name];
      if (typeof value === 'number') return value;
      throw failure(`${this.#url}/v1/models names no ${name}: is it this service?`);
    };
    return {
      id: text('id'),
      architecture: text('architecture'),
      vocabSize: count('vocab_size'),
      contextLength: count('max_model_len'),
      numParameters: count('num_parameters'),
      runtimeDescription: text('runtime'),
    };
  }

  async #fetch(path: string, signal: AbortSignal, body?: unknown): Promise<Response> {
    let response: Response;
    try {
      const post = {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      };
      // A signal of its own for each: fetch leaves its listeners on it until they are collected.
      const ownSignal = AbortSignal.any([signal]);
      response = await fetch(this.#url + path, { signal: ownSignal, ...(body === undefined ? {} : post) });
    } catch (cause) {
      signal.throwIfAborted();
      throw failure(`${this.#url}${path} cannot be reached`, cause);
    }
    if (response.ok) return response;
    throw failure(
      `${this.#url}${path} answered ${response.status}: ${(await response.text()).slice(0, 500)}`,
    );
  }
}

async function* emptyBody(): AsyncGenerator<Uint8Array> {}

function failure(message: string, cause?: unknown): EngineError {
  return new EngineError('backend_failure', message, { cause });
}
