import { postJson, refusal, type Asked } from './post-json.ts';

/** An event of a stream; comments are no events. */
export interface SseEvent {
  event: string;
  data: string;
}

/** Reads server-sent events (WHATWG HTML, 9.2.6); `id` and `retry` are left alone. */
export async function* readSse(body: AsyncIterable<Uint8Array>): AsyncGenerator<SseEvent> {
  const decoder = new TextDecoder();
  let pending = '';
  for await (const bytes of body) {
    pending += decoder.decode(bytes, { stream: true });
    const blocks = pending.split(/\r?\n\r?\n/);
    pending = blocks.pop() ?? '';
    for (const block of blocks) {
      const event = parseBlock(block);
      if (event !== undefined) yield event;
    }
  }
}

function parseBlock(block: string): SseEvent | undefined {
  let event = 'message';
  const data: string[] = [];
  for (const line of block.split(/\r?\n/)) {
    if (line.startsWith('data:')) data.push(valueOf(line));
    else if (line.startsWith('event:')) event = valueOf(line);
  }
  return data.length === 0 ? undefined : { event, data: data.join('\n') };
}

/** What follows the first colon, less one space. */
function valueOf(line: string): string {
  const start = line.indexOf(':') + 1;
  return line.slice(line[start] === ' ' ? start + 1 : start);
}

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
