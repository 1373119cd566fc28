import { createParser } from 'eventsource-parser';
import OpenAI from 'openai';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { EngineClient } from '../../src/engine/client/engine-client.ts';
import { createEngineOf } from '../support/create-engine.ts';
import { fixturePath } from '../support/fixtures.ts';
import { call } from '../support/http-client.ts';
import { startHttpService, type HttpService } from '../support/http-service.ts';
import { RawClient, rawPost, requestIdOf } from '../support/raw-client.ts';
import { ScriptedEngine } from '../support/scripted-engine.ts';
import { until } from '../support/service.ts';

/** A request that waits is told its place: in comments of its stream, and by its id. */

const TEXT = ' runs past the old mill and down to the sea';

let engine: ScriptedEngine;
let service: HttpService;

beforeAll(async () => {
  engine = await ScriptedEngine.create();
  service = await startHttpService(engine);
});
beforeEach(() => engine.reset());
afterAll(() => service.close());

/** Comments of a stream, as another parser reads them. */
function commentsOf(client: RawClient): string[] {
  const comments: string[] = [];
  const parser = createParser({
    onEvent: () => undefined,
    onComment: (comment) => comments.push(comment.trim()),
  });
  parser.feed(client.received.slice(client.received.indexOf('\r\n\r\n') + 4));
  return comments;
}

const positionsOf = (client: RawClient): string[] =>
  commentsOf(client).filter((comment) => comment.startsWith('queue position'));

async function openStream(path: string, body: object = {}, headers = ''): Promise<RawClient> {
  const client = await RawClient.open(service.url);
  client.socket.write(rawPost(path, { prompt: 'a', max_tokens: 100, stream: true, ...body }, headers));
  return client;
}

describe.each(['/v1/completions', '/ai/run/@test/tiny-gpt2'])('a stream that waits: %s', (path) => {
  it('says its place', async () => {
    engine.reset({ stallAfter: 0, queuePosition: { position: 3, numWaiting: 17 } });
    const client = await openStream(path);
    await until(() => positionsOf(client).length === 1);
    expect(positionsOf(client)).toEqual(['queue position 3 of 17 (estimate)']);
    client.socket.destroy();
  });

  it('says nothing if it starts at once', async () => {
    engine.reset({ tokenDelayMs: 50 });
    const client = await openStream(path);
    await until(() => client.received.includes('[DONE]'));
    expect(positionsOf(client)).toEqual([]);
  });
});

describe('a place in the queue', () => {
  it('is told when it has changed, and nothing more once it has started', async () => {
    engine.reset({ stallAfter: 0, queuePosition: { position: 3, numWaiting: 17 } });
    const client = await openStream('/v1/completions');
    await until(() => positionsOf(client).length === 1);
    // Looked at again a second later: nothing has changed.
    await new Promise((resolve) => setTimeout(resolve, 1300));
    expect(positionsOf(client)).toEqual(['queue position 3 of 17 (estimate)']);
    engine.script.queuePosition = { position: 1, numWaiting: 9 };
    await until(() => positionsOf(client).length === 2);
    engine.script.queuePosition = undefined;
    await new Promise((resolve) => setTimeout(resolve, 1300));
    engine.script.queuePosition = { position: 8, numWaiting: 8 };
    await new Promise((resolve) => setTimeout(resolve, 1300));
    expect(positionsOf(client)).toEqual([
      'queue position 3 of 17 (estimate)',
      'queue position 1 of 9 (estimate)',
    ]);
    await call(service, 'DELETE', `/v1/requests/${requestIdOf(client)}`);
    await until(() => client.received.includes('[DONE]'));
  });

  it('is told to a reader that resumed, too', async () => {
    engine.reset({ stallAfter: 0, queuePosition: { position: 2, numWaiting: 2 } });
    const first = await openStream('/v1/completions', {}, 'x-stream-resumable: true\r\n');
    await until(() => positionsOf(first).length === 1);
    first.socket.destroy();
    const second = await RawClient.open(service.url);
    second.socket.write(`GET /v1/streams/${requestIdOf(first)} HTTP/1.1\r\nhost: localhost\r\n\r\n`);
    await until(() => positionsOf(second).length === 1);
    await call(service, 'DELETE', `/v1/requests/${requestIdOf(first)}`);
    await until(() => second.received.includes('[DONE]'));
  });

  it('is found by the id of the request', async () => {
    engine.reset({ stallAfter: 0, queuePosition: { position: 2, numWaiting: 5 } });
    const client = await openStream('/v1/completions');
    await until(() => requestIdOf(client) !== '');
    const record = async (): Promise<unknown> =>
      (await call(service, 'GET', `/v1/requests/${requestIdOf(client)}`)).json;
    expect(await record()).toMatchObject({ status: 'queued', queue_position: 2, queue_length: 5 });
    engine.script.queuePosition = undefined;
    expect(await record()).toMatchObject({ status: 'running', queue_position: null, queue_length: null });
    await call(service, 'DELETE', `/v1/requests/${requestIdOf(client)}`);
  });

  it("does not disturb OpenAI's client", async () => {
    engine.reset({ tokenDelayMs: 60, queuePosition: { position: 1, numWaiting: 1 } });
    const client = new OpenAI({ baseURL: `${service.url}/v1`, apiKey: 'none', maxRetries: 0 });
    const stream = await client.completions.create({
      model: engine.model.id,
      prompt: 'a',
      max_tokens: 100,
      stream: true,
    });
    let text = '';
    for await (const { choices } of stream) {
      text += choices[0]?.text ?? '';
      engine.script.queuePosition = { position: 1, numWaiting: 1 + text.length };
    }
    expect(text).toBe(TEXT);
  });
});

describe('with the real engine', () => {
  let real: EngineClient;
  let realService: HttpService;

  beforeAll(async () => {
    const model = fixturePath('tiny-gpt2');
    real = await createEngineOf({ MODEL: model, MODEL_ID: 'tiny', RUNTIME: 'cpu', MAX_NUM_SEQS: '1' });
    await real.start();
    realService = await startHttpService(real);
  });
  afterAll(async () => {
    await realService.close();
    await real.stop();
  });

  it('moves up as sequences before it start', async () => {
    const send = async (n: number): Promise<RawClient> => {
      const client = await RawClient.open(realService.url);
      const body = { prompt: 'a', n, max_tokens: 120, ignore_eos: true, stream: true };
      client.socket.write(rawPost('/v1/completions', body));
      await until(() => requestIdOf(client) !== '');
      return client;
    };
    const first = await send(60);
    const second = await send(2);
    await until(() => positionsOf(second).length >= 2);
    const { json } = await call(realService, 'GET', `/v1/requests/${requestIdOf(second)}`);
    const body = json as { status: string; queue_position: number; queue_length: number };
    expect(body.status).toBe('queued');
    // Its two sequences are the last ones.
    expect(body.queue_position).toBe(body.queue_length - 1);
    const positions = positionsOf(second).map((text) =>
      /position (\d+) of (\d+)/.exec(text)?.slice(1).map(Number),
    );
    for (const [position = 0, length] of positions.map((pair) => pair ?? []))
      expect(position).toBe((length ?? 0) - 1);
    expect(positions).toEqual(positions.toSorted((one, other) => (other?.[0] ?? 0) - (one?.[0] ?? 0)));
    first.socket.destroy();
    // All that stood before it are gone.
    await until(() => second.received.includes('data: '));
    second.socket.destroy();
    await until(() => real.stats().numSequencesRunning + real.stats().numSequencesWaiting === 0);
  });
});
