import assert from 'node:assert/strict';
import { AIMessage, HumanMessage, ToolMessage } from '@langchain/core/messages';
import { tool } from '@langchain/core/tools';
import { ChatOpenAI, OpenAI, OpenAIEmbeddings } from '@langchain/openai';
import { createAgent } from 'langchain';
import { z } from 'zod';
import { ASK, MANY_TOKENS, PARAMETERS, TOOLS, check, collect, errorOf, setup, untilIdle } from './check.mjs';

const { url, model, embeddingModel, chatModel, texts } = setup;
const shared = { apiKey: 'none', maxRetries: 0, configuration: { baseURL: `${url}/v1` } };
const chat = new ChatOpenAI({ ...shared, model });
const Person = z.object({ name: z.string(), age: z.number().int() });
const ADA = { name: 'Ada', age: 36 };
const tools = Object.entries(TOOLS).map(([name, run]) =>
  tool((input) => JSON.stringify(run(input)), { name, description: name, schema: PARAMETERS[name] }),
);

await check('invoke', async () => {
  const message = await chat.invoke(ASK.plain);
  assert.equal(message.content, texts.plain);
  assert.ok(message.usage_metadata.output_tokens > 1);
});

await check('invoke: a real model', async () => {
  if (chatModel === null) return;
  const real = new ChatOpenAI({ ...shared, model: chatModel, maxTokens: 12 });
  assert.match((await real.invoke('Hello!')).content, /\w/);
});

await check('three turns', async () => {
  const messages = [];
  for (let turn = 0; turn < 3; turn++) {
    messages.push(new HumanMessage(ASK.plain));
    const message = await chat.invoke(messages);
    assert.equal(message.content, texts.plain);
    messages.push(message);
  }
});

await check('stream', async () => {
  const chunks = await collect(await chat.stream(ASK.plain));
  assert.equal(chunks.map(({ content }) => content).join(''), texts.plain);
  assert.ok(chunks.some(({ usage_metadata }) => usage_metadata?.output_tokens > 1));
});

await check('the Responses API', async () => {
  const responses = new ChatOpenAI({ ...shared, model, useResponsesApi: true });
  assert.equal((await responses.invoke(ASK.plain)).text, texts.plain);
  const chunks = await collect(await responses.stream(ASK.plain));
  assert.equal(chunks.map(({ text }) => text).join(''), texts.plain);
});

for (const method of ['jsonSchema', 'functionCalling', 'jsonMode']) {
  await check(`withStructuredOutput: ${method}`, async () => {
    const structured = chat.withStructuredOutput(Person, { method, name: 'extract' });
    assert.deepEqual(await structured.invoke(ASK.object), ADA);
  });
}

await check('bindTools over two steps', async () => {
  const bound = chat.bindTools(tools);
  const messages = [new HumanMessage(ASK.tools)];
  for (const name of ['get_weather', 'add']) {
    const message = await bound.invoke(messages);
    assert.ok(message instanceof AIMessage);
    assert.deepEqual(
      message.tool_calls.map((call) => call.name),
      [name],
    );
    const [call] = message.tool_calls;
    messages.push(
      message,
      new ToolMessage({ content: JSON.stringify(TOOLS[name](call.args)), tool_call_id: call.id }),
    );
  }
  assert.equal((await bound.invoke(messages)).content, texts.final);
});

await check('an agent of two tools', async () => {
  const agent = createAgent({ model: chat, tools });
  const { messages } = await agent.invoke({ messages: [new HumanMessage(ASK.tools)] });
  assert.deepEqual(
    messages.map(({ type }) => type),
    ['human', 'ai', 'tool', 'ai', 'tool', 'ai'],
  );
  assert.equal(messages.at(-1).content, texts.final);
});

await check('an agent of two tools, streamed', async () => {
  const agent = createAgent({ model: chat, tools });
  const input = { messages: [new HumanMessage(ASK.tools)] };
  const pieces = await collect(await agent.stream(input, { streamMode: 'messages' }));
  const text = pieces.flatMap(([message]) => (message.type === 'ai' ? message.content : [])).join('');
  assert.equal(text, texts.final);
});

await check('completions', async () => {
  const llm = new OpenAI({ ...shared, model, maxTokens: 40 });
  assert.equal(await llm.invoke('Hello'), texts.plain);
});

await check('embeddings', async () => {
  const embedder = new OpenAIEmbeddings({ ...shared, model: embeddingModel });
  const [river, mill] = await embedder.embedDocuments(['The river', 'The mill']);
  assert.ok(river.every(Number.isFinite));
  assert.notDeepEqual(river, mill);
});

await check('a stream aborted', async () => {
  const controller = new AbortController();
  const long = new ChatOpenAI({ ...shared, model, maxTokens: MANY_TOKENS });
  let numChunks = 0;
  const read = async () => {
    for await (const chunk of await long.stream(ASK.endless, { signal: controller.signal })) {
      assert.equal(chunk.type, 'ai');
      if (++numChunks === 3) controller.abort();
    }
  };
  await errorOf(read());
  assert.ok(numChunks < 100, String(numChunks));
  await untilIdle();
});

await check('errors', async () => {
  const hot = await errorOf(new ChatOpenAI({ ...shared, model, temperature: 9 }).invoke(ASK.plain));
  assert.equal(hot.status, 400);
  assert.match(hot.message, /temperature/);
  const missing = await errorOf(new ChatOpenAI({ ...shared, model: 'no-such-model' }).invoke(ASK.plain));
  assert.equal(missing.status, 404);
});
