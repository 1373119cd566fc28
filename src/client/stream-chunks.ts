import { postJson, refusal, type Asked } from './post-json.ts';
import { readSse } from './read-sse.ts';

/**
 * Sends a JSON body and yields what the stream of the answer holds, up to `[DONE]`. Who ends the iteration early ends
 * the answer.
 *
 * @typeParam Chunk of that route; it is not checked
 * @throws as `postJson`; EngineError for a stream that breaks off
 */
export async function* streamChunks<Chunk>(
  service: Asked,
  path: string,
  body: object,
  signal?: AbortSignal,
): AsyncGenerator<Chunk, void, undefined> {
  const response = await postJson(service, path, { ...body, stream: true }, signal);
  const bytes = (response.body ?? []) as unknown as AsyncIterable<Uint8Array>;
  try {
    for await (const { event, data } of readSse(bytes)) {
      signal?.throwIfAborted();
      if (event === 'error') throw refusal('the answer broke off', data);
      if (data === '[DONE]') return;
      yield JSON.parse(data) as Chunk;
    }
  } catch (error) {
    // An aborted answer fails by its connection.
    signal?.throwIfAborted();
    throw error;
  }
  throw refusal('the answer broke off', 'its connection ended');
}
