import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { metric, startTestService, until, type TestService } from '../support/service.ts';
import { postJson } from '../support/sse.ts';

/** Streams that are read on after their connection broke, with the real engine. */

const BODY = { prompt: 'Once upon a time', max_tokens: 60, temperature: 0, ignore_eos: true, stream: true };

let service: TestService;
beforeAll(async () => {
  service = await startTestService({ RUNTIME: 'cpu', MODEL: '', MAX_NUM_SEQS: '4' });
});
afterAll(() => service[Symbol.asyncDispose]());

/** Reads events until there are so many, then hangs up; or to the end. */
async function read(response: Response, most = Infinity): Promise<EventSourceMessage[]> {
  if (response.body === null) throw new Error('the response has no body');
  const events: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (event) => events.push(event) });
  const decoder = new TextDecoder();
  for await (const chunk of response.body) {
    parser.feed(decoder.decode(chunk as Uint8Array, { stream: true }));
    if (events.length >= most) break;
  }
  return events.slice(0, most);
}

function textOf(events: readonly EventSourceMessage[]): string {
  const chunks = events.filter(({ data }) => data.startsWith('{"id"'));
  return chunks
    .map(({ data }) => (JSON.parse(data) as { choices: [{ text: string }] }).choices[0].text)
    .join('');
}

const open = (url: string, body: object = BODY): Promise<Response> =>
  postJson(`${url}/v1/completions`, body, {
    headers: { 'content-type': 'application/json', 'x-stream-resumable': 'true' },
  });

const resume = (url: string, id: string, after: number): Promise<Response> =>
  fetch(`${url}/v1/streams/${id}`, { headers: { 'last-event-id': `${after}` } });

const idOf = (response: Response): string => response.headers.get('x-request-id') ?? '';

describe('a stream that breaks again and again', () => {
  it('has the same bytes as one that does not', async () => {
    const whole = textOf(await read(await postJson(`${service.url}/v1/completions`, BODY)));
    const response = await open(service.url);
    const events = await read(response, 5);
    for (let numBreaks = 0; events.at(-1)?.data !== '[DONE]'; numBreaks++) {
      const rest = await resume(service.url, idOf(response), events.length);
      events.push(...(await read(rest, numBreaks < 4 ? 7 : Infinity)));
    }
    expect(events.map(({ id }) => Number(id))).toEqual(events.map((_, i) => i + 1));
    expect(textOf(events)).toBe(whole);
    expect(await metric(service.url, 'tokenflare_resumable_streams')).toBe(1);
  });

  it('ends with an error when the engine dies while nobody reads', async () => {
    const response = await open(service.url);
    const events = await read(response, 5);
    await until(async () => (await metric(service.url, 'tokenflare_resumable_streams_unread')) === 1);
    void service.engineProcess().kill();
    await until(async () => (await metric(service.url, 'tokenflare_resumable_streams_unread')) === 0);
    const rest = await read(await resume(service.url, idOf(response), events.length));
    expect(rest.at(-1)?.event).toBe('error');
    expect(rest.at(-1)?.data).toContain('backend_failure');
    await until(async () => (await fetch(`${service.url}/ready`)).ok);
  });
});

describe('a service that drains', () => {
  it('ends streams that can be resumed, those that nobody reads, too', async () => {
    const draining = await startTestService({ RUNTIME: 'cpu', MODEL: '', MAX_NUM_SEQS: '1' });
    const long = { ...BODY, n: 20, max_tokens: 480 };
    const [running, waiting] = [await open(draining.url, long), await open(draining.url, long)];
    await read(running, 1);
    // Its place in the queue is all that it has to tell.
    await read(waiting, 0);
    const pending = resume(draining.url, idOf(running), 0).then((response) => read(response));
    await until(async () => (await metric(draining.url, 'tokenflare_resumable_streams_unread')) === 1);
    await draining.close(200);
    const events = await pending;
    expect(events.at(-1)?.event).toBe('error');
    expect(events.at(-1)?.data).toContain('engine_not_ready');
  });
});
