/**
 * `createAI` of tokenflare/workers beside Cloudflare's own class in workerd, on the same calls: what they give or throw, what
 * the service is asked, and what the binding then says of the request.
 */
import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { createServer } from 'node:http';
import * as miniflare from 'miniflare';
import { createAI } from 'tokenflare/workers';
import { ASK, check, collect, errorOf, setup, untilIdle } from './check.mjs';

const { embeddingModel, model, plugin, texts, url } = setup;

/** Every request goes through here, and is noted. */
const asked = [];
const recorder = createServer((incoming, outgoing) => {
  const pieces = [];
  incoming.on('data', (piece) => pieces.push(piece));
  incoming.on('end', async () => {
    const body = Buffer.concat(pieces);
    const { 'cf-consn-model-id': id, 'cf-consn-sdk-version': version, ...headers } = incoming.headers;
    const told = Object.entries(headers).filter(([name]) => /^(content-type|x-own|cf-aig)/.test(name));
    asked.push([incoming.method, incoming.url, body.toString(), id, version, told.sort()]);
    const { method } = incoming;
    const request = {
      method,
      headers: { ...told, ...pick(incoming.headers) },
      ...(method === 'GET' ? {} : { body }),
    };
    const answer = await fetch(url + incoming.url, request);
    outgoing.writeHead(answer.status, Object.fromEntries(answer.headers));
    outgoing.end(Buffer.from(await answer.arrayBuffer()));
  });
}).listen(0, '127.0.0.1');
await new Promise((resolve) => recorder.once('listening', resolve));
const recorded = `http://127.0.0.1:${recorder.address().port}`;
const pick = ({ 'content-type': type, 'cf-consn-model-id': id }) => ({
  ...(type === undefined ? {} : { 'content-type': type }),
  ...(id === undefined ? {} : { 'cf-consn-model-id': id }),
});

/** The calls, as text: they run in workerd and here. */
const CALLS = {
  'a text': `(ai) => ai.run(${JSON.stringify(model)}, { messages: ${JSON.stringify([{ role: 'user', content: ASK.plain }])} })`,
  'an id of Cloudflare': `(ai) => ai.run('@cf/vendor/x', { prompt: ${JSON.stringify(ASK.plain)}, max_tokens: 4, temperature: 0 })`,
  'a stream': `async (ai) => new Response(await ai.run(${JSON.stringify(model)}, { prompt: ${JSON.stringify(ASK.plain)}, stream: true, max_tokens: 4, temperature: 0 })).text().then((text) => text.includes('data: [DONE]'))`,
  embeddings: `(ai) => ai.run(${JSON.stringify(embeddingModel)}, { text: ['a', 'b'] })`,
  'the raw response': `async (ai) => { const answer = await ai.run('@cf/vendor/x', { prompt: 'a', max_tokens: 2, temperature: 0 }, { returnRawResponse: true }); return [answer.status, answer.headers.get('content-type')]; }`,
  'the raw response of an error': `async (ai) => (await ai.run('nobody', { prompt: 'a' }, { returnRawResponse: true })).status`,
  'a gateway, a prefix and headers': `(ai) => ai.run('vendor/x', { prompt: 'a', max_tokens: 2, temperature: 0 }, { prefix: 'own', gateway: { id: 'g', skipCache: true }, tags: ['a'], extraHeaders: { 'x-own': '1' }, sessionOptions: { extraHeaders: { 'x-own-too': '2' } } })`,
  'an unknown model': `(ai) => ai.run('nobody', { prompt: 'a' })`,
  'a bad field': `(ai) => ai.run('@cf/vendor/x', { prompt: 'a', max_tokens: -1 })`,
  'a stream as input': `(ai) => ai.run('@cf/vendor/x', { audio: { body: new Blob(['abc']).stream(), contentType: 'audio/wav' }, language: 'en' })`,
  'a stream without its type': `(ai) => ai.run('@cf/vendor/x', { audio: { body: new Blob(['abc']).stream() } })`,
  'a stream through a gateway': `(ai) => ai.run('@cf/vendor/x', { audio: { body: new Blob(['abc']).stream(), contentType: 'audio/wav' } }, { gateway: { id: 'g' } })`,
  'two streams': `(ai) => ai.run('@cf/vendor/x', { a: new Blob(['a']).stream(), b: new FormData() })`,
  'an aborted signal': `(ai) => ai.run('@cf/vendor/x', { prompt: 'a' }, { signal: AbortSignal.abort() })`,
  models: `(ai) => ai.models({ search: 'CHAIN', per_page: 3 })`,
  'models with a bad field': `(ai) => ai.models({ per_page: -1 })`,
  'toMarkdown of a file': `(ai) => ai.toMarkdown({ name: 'a.txt', blob: new Blob(['Hello'], { type: 'text/plain' }) })`,
  'toMarkdown of a list': `(ai) => ai.toMarkdown([{ name: 'a.csv', blob: new Blob(['a,b'], { type: 'text/csv' }) }], { extraHeaders: { 'x-own': '1' } })`,
  'the gateway: its address': `(ai) => ai.gateway('g').getUrl('openai')`,
  'the gateway: a log': `(ai) => ai.gateway('g').getLog('nothing')`,
  'the gateway: a log changed': `(ai) => ai.gateway('g').patchLog('nothing', { feedback: 1 })`,
  'the gateway: a run': `async (ai) => (await ai.gateway('g').run({ provider: 'workers-ai', endpoint: '@cf/vendor/x', headers: { 'cf-aig-cache-ttl': 5 }, query: { prompt: 'a' } }, { gateway: { skipCache: true, metadata: { a: 1 }, retries: { maxAttempts: 2 } }, extraHeaders: { 'x-own': '1' } })).status`,
};

/** What a call comes to, and what the binding says afterwards. Of the same text in workerd and here. */
const OUTCOME = `async (ai, call) => {
  const told = () => [ai.lastRequestId === null, ai.aiGatewayLogId === null, ai.lastRequestHttpStatusCode, ai.lastRequestInternalStatusCode];
  try {
    return { value: (await call(ai)) ?? null, told: told() };
  } catch (error) {
    return { name: error.name, message: error.message, told: told() };
  }
}`;

const calls = Object.entries(CALLS).map(([name, text]) => `${JSON.stringify(name)}: ${text}`);
const options = {
  modules: true,
  script: `const CALLS = { ${calls.join(',\n')} };
const outcome = ${OUTCOME};
export default { fetch: async (request, { AI }) => Response.json(await outcome(AI, CALLS[await request.text()])) };`,
  compatibilityDate: '2026-04-01',
  unsafeBindings: [
    {
      name: 'AI',
      type: 'ai',
      plugin: { package: plugin, name: 'tokenflare-ai' },
      options: { url: recorded },
    },
  ],
};
const mf = new miniflare.Miniflare(miniflare.convertV4MiniflareOptions?.(options) ?? options);

/** Not compared: ids and times, what the prefix cache had, and the host's own words for an abort. */
const UNSETTLED = new Set(['created_at', 'id', 'created', 'cached_tokens']);
/** The plugin says how to set a stub. */
const HINT = /; a module of your own can answer it: .*$/;
const settled = (outcome) =>
  JSON.parse(JSON.stringify(outcome), (key, value) =>
    typeof value === 'string' && HINT.test(value)
      ? value.replace(HINT, '')
      : UNSETTLED.has(key) || /^Th(e|is) operation was aborted$/.test(value)
        ? undefined
        : value,
  );

const here = (text) => new Function(`return (${text})`)();

// The binding is one object in the Worker, too: what it says of a request stays until the next.
const ai = createAI({ url: recorded });
for (const [name, text] of Object.entries(CALLS)) {
  await check(`as Cloudflare's class: ${name}`, async () => {
    asked.length = 0;
    const there = await (await mf.dispatchFetch('http://w/', { method: 'POST', body: name })).json();
    const askedThere = asked.splice(0);
    const own = settled(await here(OUTCOME)(ai, here(text)));
    assert.deepEqual(own, settled(there));
    assert.deepEqual(asked, askedThere);
  });
}

await check('a client that goes ends the request', async () => {
  const ai = createAI({ url });
  const abort = new AbortController();
  const inputs = { messages: [{ role: 'user', content: ASK.endless }], stream: true, max_tokens: 50_000 };
  const stream = await ai.run(model, inputs, { signal: abort.signal });
  const reading = collect(stream);
  abort.abort();
  assert.equal((await errorOf(reading)).name, 'AbortError');
  await untilIdle();
});

await check('a service that is gone, and one that says nothing', async () => {
  const server = createServer(() => undefined).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = `http://127.0.0.1:${server.address().port}`;
  const mute = await errorOf(createAI({ url: address, timeoutMs: 200 }).run(model, { prompt: 'a' }));
  assert.match(`${mute.name}: ${mute.message}`, /^InferenceUpstreamError: 3007: .* within 200 ms/);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  const gone = await errorOf(createAI({ url: address }).run(model, { prompt: 'a' }));
  assert.match(`${gone.name}: ${gone.message}`, /^InferenceUpstreamError: 7009: .* cannot be reached/);
});

await check('a fetch of its own', async () => {
  const ai = createAI({
    url: 'http://tokenflare',
    fetch: (to, init) => fetch(String(to).replace('http://tokenflare', url), init),
  });
  const { response } = await ai.run('@cf/vendor/x', { messages: [{ role: 'user', content: ASK.plain }] });
  assert.equal(response, texts.plain);
});

await mf.dispose();
recorder.closeAllConnections();
recorder.close();
