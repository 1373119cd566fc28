import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
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

const WORKER = readFileSync('src/index.mjs', 'utf8');

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

/** A service that begins an answer, and what then becomes of it. */
async function startHalfService(goOn) {
  const server = createHttpServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('data: {"response":"One"}\n\n');
    goOn(response);
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return { server, url: `http://127.0.0.1:${server.address().port}` };
}

/** What a Worker reads of a stream that breaks. */
async function readHalf(through) {
  const { json } = await ask('run', [model, { prompt: 'a', stream: true }], { through, drains: true });
  const { text, error } = await json();
  assert.equal(text, 'data: {"response":"One"}\n\n');
  return error;
}

await check('a service that is restarted in the middle of a stream', async () => {
  const { server, url: half } = await startHalfService((response) =>
    setTimeout(() => response.destroy(), 100),
  );
  const worker = start({ url: half });
  assert.match(await readHalf(worker), /Error/);
  await new Promise((resolve) => server.close(resolve));
  const { port } = new URL(half);
  const { json } = await ask('run', [model, { prompt: 'a' }], { through: worker });
  assert.match((await json()).message, /^7009: /);
  // The same address again, by a service that answers.
  const again = createHttpServer((_, response) => response.end('{"response":"back"}')).listen(
    port,
    '127.0.0.1',
  );
  await new Promise((resolve) => again.once('listening', resolve));
  const { response } = await ask('run', [model, { prompt: 'a' }], { through: worker });
  assert.match(await response.text(), /back/);
  await worker.dispose();
  again.closeAllConnections();
  again.close();
});

await check('a service that stops in the middle of a stream', async () => {
  const { server, url: half } = await startHalfService(() => undefined);
  const worker = start({ url: half, timeoutMs: 500 });
  assert.match(await readHalf(worker), /AbortError/);
  await worker.dispose();
  server.closeAllConnections();
  server.close();
});

await check('without the plugin, by the address of a service that runs', async () => {
  const ai = { binding: 'AI', remoteProxyConnectionString: new URL(`${url}/workers-binding`) };
  const through = startWorker(WORKER, {}, { unsafeBindings: [], ai });
  const inputs = { messages: user(ASK.plain) };
  const { headers, json } = await ask('run', ['@cf/vendor/any', inputs], { through });
  assert.equal((await json()).response, texts.plain);
  assert.match(headers.get('x-request'), /^[\w-]{36}$/);
  const { response } = await ask('run', [model, { ...inputs, stream: true }], { through });
  assert.match(await response.text(), /data: \[DONE\]/);
  const refused = await ask('run', ['nobody', inputs], { through });
  assert.match((await refused.json()).message, /^5007: /);
  await through.dispose();
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
