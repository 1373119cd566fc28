import assert from 'node:assert/strict';
import Cloudflare from 'cloudflare';
import {
  ASK,
  MANY_TOKENS,
  PARAMETERS,
  PERSON_SCHEMA,
  TOOLS,
  check,
  collect,
  errorOf,
  setup,
  untilIdle,
} from './check.mjs';
import { checkTasks } from './task-checks.mjs';

const { url, model, embeddingModel, chatModel, texts } = setup;
const account_id = '0123abc';
const client = new Cloudflare({ baseURL: `${url}/client/v4`, apiToken: 'none', maxRetries: 0 });
const user = (content) => [{ role: 'user', content }];
const run = (fields, options) => client.ai.run(model, { account_id, ...fields }, options);
const tools = Object.entries(PARAMETERS).map(([name, parameters]) => ({
  name,
  description: name,
  parameters,
}));

await check('ai.run', async () => {
  const { response, usage } = await run({ messages: user(ASK.plain) });
  assert.equal(response, texts.plain);
  assert.ok(usage.completion_tokens > 1);
});

await check('ai.run with a prompt', async () => {
  assert.equal((await run({ prompt: ASK.plain })).response, texts.plain);
});

await check('ai.run: a real model', async () => {
  if (chatModel === null) return;
  const { response } = await client.ai.run(chatModel, {
    account_id,
    messages: user('Hello!'),
    max_tokens: 12,
  });
  assert.match(response, /\w/);
});

await check('ai.run: three turns', async () => {
  const messages = [];
  for (let turn = 0; turn < 3; turn++) {
    messages.push({ role: 'user', content: ASK.plain });
    const { response } = await run({ messages });
    assert.equal(response, texts.plain);
    messages.push({ role: 'assistant', content: response });
  }
});

await check('ai.run: streamed', async () => {
  const response = await client.ai
    .run(model, { account_id, messages: user(ASK.plain), stream: true })
    .asResponse();
  const text = await response.text();
  const data = text.split('\n').filter((line) => line.startsWith('data: '));
  assert.equal(data.at(-1), 'data: [DONE]');
  const pieces = data.slice(0, -1).map((line) => JSON.parse(line.slice(6)).response ?? '');
  assert.equal(pieces.join(''), texts.plain);
});

await check('ai.run: JSON', async () => {
  const response_format = { type: 'json_schema', json_schema: PERSON_SCHEMA };
  const { response } = await run({ messages: user(ASK.object), response_format });
  assert.deepEqual(response, { name: 'Ada', age: 36 });
});

await check('ai.run: tools over two steps', async () => {
  const messages = user(ASK.tools);
  for (const name of ['get_weather', 'add']) {
    const { response, tool_calls } = await run({ messages, tools });
    assert.equal(response ?? '', '');
    assert.equal(tool_calls[0].name, name);
    messages.push({ role: 'assistant', content: '', tool_calls });
    messages.push({ role: 'tool', name, content: JSON.stringify(TOOLS[name](tool_calls[0].arguments)) });
  }
  assert.equal((await run({ messages, tools })).response, texts.final);
});

await check('ai.run: embeddings', async () => {
  const { data, shape } = await client.ai.run(embeddingModel, {
    account_id,
    text: ['The river', 'The mill'],
  });
  assert.deepEqual(shape, [2, data[0].length]);
  assert.ok(data.flat().every(Number.isFinite));
});

await check('ai.models.list', async () => {
  const models = await collect(client.ai.models.list({ account_id }));
  assert.ok(
    models.some(({ name }) => name === model),
    JSON.stringify(models).slice(0, 300),
  );
});

await checkTasks((id, inputs) => client.ai.run(id, { account_id, ...inputs }));

await check('aborted', async () => {
  const controller = new AbortController();
  const asked = run({ messages: user(ASK.endless), max_tokens: MANY_TOKENS }, { signal: controller.signal });
  setTimeout(() => controller.abort(), 50);
  assert.ok((await errorOf(asked)) instanceof Cloudflare.APIUserAbortError);
  await untilIdle();
});

await check('errors', async () => {
  const hot = await errorOf(run({ messages: user(ASK.plain), temperature: 9 }));
  assert.ok(hot instanceof Cloudflare.BadRequestError);
  assert.equal(hot.errors[0].code, 5004);
  const missing = await errorOf(client.ai.run('@cf/no/such-model', { account_id, prompt: 'a' }));
  assert.ok(missing instanceof Cloudflare.APIError);
  assert.ok(missing.status === 400 || missing.status === 404, String(missing.status));
});
