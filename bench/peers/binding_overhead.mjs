/**
 * What env.AI costs a Worker beside a `fetch` of the same service: pairs of requests for one token, which alternate, within
 * one Worker in Miniflare. Prints both medians and that of the differences within pairs, in milliseconds.
 *
 *   npm run test:clients -- --prepare --only miniflare-5
 *   node bench/peers/binding_overhead.mjs [PAIRS]
 */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { getRequestListener } from '@hono/node-server';
import { createService } from '../../dist/src/library/index.js';

const ROOT = new URL('../../', import.meta.url);
const clients = new URL('node_modules/.cache/tokenflare/clients/miniflare-5/', ROOT);
const { Miniflare, convertV4MiniflareOptions } = createRequire(clients)('miniflare');
const numPairs = Number(process.argv[2] ?? 200);
const NUM_WARM = 20;

const WORKER = `
const inputs = { prompt: 'Once upon a time', max_tokens: 1 };
const ways = {
  binding: ({ AI }) => AI.run('tokenflare-tales', inputs),
  fetch: async ({ URL }) => {
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(URL + '/ai/run/tokenflare-tales', { method: 'POST', headers, body: JSON.stringify(inputs) });
    return answer.json();
  },
};
export default { fetch: async (request, env) => Response.json(await ways[await request.text()](env)) };`;

const service = await createService();
const server = createServer(getRequestListener(service.app.fetch)).listen(0, '127.0.0.1');
await new Promise((resolve) => server.once('listening', resolve));
const url = `http://127.0.0.1:${server.address().port}`;
const mf = new Miniflare(
  convertV4MiniflareOptions({
    modules: true,
    script: WORKER,
    compatibilityDate: '2026-04-01',
    bindings: { URL: url },
    unsafeBindings: [
      {
        name: 'AI',
        type: 'ai',
        plugin: {
          package: fileURLToPath(new URL('dist/src/library/miniflare/index.js', ROOT)),
          name: 'tokenflare-ai',
        },
        options: { url },
      },
    ],
  }),
);

async function time(way) {
  const start = performance.now();
  const answer = await mf.dispatchFetch('http://worker/', { method: 'POST', body: way });
  await answer.text();
  assert.equal(answer.status, 200, way);
  return performance.now() - start;
}

const pairs = [];
for (let index = -NUM_WARM; index < numPairs; index++) {
  const order = index % 2 === 0 ? ['binding', 'fetch'] : ['fetch', 'binding'];
  const pair = {};
  for (const way of order) pair[way] = await time(way);
  if (index >= 0) pairs.push(pair);
}

const median = (values) =>
  values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)].toFixed(2);
console.log(`${numPairs} pairs of one token, medians in ms:`);
console.log(`  env.AI.run        ${median(pairs.map(({ binding }) => binding))}`);
console.log(`  fetch             ${median(pairs.map(({ fetch }) => fetch))}`);
console.log(`  difference        ${median(pairs.map(({ binding, fetch }) => binding - fetch))}`);

await mf.dispose();
server.closeAllConnections();
server.close();
await service.close();
