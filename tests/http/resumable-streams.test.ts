import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { once } from 'node:events';
import { request } from 'node:http';
import OpenAI from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { call, type CallOptions } from '../support/http-client.ts';
import { startHttpService, type HttpService } from '../support/http-service.ts';
import { RawClient, rawPost, requestIdOf } from '../support/raw-client.ts';
import { ScriptedEngine } from '../support/scripted-engine.ts';
import { until } from '../support/service.ts';

/** Streams that are read on after their connection broke, over real sockets. */

const TEXT = ' runs past the old mill and down to the sea';
const RESUMABLE = 'x-stream-resumable: true\r\n';
/** Longer than any test takes. */
const GRACE_MS = 60_000;
const SHORT_GRACE_MS = 500;
const ROUTES = ['/v1/completions', '/ai/run/@test/tiny-gpt2'];

let engine: ScriptedEngine;
let service: HttpService;
/** Its streams are given up soon. */
let impatient: HttpService;

beforeAll(async () => {
  engine = await ScriptedEngine.create();
  service = await startHttpService(engine, { streamGraceMs: GRACE_MS, ssePingIntervalMs: 100 });
  impatient = await startHttpService(engine, { streamGraceMs: SHORT_GRACE_MS, ssePingIntervalMs: 100 });
});
beforeEach(() => engine.reset());
afterAll(() => Promise.all([service.close(), impatient.close()]));

interface Chunk {
  choices?: { text: string }[];
  response?: string;
}

function parse(wire: string): EventSourceMessage[] {
  const events: EventSourceMessage[] = [];
  // Each chunk of HTTP holds whole frames.
  createParser({ onEvent: (event) => events.push(event) }).feed(
    wire.replaceAll(/\r\n[\da-f]*\r\n|^[\da-f]+\r\n/g, ''),
  );
  return events;
}

function textOf(events: readonly EventSourceMessage[]): string {
  const chunks = events
    .filter(({ data }) => data.startsWith('{'))
    .map(({ data }) => JSON.parse(data) as Chunk);
  return chunks.map(({ choices, response }) => choices?.[0]?.text ?? response ?? '').join('');
}

/** Starts a stream, cuts its connection once so many events are there, and has these. */
async function cutAfter(
  path: string,
  numEvents: number,
  { headers = '', on = service } = {},
): Promise<{ id: string; events: EventSourceMessage[] }> {
  const client = await RawClient.open(on.url);
  client.socket.write(rawPost(path, { prompt: 'a', max_tokens: 100, stream: true }, RESUMABLE + headers));
  const body = (): string => client.received.slice(client.received.indexOf('\r\n\r\n') + 4);
  await until(() => parse(body()).length >= numEvents);
  client.socket.destroy();
  const id = requestIdOf(client);
  expect(client.received).toContain('x-stream-resumable: true');
  return { id, events: parse(body()).slice(0, numEvents) };
}

const resume = (
  id: string,
  options: CallOptions = {},
  { query = '', on = service } = {},
): ReturnType<typeof call> => call(on, 'GET', `/v1/streams/${id}${query}`, options);
const resumeAfter = (id: string, lastEventId: string | number, on = service): ReturnType<typeof call> =>
  resume(id, { headers: { 'last-event-id': String(lastEventId) } }, { on });

describe.each(ROUTES)('a stream that can be resumed: %s', (path) => {
  it('has an id with each event, and is otherwise what it was', async () => {
    const body = { prompt: 'a', max_tokens: 100, stream: true };
    const plain = await call(service, 'POST', path, { body });
    const answer = await call(service, 'POST', path, { body, headers: { 'x-stream-resumable': 'true' } });
    expect(answer.headers['x-stream-resumable']).toBe('true');
    expect(plain.headers['x-stream-resumable']).toBeUndefined();
    const [plainEvents, events] = [parse(plain.text), parse(answer.text)];
    expect(textOf(events)).toBe(textOf(plainEvents));
    expect(events.map(({ id }) => id)).toEqual(plainEvents.map((_, i) => `${i + 1}`));
    expect(plain.text).not.toMatch(/^id:/m);
    // The comment with the times is there in both.
    expect(answer.text).toMatch(/^: \{"x-queue-time"/m);
  });

  it('is read on after its connection broke, without a gap and without a word twice', async () => {
    engine.reset({ tokenDelayMs: 5 });
    const { id, events } = await cutAfter(path, 3);
    const rest = await resumeAfter(id, 3);
    expect(rest.status).toBe(200);
    const all = [...events, ...parse(rest.text)];
    expect(all.map((event) => event.id)).toEqual(all.map((_, i) => `${i + 1}`));
    expect(textOf(all)).toBe(TEXT);
    expect(all.at(-1)?.data).toBe('[DONE]');
    expect(engine.requests).toHaveLength(1);
    expect(engine.find(id)).toMatchObject({ status: 'finished' });
  });

  it('is read once more after its end, from any event, by header or query, by any form of its id', async () => {
    const { id } = await cutAfter(path, 1);
    await until(() => engine.find(id)?.status === 'finished');
    const whole = await resume(id);
    expect(textOf(parse(whole.text))).toBe(TEXT);
    const [tail, sameTail] = [await resumeAfter(id, 4), await resume(`cmpl-${id}`, {}, { query: '?from=4' })];
    expect(parse(tail.text)).toEqual(parse(whole.text).slice(4));
    expect(sameTail.text).toBe(tail.text);
    const headerFirst = await resume(id, { headers: { 'last-event-id': '4' } }, { query: '?from=1' });
    expect(headerFirst.text).toBe(tail.text);
    // After the last event there is nothing.
    expect(parse((await resumeAfter(id, parse(whole.text).length)).text)).toEqual([]);
  });

  it('is cancelled as ever if its client does not come back in time', async () => {
    engine.reset({ stallAfter: 2 });
    const { id } = await cutAfter(path, 2, { on: impatient });
    await until(() => engine.find(id)?.status !== 'running');
    expect(engine.find(id)).toMatchObject({ status: 'cancelled', cancelCause: 'disconnect' });
    await until(() => impatient.logLines.some(({ requestId }) => requestId === id));
    const line = impatient.logLines.find(({ requestId }) => requestId === id);
    expect(line).toMatchObject({ ended: 'abort: disconnect', completionTokens: 2 });
    await until(async () => (await resume(id, {}, { on: impatient })).status === 404);
  });

  it('can be read to its end once it was cancelled, and says what became of it', async () => {
    engine.reset({ stallAfter: 2 });
    const { id } = await cutAfter(path, 2);
    expect(engine.find(id)).toMatchObject({ status: 'running' });
    await call(service, 'DELETE', `/v1/requests/${id}`);
    const end = parse((await resumeAfter(id, 2)).text);
    expect(end.map(({ data }) => data).join()).toContain('abort');
  });

  it('ends when it is cancelled by its id, with or without a reader', async () => {
    engine.reset({ stallAfter: 2 });
    const { id } = await cutAfter(path, 2);
    const pending = resumeAfter(id, 2);
    await call(service, 'DELETE', `/v1/requests/${id}`);
    const events = parse((await pending).text);
    expect(events.at(-1)?.data).toBe('[DONE]');
    expect(engine.find(id)).toMatchObject({ cancelCause: 'delete' });
  });

  it('ends with the error of an engine that fails while nobody reads', async () => {
    engine.reset({ tokenDelayMs: 20, failAfter: 5 });
    const { id } = await cutAfter(path, 2);
    await until(() => engine.find(id)?.status === 'failed');
    const events = parse((await resumeAfter(id, 2)).text);
    expect(events).toHaveLength(4);
    expect(events.at(-1)).toMatchObject({ event: 'error', id: '6' });
    expect(events.at(-1)?.data).toContain('a kernel failed in step 7');
  });
});

describe('resuming', () => {
  it('stays the same request: one line in the log when all is computed, and its id is taken until then', async () => {
    engine.reset({ stallAfter: 2 });
    const { id } = await cutAfter('/v1/completions', 2, { headers: 'x-request-id: mine\r\n' });
    expect(id).toBe('mine');
    const headers = { 'x-request-id': 'mine' };
    const other = await call(service, 'POST', '/v1/completions', { body: { prompt: 'a' }, headers });
    expect(other.status).toBe(409);
    await call(service, 'DELETE', '/v1/requests/mine');
    await until(() =>
      service.logLines.some(({ path, requestId }) => path === '/v1/completions' && requestId === 'mine'),
    );
    engine.reset();
    const again = await call(service, 'POST', '/v1/completions', { body: { prompt: 'a' }, headers });
    expect(again.status).toBe(200);
  });

  it('leaves streams that nobody reads alone when others come and go', async () => {
    engine.reset({ stallAfter: 1 });
    const cut = [];
    for (let i = 0; i < 16; i++) cut.push(await cutAfter('/v1/completions', 1));
    const other = await RawClient.open(service.url);
    other.socket.write(rawPost('/v1/completions', { prompt: 'a', stream: true }, RESUMABLE));
    await until(() => other.received.includes('id: 1\n'));
    expect(cut.slice(-8).map(({ id }) => engine.find(id)?.status)).toEqual(Array<string>(8).fill('running'));
    other.socket.destroy();
    for (const { id } of [...cut, { id: requestIdOf(other) }])
      await call(service, 'DELETE', `/v1/requests/${id}`);
    await until(() => engine.stats().numSequencesRunning === 0);
  });

  it('gives a stream to the newer of two readers', async () => {
    engine.reset({ stallAfter: 2 });
    const first = await RawClient.open(impatient.url);
    first.socket.write(rawPost('/v1/completions', { prompt: 'a', stream: true }, RESUMABLE));
    await until(() => first.received.includes('id: 2\n'));
    const id = requestIdOf(first);
    const second = await RawClient.open(impatient.url);
    second.socket.write(`GET /v1/streams/${id} HTTP/1.1\r\nhost: localhost\r\n\r\n`);
    await until(() => second.received.includes('id: 2\n'));
    await until(() => first.received.endsWith('0\r\n\r\n'));
    expect(first.received).toContain(': another reader has taken over');
    expect(first.received).not.toContain('[DONE]');
    first.socket.destroy();
    // The stream has a reader: it goes on beyond the time in which one must come back.
    await new Promise((resolve) => setTimeout(resolve, 2 * SHORT_GRACE_MS));
    expect(engine.find(id)).toMatchObject({ status: 'running' });
    second.socket.destroy();
    await until(() => engine.find(id)?.status === 'cancelled');
  });

  it('answers HEAD, which takes over nothing', async () => {
    engine.reset({ stallAfter: 2 });
    const first = await RawClient.open(service.url);
    first.socket.write(rawPost('/v1/completions', { prompt: 'a', stream: true }, RESUMABLE));
    await until(() => first.received.includes('id: 2\n'));
    const id = requestIdOf(first);
    const asked = request(`${service.url}/v1/streams/${id}`, { method: 'HEAD' }).end();
    const [answer] = (await once(asked, 'response')) as [{ statusCode: number; resume(): void }];
    answer.resume();
    expect(answer.statusCode).toBe(200);
    expect(first.isClosed).toBe(false);
    await call(service, 'DELETE', `/v1/requests/${id}`);
    await until(() => first.received.includes('[DONE]'));
  });

  it('says what is wrong with a place that is none', async () => {
    const { id } = await cutAfter('/v1/completions', 2);
    await until(() => engine.find(id)?.status === 'finished');
    for (const place of ['-1', '1.5', 'x', '9'.repeat(16), '4,5']) {
      const answer = await resumeAfter(id, place);
      expect([answer.status, answer.json]).toMatchObject([400, { error: { param: 'Last-Event-ID' } }]);
      expect((await resume(id, {}, { query: `?from=${place}` })).json).toMatchObject({
        error: { param: 'from' },
      });
    }
    const ahead = await resumeAfter(id, 1000);
    expect(ahead.status).toBe(400);
    expect(ahead.json).toMatchObject({
      error: { message: expect.stringMatching(/has \d+ events so far/) as string },
    });
  });

  it('says that events are kept no longer', async () => {
    engine.model.contextLength = 100_000;
    engine.reset({ text: ' the old mill'.repeat(3000) });
    const client = await RawClient.open(service.url);
    const body = { prompt: 'a', max_tokens: 9000, logprobs: 5, stream: true };
    client.socket.write(rawPost('/v1/completions', body, RESUMABLE));
    await until(() => client.received.includes('id: 1\n'));
    client.socket.destroy();
    const id = requestIdOf(client);
    await until(() => engine.find(id)?.status === 'finished');
    const answer = await resumeAfter(id, 1);
    expect(answer.status).toBe(410);
    const { error } = answer.json as { error: { code: string; message: string } };
    expect(error.code).toBe('gone');
    const [, first = ''] = /Last-Event-ID (\d+)$/.exec(error.message) ?? [];
    expect(Number(first)).toBeGreaterThan(1);
    const rest = parse((await resumeAfter(id, first)).text);
    expect(rest[0]?.id).toBe(String(Number(first) + 1));
    expect(rest.at(-1)?.data).toBe('[DONE]');
    expect(rest.reduce((sum, { data }) => sum + data.length, 0)).toBeLessThan(2 ** 20);
  });

  it('takes true and false, and nothing else', async () => {
    for (const value of ['1', 'yes', 'TRUE']) {
      const headers = { 'x-stream-resumable': value };
      const answer = await call(service, 'POST', '/v1/completions', { body: { prompt: 'a' }, headers });
      expect([answer.status, answer.json]).toMatchObject([400, { error: { param: 'x-stream-resumable' } }]);
    }
    const body = { prompt: 'a', stream: true };
    const off = await call(service, 'POST', '/v1/completions', {
      body,
      headers: { 'x-stream-resumable': 'false' },
    });
    expect(off.text).not.toMatch(/^id:/m);
    // An answer in one piece is none that could be resumed.
    const whole = await call(service, 'POST', '/v1/completions', {
      body: { prompt: 'a' },
      headers: { 'x-stream-resumable': 'true' },
    });
    expect(whole.status).toBe(200);
    expect((await resume(whole.headers['x-request-id'] ?? '')).status).toBe(404);
  });

  it('knows no stream that was not asked for, and says so', async () => {
    const plain = await call(service, 'POST', '/v1/completions', { body: { prompt: 'a', stream: true } });
    const answer = await resume(plain.headers['x-request-id'] ?? '');
    expect(answer.status).toBe(404);
    expect(answer.json).toMatchObject({ error: { code: 'not_found', param: 'id' } });
  });

  it('is not held up by a reader that stalls', async () => {
    engine.model.contextLength = 100_000;
    engine.reset({ text: ' the old mill'.repeat(3000) });
    const slow = await RawClient.open(service.url);
    slow.socket.pause();
    const body = { prompt: 'a', n: 4, max_tokens: 5000, logprobs: 20, stream: true };
    slow.socket.write(rawPost('/v1/completions', body, RESUMABLE));
    await until(() => engine.stats().numSequencesRunning === 1);
    await new Promise((resolve) => setTimeout(resolve, 300));
    // Nothing is dropped that it has not read: its own stream waits, and no other does.
    expect(engine.stats().numSequencesRunning).toBe(1);
    engine.script.text = ' the mill';
    const headers = { 'x-stream-resumable': 'true' };
    const quick = await call(service, 'POST', '/v1/completions', {
      body: { prompt: 'a', stream: true },
      headers,
    });
    expect(quick.text).toContain('[DONE]');
    slow.socket.resume();
    await until(() => slow.received.includes('[DONE]'));
    const ids = [...slow.received.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
    expect(ids).toEqual(ids.map((_, i) => i + 1));
    expect(slow.received.length).toBeGreaterThan(8_000_000);
  });
});

describe('openai client', () => {
  it('reads streams with ids as any other', async () => {
    const client = new OpenAI({ baseURL: `${service.url}/v1`, apiKey: 'none', maxRetries: 0 });
    const stream = await client.completions.create(
      { model: engine.model.id, prompt: 'a', max_tokens: 100, stream: true },
      { headers: { 'x-stream-resumable': 'true' } },
    );
    let text = '';
    for await (const { choices } of stream) text += choices[0]?.text ?? '';
    expect(text).toBe(TEXT);
  });
});
