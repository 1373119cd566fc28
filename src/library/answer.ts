import { postJson, type Asked } from '../client/post-json.ts';
import { streamChunks } from '../client/read-sse.ts';

/** A chunk of a stream, as far as it matters here. */
interface Chunk<Piece> {
  readonly choices: readonly Piece[];
}

/**
 * An answer that is asked for when it is read: piece by piece, or whole. Each reading is a request of its own. Leaving
 * the loop ends the answer, and frees what it took.
 */
export class Answer<Piece, Body> implements AsyncIterable<Piece> {
  readonly #service: Asked;
  readonly #path: string;
  readonly #request: object;
  readonly #signal: AbortSignal | undefined;

  constructor(service: Asked, path: string, request: object, signal?: AbortSignal) {
    this.#service = service;
    this.#path = path;
    this.#request = request;
    this.#signal = signal;
  }

  /**
   * The choices of the chunks that openapi.yaml describes, as they come.
   * @throws EngineError as the API tells it; what the signal was aborted with
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<Piece, void, undefined> {
    const chunks = streamChunks<Chunk<Piece>>(this.#service, this.#path, this.#request, this.#signal);
    for await (const { choices } of chunks) yield* choices;
  }

  /**
   * The body that openapi.yaml describes, when it is complete.
   * @throws EngineError as the API tells it; what the signal was aborted with
   */
  async whole(): Promise<Body> {
    const response = await postJson(this.#service, this.#path, this.#request, this.#signal);
    return (await response.json()) as Body;
  }
}
