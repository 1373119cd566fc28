import { EventSourceParserStream } from 'eventsource-parser/stream';
import { readEnvelope, ServiceError } from './service-error.ts';

/**
 * The JSON of each event of a stream, until `[DONE]` or its end.
 *
 * @throws ServiceError where an event is an error
 */
export async function* readEvents<T>(response: Response): AsyncGenerator<T> {
  if (response.body === null) return;
  const events = response.body
    .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array<ArrayBuffer>>)
    .pipeThrough(new EventSourceParserStream());
  for await (const { data } of events) {
    if (data === '[DONE]') return;
    const envelope = readEnvelope(data);
    if (envelope !== undefined) {
      throw new ServiceError(envelope.message, {
        status: response.status,
        code: envelope.code,
        requestId: response.headers.get('x-request-id') ?? undefined,
      });
    }
    yield JSON.parse(data) as T;
  }
}
