import { EventSourceParserStream } from 'eventsource-parser/stream';
import { readEnvelope, ServiceError } from './service-error.ts';

/**
 * The JSON of each event of a stream, until `[DONE]` or its end.
 *
 * @throws ServiceError where an event is an error, or the connection broke
 */
export async function* readEvents<T>(response: Response): AsyncGenerator<T> {
  if (response.body === null) return;
  const events = response.body
    .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array<ArrayBuffer>>)
    .pipeThrough(new EventSourceParserStream());
  const failure = (message: string, code: string): ServiceError =>
    new ServiceError(message, {
      status: response.status,
      code,
      requestId: response.headers.get('x-request-id') ?? undefined,
    });
  try {
    for await (const { data } of events) {
      if (data === '[DONE]') return;
      const envelope = readEnvelope(data);
      if (envelope !== undefined) throw failure(envelope.message, envelope.code);
      yield JSON.parse(data) as T;
    }
  } catch (error) {
    // Browsers have words of their own for it: "network error", "Load failed".
    throw error instanceof TypeError
      ? failure('the connection to the service broke in the middle of the answer', 'interrupted')
      : error;
  }
}
