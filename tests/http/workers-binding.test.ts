import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { call, post, type Answer } from '../support/http-client.ts';
import { sseData } from '../support/openapi-validator.ts';
import { useScriptedService } from '../support/scripted-service.ts';
import { until } from '../support/service.ts';

const MODEL = '@test/tiny-gpt2';
const RUN = '/workers-binding/run?version=3';
const on = useScriptedService({
  model: { contextLength: 1024 }, // Cloudflare's default of 256 tokens must fit
  config: { modelAliases: [{ name: '@cf/*', modelId: MODEL }] },
});

/** `env.AI.run(model, inputs, options)`, as workerd's ai-api.ts sends it. */
const run = (inputs: object, options: object = {}, model = MODEL, path = RUN): Promise<Answer> =>
  call(on.service, 'POST', path, {
    body: { inputs, options },
    headers: { 'cf-consn-sdk-version': '2.0.0', 'cf-consn-model-id': model },
  });

const resultOf = ({ json }: Answer): unknown => (json as { result: unknown }).result;

describe('env.AI.run', () => {
  it.each([
    ['a text', { prompt: 'The river', max_tokens: 5 }],
    ['embeddings', { text: ['The river', 'a'] }],
    ['a ranking', { query: 'river', contexts: [{ text: 'The river' }, { text: 'a' }] }],
  ])('has %s as the REST API does, without the envelope', async (_, inputs) => {
    const answer = await run(inputs);
    expect(answer.status, answer.text).toBe(200);
    // With a charset the class takes it for a stream.
    expect(answer.headers['content-type']).toBe('application/json');
    expect(answer.headers['cf-ai-req-id']).toBe(answer.headers['x-request-id']);
    const rest = await post(on.service, `/ai/run/${MODEL}`, inputs);
    expect(answer.json).toEqual(resultOf(rest));
  });

  it('streams the frames of the REST API', async () => {
    const inputs = { prompt: 'The river', max_tokens: 5, stream: true };
    const answer = await run(inputs);
    expect(answer.headers['content-type']).toContain('text/event-stream');
    expect(answer.headers['cf-ai-req-id']).toBe(answer.headers['x-request-id']);
    expect(answer.text).toContain('data: [DONE]');
    const rest = await post(on.service, `/ai/run/${MODEL}`, inputs);
    expect(sseData(answer.text)).toEqual(sseData(rest.text));
  });

  it('takes options that mean something to Cloudflare alone, and those of later versions', async () => {
    const options = {
      gateway: { id: 'mine', skipCache: true },
      tags: ['a'],
      returnRawResponse: true,
      later: 1,
    };
    const path = '/workers-binding/ai-gateway/run?version=3';
    expect((await run({ prompt: 'a', max_tokens: 2 }, options, MODEL, path)).status).toBe(200);
  });

  it("finds a model by an alias of Cloudflare's id", async () => {
    const answer = await run({ prompt: 'a', max_tokens: 2 }, {}, '@cf/meta/llama-3.1-8b-instruct');
    expect(answer.status).toBe(200);
  });

  it('has batch jobs, which a poll finds without an option, and the REST API below each base', async () => {
    const queued = await run({ requests: [{ prompt: 'a', max_tokens: 2 }] }, { queueRequest: true });
    const { request_id: id } = queued.json as { request_id: string };
    expect(queued.json).toEqual({ status: 'queued', request_id: id, model: MODEL });
    let polled: Answer | undefined;
    await until(async () => {
      polled = await run({ request_id: id });
      return Object.hasOwn(polled.json as object, 'responses');
    });
    expect(polled?.json).toMatchObject({ responses: [{ id: 0, success: true }] });
    for (const base of ['/ai', '/client/v4/accounts/any/ai']) {
      const path = `${base}/run/${MODEL}?queueRequest=true`;
      const rest = await call(on.service, 'POST', path, { body: { request_id: id } });
      expect(resultOf(rest)).toEqual(polled?.json);
    }
  });
});

describe('what is refused', () => {
  const fault = (answer: Answer) => answer.json as { internalCode: number; description: string };

  it.each([
    ['an unknown model', () => run({ prompt: 'a' }, {}, 'nobody'), 400, 5007, /'nobody' is not served here/],
    ['a field', () => run({ prompt: 'a', max_tokens: -1 }), 400, 5004, /max_tokens/],
    ['no inputs', () => call(on.service, 'POST', RUN, { body: {} }), 400, 5004, /inputs/],
    [
      'a stream among the inputs',
      () =>
        call(on.service, 'POST', `${RUN}&userInputs=%7B%7D`, {
          body: 'abc',
          headers: { 'content-type': 'audio/wav', 'cf-consn-model-id': MODEL },
        }),
      400,
      5004,
      /stream/,
    ],
    [
      'a websocket',
      () => call(on.service, 'GET', `${RUN}&body=%7B%7D`, { headers: { 'cf-consn-model-id': MODEL } }),
      405,
      7001,
      /answers to POST/,
    ],
    [
      'what is not there',
      () => call(on.service, 'GET', '/workers-binding/autorag/rags'),
      404,
      7000,
      /no route/,
    ],
  ])('%s is told as the class reads it', async (_, ask, status, code, message) => {
    const answer = await ask();
    expect([answer.status, fault(answer).internalCode]).toEqual([status, code]);
    expect(fault(answer).description).toMatch(message);
    expect(answer.json).toMatchObject({
      name: 'InferenceUpstreamError',
      errors: [{ code, message: fault(answer).description }],
    });
  });

  it('a request for which there is no room: a short one once it was read, since a batch job waits', async () => {
    on.engine.numFreeSlots = 0;
    const answer = await run({ prompt: 'a' });
    expect([answer.status, fault(answer).internalCode]).toEqual([429, 3040]);
    const queued = await run({ requests: [{ prompt: 'a', max_tokens: 2 }] }, { queueRequest: true });
    expect(queued.json).toMatchObject({ status: 'queued' });
    expect((await run({ request_id: 'none' })).status).toBe(404);
  });

  it('a long request for which there is no room, before its body has come', async () => {
    on.engine.numFreeSlots = 0;
    const head = `POST ${RUN} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n`;
    const socket = connect(Number(new URL(on.service.url).port), '127.0.0.1');
    // The body never comes.
    socket.write(`${head}content-length: 17000\r\n\r\n`);
    const [received] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    expect(received.toString()).toMatch(/^HTTP\/1\.1 429 [^]*"internalCode":3040/);
  });
});

it('env.AI.models has the models as the REST API does', async () => {
  const search = 'search=TINY&per_page=5';
  const answer = await call(on.service, 'GET', `/workers-binding/ai-api/models/search?${search}`);
  const rest = await call(on.service, 'GET', `/ai/models/search?${search}`);
  expect(resultOf(answer)).toEqual(resultOf(rest));
  expect(resultOf(answer)).toMatchObject([{ name: MODEL }]);
});
