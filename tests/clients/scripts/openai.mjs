import assert from 'node:assert/strict';
import OpenAI from 'openai';
import { zodResponseFormat } from 'openai/helpers/zod';
import { z } from 'zod';
import {
  ASK,
  MANY_TOKENS,
  FOUR,
  PARAMETERS,
  THOUGHT,
  TOOLS,
  check,
  collect,
  errorOf,
  setup,
  untilIdle,
} from './check.mjs';

const { url, model, embeddingModel, chatModel, texts } = setup;
const connect = (options) => new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none', maxRetries: 0, ...options });
const client = connect();
const user = (content) => [{ role: 'user', content }];
const Person = z.object({ name: z.string(), age: z.number().int() });
const ADA = { name: 'Ada', age: 36 };

/** For `runTools`. */
const runnable = Object.entries(TOOLS).map(([name, run]) => ({
  type: 'function',
  function: { name, function: run, parse: JSON.parse, parameters: PARAMETERS[name], description: name },
}));
const responseTools = Object.entries(PARAMETERS).map(([name, parameters]) => ({
  type: 'function',
  name,
  parameters,
  strict: true,
}));

await check('models.list', async () => {
  const models = await collect(client.models.list());
  const ids = models.map(({ id }) => id);
  for (const id of [model, embeddingModel, ...(chatModel === null ? [] : [chatModel])])
    assert.ok(ids.includes(id), id);
  assert.equal((await client.models.retrieve(model)).id, model);
});

await check('chat', async () => {
  const { choices, usage } = await client.chat.completions.create({ model, messages: user(ASK.plain) });
  assert.equal(choices[0].message.content, texts.plain);
  assert.equal(choices[0].finish_reason, 'stop');
  assert.equal(usage.total_tokens, usage.prompt_tokens + usage.completion_tokens);
});

await check('chat: a real model', async () => {
  if (chatModel === null) return;
  const { choices } = await client.chat.completions.create({
    model: chatModel,
    messages: user('Hello!'),
    max_tokens: 12,
  });
  assert.match(choices[0].message.content, /\w/);
});

await check('chat: three turns', async () => {
  const messages = [];
  let numBefore = 0;
  for (let turn = 0; turn < 3; turn++) {
    messages.push({ role: 'user', content: ASK.plain });
    const { choices, usage } = await client.chat.completions.create({ model, messages });
    assert.equal(choices[0].message.content, texts.plain);
    assert.ok(usage.prompt_tokens > numBefore);
    numBefore = usage.prompt_tokens;
    messages.push(choices[0].message);
  }
});

await check('chat: streamed', async () => {
  const stream = await client.chat.completions.create({
    model,
    messages: user(ASK.plain),
    stream: true,
    stream_options: { include_usage: true },
  });
  const chunks = await collect(stream);
  assert.equal(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join(''), texts.plain);
  assert.ok(chunks.at(-1).usage.completion_tokens > 1);
});

await check('chat: stream().finalMessage(), three turns', async () => {
  const messages = [];
  for (let turn = 0; turn < 3; turn++) {
    messages.push({ role: 'user', content: ASK.plain });
    const message = await client.chat.completions.stream({ model, messages }).finalMessage();
    assert.equal(message.content, texts.plain);
    messages.push(message);
  }
});

await check('chat: reasoning', async () => {
  const { choices } = await client.chat.completions.create({ model, messages: user(ASK.thought) });
  assert.equal(choices[0].message.content, FOUR);
  assert.equal(choices[0].message.reasoning_content, THOUGHT);
});

await check('chat: reasoning within a budget', async () => {
  const body = { model, messages: user(ASK.thought), thinking_token_budget: 1 };
  const { choices, usage } = await client.chat.completions.create(body);
  const { content, reasoning_content: thought } = choices[0].message;
  assert.equal(content, FOUR);
  assert.ok(thought !== '' && thought !== THOUGHT && THOUGHT.startsWith(thought), thought);
  assert.equal(usage.completion_tokens_details.reasoning_tokens, 1);
});

await check('responses: a summary of reasoning', async () => {
  const stream = client.responses.stream({ model, input: ASK.thought, reasoning: { summary: 'auto' } });
  let summary = '';
  for await (const event of stream) {
    if (event.type === 'response.reasoning_summary_text.delta') summary += event.delta;
  }
  const { output, output_text } = await stream.finalResponse();
  assert.deepEqual([summary, output[0].summary[0].text, output_text], [THOUGHT, THOUGHT, FOUR]);
});

await check('chat: a stream aborted', async () => {
  const stream = await client.chat.completions.create({
    model,
    messages: user(ASK.endless),
    stream: true,
    max_tokens: MANY_TOKENS,
  });
  let numChunks = 0;
  for await (const chunk of stream) {
    assert.equal(chunk.object, 'chat.completion.chunk');
    if (++numChunks === 3) stream.controller.abort();
  }
  assert.ok(numChunks < 100);
  await untilIdle();
});

await check('chat: aborted before it answers', async () => {
  const controller = new AbortController();
  const asked = client.chat.completions.create(
    { model, messages: user(ASK.endless), max_tokens: MANY_TOKENS },
    { signal: controller.signal },
  );
  setTimeout(() => controller.abort(), 50);
  assert.ok((await errorOf(asked)) instanceof OpenAI.APIUserAbortError);
  await untilIdle();
});

await check('errors', async () => {
  const ask = (fields) =>
    errorOf(client.chat.completions.create({ model, messages: user(ASK.plain), ...fields }));
  const missing = await ask({ model: 'no-such-model' });
  assert.ok(missing instanceof OpenAI.NotFoundError);
  assert.equal(missing.code, 'model_not_found');
  const hot = await ask({ temperature: 9 });
  assert.ok(hot instanceof OpenAI.BadRequestError);
  assert.equal(hot.param, 'temperature');
  assert.match(hot.requestID ?? '', /./);
});

await check('errors are not tried again where that cannot help', async () => {
  let numRequests = 0;
  const counting = connect({
    maxRetries: 3,
    fetch: (...request) => {
      numRequests++;
      return fetch(...request);
    },
  });
  await errorOf(counting.chat.completions.create({ model, messages: user(ASK.plain), temperature: 9 }));
  assert.equal(numRequests, 1);
});

await check('retries wait as long as the headers say', async () => {
  const waits = [];
  let numRefused = 0;
  const patient = connect({
    maxRetries: 12,
    fetch: async (...request) => {
      const response = await fetch(...request);
      if (response.status === 429) {
        numRefused++;
        waits.push(response.headers.get('retry-after') ?? response.headers.get('retry-after-ms'));
      }
      return response;
    },
  });
  const body = { model, messages: user(ASK.endless), max_tokens: 500, n: 1 };
  const answers = await Promise.all(Array.from({ length: 16 }, () => patient.chat.completions.create(body)));
  for (const { choices } of answers) assert.equal(choices[0].finish_reason, 'length');
  assert.ok(numRefused > 0, 'none was refused');
  assert.ok(
    waits.every((wait) => Number(wait) > 0),
    `retry-after: ${waits.join(', ')}`,
  );
});

await check('chat.completions.parse', async () => {
  const completion = await client.chat.completions.parse({
    model,
    messages: user(ASK.object),
    response_format: zodResponseFormat(Person, 'person'),
  });
  assert.deepEqual(completion.choices[0].message.parsed, ADA);
  const messages = [...user(ASK.object), completion.choices[0].message, ...user(ASK.plain)];
  const { choices } = await client.chat.completions.create({ model, messages });
  assert.equal(choices[0].message.content, texts.plain);
});

await check('chat: a schema, streamed', async () => {
  const stream = client.chat.completions.stream({
    model,
    messages: user(ASK.object),
    response_format: zodResponseFormat(Person, 'person'),
  });
  assert.deepEqual((await stream.finalMessage()).parsed, ADA);
});

for (const stream of [false, true]) {
  await check(`runTools${stream ? ', streamed' : ''}`, async () => {
    const runner = client.chat.completions.runTools({
      model,
      messages: user(ASK.tools),
      tools: runnable,
      stream,
    });
    assert.equal(await runner.finalContent(), texts.final);
    const roles = runner.messages.map(({ role }) => role);
    assert.deepEqual(roles, ['user', 'assistant', 'tool', 'assistant', 'tool', 'assistant']);
    const names = runner.messages
      .flatMap(({ tool_calls }) => tool_calls ?? [])
      .map((call) => call.function.name);
    assert.deepEqual(names, ['get_weather', 'add']);
  });
}

await check('completions', async () => {
  const whole = await client.completions.create({ model, prompt: 'Hello', max_tokens: 40 });
  assert.equal(whole.choices[0].text, texts.plain);
  const stream = await client.completions.create({ model, prompt: 'Hello', max_tokens: 40, stream: true });
  const chunks = await collect(stream);
  assert.equal(chunks.map(({ choices }) => choices[0]?.text ?? '').join(''), texts.plain);
});

await check('responses.create', async () => {
  const response = await client.responses.create({ model, input: ASK.plain });
  assert.equal(response.output_text, texts.plain);
  assert.equal(response.status, 'completed');
});

await check('responses: three turns, with output sent back', async () => {
  const input = [];
  for (let turn = 0; turn < 3; turn++) {
    input.push({ role: 'user', content: turn === 1 ? ASK.thought : ASK.plain });
    const response = await client.responses.create({ model, input });
    assert.equal(response.output_text, turn === 1 ? FOUR : texts.plain);
    input.push(...response.output);
  }
});

await check('responses: three turns by previous_response_id', async () => {
  let previous_response_id;
  for (let turn = 0; turn < 3; turn++) {
    const response = await client.responses.create({
      model,
      input: ASK.plain,
      ...(previous_response_id === undefined ? {} : { previous_response_id }),
    });
    assert.equal(response.output_text, texts.plain);
    previous_response_id = response.id;
  }
});

await check('responses.stream', async () => {
  const stream = client.responses.stream({ model, input: ASK.plain });
  let text = '';
  for await (const event of stream) if (event.type === 'response.output_text.delta') text += event.delta;
  assert.equal(text, texts.plain);
  assert.equal((await stream.finalResponse()).output_text, texts.plain);
});

await check('responses: tools over two steps, streamed', async () => {
  const input = user(ASK.tools);
  let response;
  for (let step = 0; step < 3; step++) {
    response = await client.responses.stream({ model, input, tools: responseTools }).finalResponse();
    input.push(...response.output);
    for (const item of response.output.filter(({ type }) => type === 'function_call')) {
      const output = JSON.stringify(TOOLS[item.name](JSON.parse(item.arguments)));
      input.push({ type: 'function_call_output', call_id: item.call_id, output });
    }
  }
  assert.equal(response.output_text, texts.final);
});

await check('responses: a stream aborted', async () => {
  const stream = await client.responses.create({
    model,
    input: ASK.endless,
    stream: true,
    max_output_tokens: MANY_TOKENS,
  });
  let numEvents = 0;
  for await (const event of stream) {
    assert.match(event.type, /^response\./);
    if (++numEvents === 6) stream.controller.abort();
  }
  await untilIdle();
});

await check('embeddings', async () => {
  const { data } = await client.embeddings.create({
    model: embeddingModel,
    input: ['The river', 'The mill'],
  });
  assert.equal(data.length, 2);
  const [river, mill] = data.map(({ embedding }) => embedding);
  assert.ok(river.length > 8 && river.length === mill.length);
  assert.ok(river.every(Number.isFinite));
  assert.notDeepEqual(river, mill);
  // The client asks for base64 unless it is told otherwise.
  const floats = await client.embeddings.create({
    model: embeddingModel,
    input: 'The river',
    encoding_format: 'float',
  });
  floats.data[0].embedding.forEach((value, index) => assert.ok(Math.abs(value - river[index]) < 1e-4));
});
