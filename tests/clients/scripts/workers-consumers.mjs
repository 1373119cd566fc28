import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { ASK, check, setup } from './check.mjs';
import { ask, startWorker } from './miniflare-worker.mjs';

/** Libraries for Workers, in a Worker as one would write it with them. */
const WORKER = `
import { runWithTools } from '@cloudflare/ai-utils';
import { ChatCloudflareWorkersAI, CloudflareWorkersAIEmbeddings } from '@langchain/cloudflare';
import { Agent, getAgentByName } from 'agents';
import { embedMany, generateText, jsonSchema, Output, rerank, stepCountIs, streamText, tool } from 'ai';
import { Hono } from 'hono';
import { streamText as streamBody } from 'hono/streaming';
import { createWorkersAI } from 'workers-ai-provider';

/** An agent is a Durable Object: it keeps what it was asked, in SQL. */
export class Guide extends Agent {
  async onRequest(request) {
    const { model } = await request.json();
    this.sql\`create table if not exists asked (question text)\`;
    this.sql\`insert into asked values ('${ASK.plain}')\`;
    this.setState({ numAsked: (this.state?.numAsked ?? 0) + 1 });
    const result = streamText({ model: createWorkersAI({ binding: this.env.AI })(model), prompt: '${ASK.plain}' });
    let text = '';
    for await (const piece of result.textStream) text += piece;
    const [{ count }] = this.sql\`select count(*) as count from asked\`;
    return Response.json({ text, count, state: this.state });
  }
}

const parameters = (properties) => ({ type: 'object', properties, required: Object.keys(properties) });
const app = new Hono();

app.post('/hono', async (c) => {
  const { model } = await c.req.json();
  const { response } = await c.env.AI.run(model, { messages: [{ role: 'user', content: '${ASK.plain}' }] });
  return c.json({ response });
});

app.post('/hono-stream', async (c) => {
  const { model } = await c.req.json();
  const { textStream } = streamText({ model: createWorkersAI({ binding: c.env.AI })(model), prompt: '${ASK.plain}' });
  return streamBody(c, async (stream) => {
    for await (const piece of textStream) await stream.write(piece);
  });
});

app.post('/agent', async (c) => (await getAgentByName(c.env.Guide, 'one')).fetch(c.req.raw));

app.post('/ai-utils', async (c) => {
  const { model } = await c.req.json();
  const called = [];
  const toolOf = (name, properties, answer) => ({
    name,
    description: name,
    parameters: parameters(properties),
    function: async (args) => {
      called.push([name, args]);
      return answer(args);
    },
  });
  const tools = [
    toolOf('get_weather', { city: { type: 'string' } }, () => JSON.stringify({ celsius: 21 })),
    toolOf('add', { a: { type: 'integer' }, b: { type: 'integer' } }, ({ a, b }) => String(a + b)),
  ];
  const messages = [{ role: 'user', content: '${ASK.tools}' }];
  const { response } = await runWithTools(c.env.AI, model, { messages, tools }, { maxRecursiveToolRuns: 3 });
  return c.json({ response, called });
});

app.post('/provider', async (c) => {
  const { model, embeddingModel } = await c.req.json();
  const provider = createWorkersAI({ binding: c.env.AI });
  const schema = jsonSchema({ ...parameters({ name: { type: 'string' }, age: { type: 'integer' } }), additionalProperties: false });
  const { output } = await generateText({ model: provider(model), prompt: '${ASK.object}', output: Output.object({ schema }) });
  const add = tool({
    inputSchema: jsonSchema(parameters({ a: { type: 'integer' }, b: { type: 'integer' } })),
    execute: ({ a, b }) => a + b,
  });
  const weather = tool({ inputSchema: jsonSchema(parameters({ city: { type: 'string' } })), execute: () => ({ celsius: 21 }) });
  const { text } = await generateText({
    model: provider(model),
    prompt: '${ASK.tools}',
    tools: { get_weather: weather, add },
    stopWhen: stepCountIs(5),
  });
  const { embeddings } = await embedMany({ model: provider.textEmbedding(embeddingModel), values: ['a', 'b'] });
  const { ranking } = await rerank({ model: provider.reranking(model), query: 'tower', documents: ['a tower', 'a river'] });
  return c.json({ output, text, numEmbeddings: embeddings.length, numRanked: ranking.length });
});

app.post('/langchain', async (c) => {
  const { model, embeddingModel } = await c.req.json();
  const chat = new ChatCloudflareWorkersAI({ model, cloudflareAccountId: 'any', cloudflareApiToken: 'none', baseUrl: c.env.URL + '/ai/run' });
  const { content } = await chat.invoke('${ASK.plain}');
  let streamed = '';
  for await (const chunk of await chat.stream('${ASK.plain}')) streamed += chunk.content;
  const embeddings = new CloudflareWorkersAIEmbeddings({ binding: c.env.AI, model: embeddingModel });
  const vectors = await embeddings.embedDocuments(['a', 'b']);
  return c.json({ content, streamed, numVectors: vectors.length });
});

app.onError((error, c) => c.json({ error: error.stack }));
export default app;`;

const { url, model, embeddingModel, texts } = setup;

/** One module, as wrangler makes one. */
async function bundle() {
  const folder = mkdtempSync(join(import.meta.dirname ?? '.', 'worker-'));
  try {
    writeFileSync(join(folder, 'worker.js'), WORKER);
    const { outputFiles } = await build({
      entryPoints: [join(folder, 'worker.js')],
      bundle: true,
      format: 'esm',
      platform: 'node',
      conditions: ['workerd', 'worker', 'browser'],
      mainFields: ['browser', 'module', 'main'],
      external: ['cloudflare:*', 'node:*'],
      target: 'es2022',
      write: false,
      logLevel: 'error',
    });
    return outputFiles[0].text;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const worker = startWorker(
  await bundle(),
  { url },
  {
    compatibilityFlags: ['nodejs_compat'],
    durableObjects: { Guide: { className: 'Guide', useSQLite: true } },
    bindings: { URL: url },
  },
);
const answerOf = async (path) => {
  const answer = await ask(worker, path, { model, embeddingModel });
  assert.equal(answer.error, undefined, answer.error);
  return answer;
};

await check('hono', async () => {
  assert.deepEqual(await answerOf('hono'), { response: texts.plain });
  const init = { method: 'POST', body: JSON.stringify({ model }) };
  const response = await worker.dispatchFetch('http://worker/hono-stream', init);
  assert.equal(await response.text(), texts.plain);
});

await check('agents, in a Durable Object', async () => {
  const first = await answerOf('agent');
  assert.deepEqual(first, { text: texts.plain, count: 1, state: { numAsked: 1 } });
  const second = await answerOf('agent');
  assert.deepEqual([second.count, second.state], [2, { numAsked: 2 }]);
});

await check('@cloudflare/ai-utils: runWithTools', async () => {
  const { response, called } = await answerOf('ai-utils');
  assert.deepEqual(called, [
    ['get_weather', { city: 'Paris' }],
    ['add', { a: 2, b: 3 }],
  ]);
  assert.equal(response, texts.final);
});

await check('workers-ai-provider: objects, tools, embeddings, ranking', async () => {
  assert.deepEqual(await answerOf('provider'), {
    output: { name: 'Ada', age: 36 },
    text: texts.final,
    numEmbeddings: 2,
    numRanked: 2,
  });
});

await check('@langchain/cloudflare: chat by REST, embeddings by the binding', async () => {
  assert.deepEqual(await answerOf('langchain'), {
    content: texts.plain,
    streamed: texts.plain,
    numVectors: 2,
  });
});

await worker.dispose();
