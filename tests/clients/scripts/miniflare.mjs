import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { embedMany } from 'ai';
import { createWorkersAI } from 'workers-ai-provider';
import { checkChatShape, checkEmbeddings, checkLanguageModel } from './ai-sdk-checks.mjs';
import { checkCases } from './miniflare-cases.mjs';
import { startWorker } from './miniflare-worker.mjs';
import { checkGateway } from './gateway-checks.mjs';
import { ASK, check, collect, errorOf, setup, untilIdle } from './check.mjs';
import { checkTasks } from './task-checks.mjs';

const { url, model, embeddingModel, texts } = setup;

/** A Worker as one would write it for Cloudflare: it knows nothing of where its AI is. */
const WORKER = `
export default {
  async fetch(request, env) {
    const { method, args, raw, gateway, abortMs } = await request.json();
    const told = () => ({
      'x-request': String(env.AI.lastRequestId),
      'x-status': String(env.AI.lastRequestHttpStatusCode),
      'x-code': String(env.AI.lastRequestInternalStatusCode),
      'x-log': String(env.AI.aiGatewayLogId),
    });
    try {
      const target = gateway === undefined ? env.AI : env.AI.gateway(gateway);
      if (abortMs !== undefined) args[1] = { ...args[1], signal: AbortSignal.timeout(abortMs) };
      const answer = await target[method](...args);
      if (answer instanceof ReadableStream) return new Response(answer, { headers: { ...told(), 'content-type': 'text/event-stream' } });
      if (answer?.created_at instanceof Date) return Response.json(answer, { headers: { 'x-is-date': 'yes' } });
      if (gateway !== undefined && answer instanceof Response) return answer;
      if (raw) return new Response(answer.body, { headers: { ...told(), 'x-is-response': 'yes' } });
      return Response.json(answer ?? null, { headers: told() });
    } catch (error) {
      return Response.json({ name: error.name, message: error.message }, { status: 500, headers: told() });
    }
  },
};`;

const start = (options) => startWorker(WORKER, options);

const user = (content) => [{ role: 'user', content }];
const pattern = '@cf/vendor/*';
const mf = start({ url, models: { [pattern]: model, '@cf/baai/*': embeddingModel } });

async function ask(method, args, { through = mf, ...how } = {}) {
  const response = await through.dispatchFetch('http://worker/', {
    method: 'POST',
    body: JSON.stringify({ method, args, ...how }),
  });
  return { response, headers: response.headers, json: () => response.json() };
}
const run = async (...args) => (await ask('run', args)).json();

await check('run', async () => {
  const { headers, json } = await ask('run', [model, { messages: user(ASK.plain) }]);
  const { response, usage } = await json();
  assert.equal(response, texts.plain);
  assert.ok(usage.completion_tokens > 1);
  assert.match(headers.get('x-request'), /^[\w-]{36}$/);
  assert.equal(headers.get('x-status'), '200');
  const record = await (await fetch(`${url}/v1/requests/${headers.get('x-request')}`)).json();
  assert.equal(record.status, 'finished');
});

await check('run: an id of Cloudflare', async () => {
  const { response } = await run('@cf/vendor/some-model-8b', { messages: user(ASK.plain) });
  assert.equal(response, texts.plain);
});

await check('run: streamed', async () => {
  const { response } = await ask('run', [model, { messages: user(ASK.plain), stream: true }]);
  const pieces = await collect(response.body.pipeThrough(new TextDecoderStream()));
  const frames = pieces
    .join('')
    .split('\n\n')
    .filter((frame) => frame.startsWith('data: '));
  assert.equal(frames.pop(), 'data: [DONE]');
  const said = frames.map((frame) => JSON.parse(frame.slice(6)).response);
  assert.equal(said.join(''), texts.plain);
});

await check('run: a client that goes ends the request', async () => {
  const { response } = await ask('run', [
    model,
    { messages: user(ASK.endless), stream: true, max_tokens: 50_000 },
  ]);
  const reader = response.body.getReader();
  await reader.read();
  await reader.cancel();
  await untilIdle();
});

await check('run: embeddings', async () => {
  const { shape, data } = await run('@cf/baai/bge-m3', { text: ['one', 'two'] });
  assert.deepEqual(shape, [2, data[0].length]);
});

await check('run: the raw response', async () => {
  const options = { returnRawResponse: true };
  const { headers, json } = await ask('run', [model, { messages: user(ASK.plain) }, options], { raw: true });
  assert.equal(headers.get('x-is-response'), 'yes');
  assert.equal((await json()).response, texts.plain);
});

await check('run: a batch job', async () => {
  const requests = [{ prompt: ASK.plain, external_reference: 'a' }];
  const { request_id: id, status } = await run(model, { requests }, { queueRequest: true });
  assert.equal(status, 'queued');
  for (;;) {
    const { responses } = await run(model, { request_id: id });
    if (responses === undefined) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      continue;
    }
    assert.equal(responses[0].success, true);
    break;
  }
});

await checkGateway(ask);

await check('models', async () => {
  const found = await (await ask('models', [{ search: 'CHAIN' }])).json();
  assert.deepEqual(
    found.map(({ name }) => name),
    [model],
  );
});

await check('errors have their name and code', async () => {
  const { headers, json } = await ask('run', ['@cf/nobody/nothing', { prompt: 'a' }]);
  const { name, message } = await json();
  assert.equal(name, 'InferenceUpstreamError');
  assert.match(message, /^5007: .*is not served here/);
  assert.deepEqual([headers.get('x-status'), headers.get('x-code')], ['400', '5007']);
});

await check('what needs Cloudflare is refused by name', async () => {
  const { name, message } = await run(model, { audio: [1, 2, 3] });
  assert.equal(name, 'InferenceUpstreamError');
  assert.match(message, /^5004: .*audio/);
});

await check('a task that is not there is told by its name', async () => {
  const { name, message } = await run('@cf/openai/whisper', { audio: [1, 2, 3] });
  assert.equal(name, 'InferenceUpstreamError');
  assert.match(message, /^5007: .*Automatic Speech Recognition, which no model here can/);
});

await check('a service that is gone', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  const lost = start({ url: `http://127.0.0.1:${port}` });
  const { json } = await ask('run', [model, { prompt: 'a' }], { through: lost });
  const { name, message } = await json();
  assert.equal(name, 'InferenceUpstreamError');
  assert.match(message, /^7009: Tokenflare cannot be reached at http:\/\/127\.0\.0\.1/);
  await lost.dispose();
});

await check('a service that says nothing', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const mute = start({ url: `http://127.0.0.1:${server.address().port}`, timeoutMs: 500 });
  const { json } = await ask('run', [model, { prompt: 'a' }], { through: mute });
  assert.match((await json()).message, /^3007: .* within 500 ms/);
  await mute.dispose();
  server.close();
});

await check('options that cannot be meant', async () => {
  for (const [options, complaint] of [
    [{ port: 1 }, /the options of the binding AI: .*port/],
    [{ url: 'http://example.com', apiKey: 'k' }, /would travel in the clear to example\.com/],
    [{ url, settings: { MODEL: 'a' } }, /settings are of a service that the plugin starts/],
  ]) {
    const refused = start(options);
    assert.match((await errorOf(refused.ready)).message, complaint);
    await refused.dispose().catch(() => undefined);
  }
});

const { AI: binding } = await mf.getBindings();
const provider = createWorkersAI({ binding });
await checkLanguageModel(provider);
await checkEmbeddings(embedMany, provider.textEmbedding(embeddingModel));
await checkTasks(run);
await checkChatShape(provider);

await check('a service of its own', async () => {
  const alone = start({ models: { '@cf/*': 'tokenflare-tales' } });
  const { json } = await ask('run', ['@cf/any/model', { prompt: 'Once', max_tokens: 4 }], { through: alone });
  assert.equal((await json()).usage.completion_tokens, 4);
  const models = await (await ask('models', [{}], { through: alone })).json();
  assert.deepEqual(models[0].properties.at(-1), { property_id: 'alias', value: '@cf/*' });
  await alone.dispose();
});

await checkCases();

await mf.dispose();
