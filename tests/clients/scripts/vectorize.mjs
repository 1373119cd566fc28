import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as miniflare from 'miniflare';
import { check, errorOf, setup } from './check.mjs';

/**
 * Cloudflare's class behind a Worker's Vectorize, as workerd has it, in front of the service. Of workerd's own tests of that
 * class (src/cloudflare/internal/test/vectorize/vectorize-api-test.js) each case is here, with vectors in place of a mock's:
 * a query with values and indexed metadata, by id too; `returnMetadata` as false, true and not at all; filters with $eq, $in,
 * and with $gt and $lt together; insert, with an error that has a code; upsert of one id twice, deleteByIds, getByIds; the
 * exports of `cloudflare:vectorize`.
 */

const { url, plugin, embeddingModel } = setup;

/** A Worker as one would write it for Cloudflare: it knows nothing of where its index is. */
const WORKER = `
import { KnownModel, DistanceMetric } from 'cloudflare:vectorize';

const typed = (vector) => ({ ...vector, values: new Float32Array(vector.values) });

export default {
  async fetch(request, env) {
    const { method, args, asFloats } = await request.json();
    if (method === 'exports') return Response.json([KnownModel['openai/text-embedding-ada-002'], DistanceMetric.COSINE]);
    if (method === 'rag') {
      const [texts, question] = args;
      const embed = async (text) => (await env.AI.run('@cf/baai/bge-m3', { text })).data;
      const embeddings = await embed(texts);
      await env.INDEX.upsert(texts.map((text, i) => ({ id: String(i), values: embeddings[i], metadata: { text } })));
      const [vector] = await embed([question]);
      return Response.json(await env.INDEX.query(vector, { topK: 1, returnMetadata: 'all' }));
    }
    const given = asFloats ? args.map((arg) => (Array.isArray(arg) && arg[0]?.values ? arg.map(typed) : arg)) : args;
    if (asFloats && method === 'query') given[0] = new Float64Array(given[0]);
    try {
      return Response.json((await env.INDEX[method](...given)) ?? null);
    } catch (error) {
      return Response.json({ name: error.name, message: error.message, cause: error.cause?.message }, { status: 500 });
    }
  },
};`;

const plugIn = (name) => ({ package: plugin, name });

/** A Miniflare with that Worker, whose index is this plugin's. */
function start(options, ai) {
  const asOf4 = {
    modules: true,
    script: WORKER,
    compatibilityDate: '2026-04-01',
    unsafeBindings: [
      { name: 'INDEX', type: 'vectorize', plugin: plugIn('tokenflare-vectorize'), options },
      ...(ai === undefined ? [] : [{ name: 'AI', type: 'ai', plugin: plugIn('tokenflare-ai'), options: ai }]),
    ],
  };
  const { Miniflare, convertV4MiniflareOptions: convert } = miniflare;
  return new Miniflare(convert === undefined ? asOf4 : convert(asOf4));
}

/** Of this run: several clients use one service. */
const index = `index-${process.pid}`;
const INDEXES = `${url}/client/v4/accounts/me/vectorize/v2/indexes`;
const mf = start({ url, index, dimensions: 3, metric: 'cosine' });

async function ask(method, args = [], { through = mf, asFloats = false } = {}) {
  const response = await through.dispatchFetch('http://worker/', {
    method: 'POST',
    body: JSON.stringify({ method, args, asFloats }),
  });
  return response.json();
}

const manage = (path, body) =>
  fetch(`${INDEXES}/${index}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

const SEA = { id: 'sea', values: [1, 0, 0], metadata: { text: 'She sells seashells', n: 1 } };
const PEPPER = { id: 'pepper', values: [0.5, 0.5, 0], metadata: { text: 'Peter Piper picked', n: 2 } };
const YORK = { id: 'york', values: [0, 0, 1], metadata: { text: 'You know New York', n: 3 } };
const VECTORS = [SEA, PEPPER, YORK];

await check('an index is made where there is none', async () => {
  const { dimensions, vectorCount } = await ask('describe');
  assert.deepEqual([dimensions, vectorCount], [3, 0]);
});

await check('insert', async () => {
  await manage('/metadata_index/create', { propertyName: 'text', indexType: 'string' });
  const { mutationId } = await ask('insert', [VECTORS]);
  const { vectorCount, processedUpToMutation } = await ask('describe');
  assert.deepEqual([vectorCount, processedUpToMutation], [3, mutationId]);
});

const query = (options, more) => ask('query', [[1, 0.25, 0], options], more);
const idsOf = ({ matches }) => matches.map(({ id }) => id);

await check('query: with values and indexed metadata', async () => {
  const { count, matches } = await query({ topK: 3, returnValues: true, returnMetadata: 'indexed' });
  assert.equal(count, 3);
  const [{ score, ...first }] = matches;
  assert.ok(Math.abs(score - 1 / Math.hypot(1, 0.25)) < 1e-7);
  assert.deepEqual(first, { id: 'sea', values: SEA.values, metadata: { text: SEA.metadata.text } });
  assert.deepEqual(idsOf({ matches }), ['sea', 'pepper', 'york']);
});

await check('queryById', async () => {
  const { matches } = await ask('queryById', ['york', { topK: 1, returnMetadata: 'all' }]);
  assert.deepEqual(matches, [{ id: 'york', score: 1, metadata: YORK.metadata }]);
});

await check('query: returnMetadata as false, true, and not at all', async () => {
  const { matches } = await query({ topK: 1 });
  assert.deepEqual(Object.keys(matches[0]), ['id', 'score']);
  const all = await query({ topK: 1, returnMetadata: true });
  assert.deepEqual(all.matches[0].metadata, SEA.metadata);
  // The class sends false as it is, and Cloudflare refuses that: a mock of workerd's tests takes it.
  const { message } = await query({ topK: 1, returnMetadata: false });
  assert.match(
    message,
    /^VECTOR_QUERY_ERROR \(code = 40026\): Failed to parse the request body as JSON: returnMetadata/,
  );
});

await check('query: filters', async () => {
  const by = async (text) => idsOf(await query({ filter: { text } }));
  assert.deepEqual(await by({ $eq: PEPPER.metadata.text }), ['pepper']);
  assert.deepEqual(await by({ $in: [YORK.metadata.text, SEA.metadata.text] }), ['sea', 'york']);
  assert.deepEqual(await by({ $gt: PEPPER.metadata.text, $lt: YORK.metadata.text }), ['sea']);
  assert.deepEqual(await by({ $ne: SEA.metadata.text }), ['pepper', 'york']);
  // No metadata index has it.
  assert.deepEqual(idsOf(await query({ filter: { n: 1 } })), []);
});

await check('typed arrays', async () => {
  const floats = { asFloats: true };
  await ask('upsert', [[{ ...SEA, id: 'floats' }]], floats);
  assert.deepEqual(idsOf(await query({ topK: 2 }, floats)).sort(), ['floats', 'sea']);
  await ask('deleteByIds', [['floats']]);
});

await check('upsert: the last of one id', async () => {
  await ask('upsert', [
    [
      { ...YORK, metadata: { text: 'first' } },
      { ...YORK, metadata: { text: 'last' } },
    ],
  ]);
  const [{ metadata }] = await ask('getByIds', [['york']]);
  assert.deepEqual(metadata, { text: 'last' });
});

await check('getByIds and deleteByIds', async () => {
  assert.deepEqual(await ask('getByIds', [['sea', 'none', 'pepper']]), [SEA, PEPPER]);
  assert.match((await ask('deleteByIds', [['sea', 'none']])).mutationId, /^[\da-f-]{36}$/);
  assert.deepEqual(await ask('getByIds', [['sea']]), []);
});

await check('the exports of cloudflare:vectorize', async () => {
  assert.deepEqual(await ask('exports'), ['openai/text-embedding-ada-002', 'cosine']);
});

await check('errors have their code', async () => {
  const { name, message, cause } = await ask('insert', [[{ id: 'a', values: [1] }]]);
  assert.equal(name, 'Error');
  const said = 'invalid vector for id="a", expected 3 dimensions, and got 1 dimensions';
  assert.equal(message, `VECTOR_INSERT_ERROR (code = 40012): ${said}`);
  assert.equal(cause, said);
  assert.match(
    (await query({ topK: 101 })).message,
    /^VECTOR_QUERY_ERROR \(code = 40025\): max top K is 100/,
  );
  const ids = Array.from({ length: 21 }, String);
  assert.match((await ask('getByIds', [ids])).message, /^VECTOR_GET_ERROR \(code = 40007\)/);
});

await check('an index that is not there', async () => {
  const other = start({ url, index: 'nowhere' });
  const { message } = await ask('describe', [], { through: other });
  assert.match(message, /^INDEX_GET_ERROR \(code = 3000\): vectorize\.index\.not_found/);
  await other.dispose();
});

await check('a service that is gone', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  const lost = start({ url: `http://127.0.0.1:${port}`, index });
  const { message } = await ask('describe', [], { through: lost });
  assert.match(message, /code = 7009\): Tokenflare cannot be reached at http:\/\/127\.0\.0\.1/);
  await lost.dispose();
});

await check('options that cannot be meant', async () => {
  for (const [options, complaint] of [
    [{}, /the options of the binding INDEX: .*index/],
    [{ index, dimensions: 3 }, /dimensions and metric go together/],
    [{ index, url: 'http://example.com', apiKey: 'k' }, /would travel in the clear to example\.com/],
  ]) {
    const refused = start(options);
    assert.match((await errorOf(refused.ready)).message, complaint);
    await refused.dispose().catch(() => undefined);
  }
});

await check('from Node, by a proxy of the binding', async () => {
  const { INDEX } = await mf.getBindings();
  assert.deepEqual(idsOf(await INDEX.query([0.5, 0.5, 0], { topK: 1 })), ['pepper']);
});

await check('embeddings of env.AI are found again, in a service of the plugin', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tokenflare-vectorize-'));
  const info = await (
    await fetch(`${url}/workers-binding/run`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'cf-consn-model-id': embeddingModel },
      body: JSON.stringify({ inputs: { text: ['a'] } }),
    })
  ).json();
  const options = { index: 'texts', dimensions: info.shape[1], metric: 'cosine' };
  const own = start(options, {
    models: { '@cf/*': 'tokenflare-tales' },
    settings: { VECTORIZE_DIR: folder },
  });
  const texts = ['The cat slept on the mat.', 'Once upon a time there was a king.', 'Two and two are four.'];
  const { matches } = await ask('rag', [texts, texts[1]], { through: own });
  assert.equal(matches[0].metadata.text, texts[1]);
  await own.dispose();
  rmSync(folder, { recursive: true, force: true });
});

await fetch(`${INDEXES}/${index}`, { method: 'DELETE' });
await mf.dispose();
