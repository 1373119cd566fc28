import { createParser } from 'eventsource-parser';

/** The data of every SSE frame, as it arrives, parsed by a library that is not ours. */
export async function* sseData(response: Response): AsyncGenerator<string> {
  if (response.body === null) throw new Error('the response has no body');
  const pending: string[] = [];
  const parser = createParser({ onEvent: ({ data }) => pending.push(data) });
  const decoder = new TextDecoder();
  for await (const chunk of response.body) {
    parser.feed(decoder.decode(chunk as Uint8Array, { stream: true }));
    while (pending.length > 0) yield pending.shift() ?? '';
  }
}

export function postJson(url: string, body: unknown, init: RequestInit = {}): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    ...init,
  });
}
