import assert from 'node:assert/strict';
import Anthropic from '@anthropic-ai/sdk';
import {
  ASK,
  FOUR,
  MANY_TOKENS,
  PARAMETERS,
  PERSON_SCHEMA,
  THOUGHT,
  TOOLS,
  check,
  collect,
  errorOf,
  setup,
  untilIdle,
} from './check.mjs';

const { url, model, chatModel, texts } = setup;
const client = new Anthropic({ baseURL: url, apiKey: 'none', maxRetries: 0 });
const user = (content) => [{ role: 'user', content }];
const ask = (fields) => client.messages.create({ model, max_tokens: 200, ...fields });
const tools = Object.entries(PARAMETERS).map(([name, input_schema]) => ({
  name,
  description: name,
  input_schema,
}));
const textOf = ({ content }) =>
  content.flatMap((block) => (block.type === 'text' ? block.text : [])).join('');

/** The blocks of tool results for the calls of an answer. */
const resultsOf = ({ content }) =>
  content
    .filter(({ type }) => type === 'tool_use')
    .map(({ id, name, input }) => ({
      type: 'tool_result',
      tool_use_id: id,
      content: JSON.stringify(TOOLS[name](input)),
    }));

await check('models.list', async () => {
  const ids = (await collect(client.models.list())).map(({ id }) => id);
  assert.ok(ids.includes(model), ids.join());
  assert.equal((await client.models.retrieve(model)).id, model);
});

await check('messages.create', async () => {
  const message = await ask({ messages: user(ASK.plain) });
  assert.equal(textOf(message), texts.plain);
  assert.equal(message.stop_reason, 'end_turn');
  assert.ok(message.usage.input_tokens > 0 && message.usage.output_tokens > 1);
});

await check('messages: a real model', async () => {
  if (chatModel === null) return;
  const message = await ask({ model: chatModel, max_tokens: 12, messages: user('Hello!') });
  assert.match(textOf(message), /\w/);
});

await check('messages: three turns', async () => {
  const messages = [];
  for (let turn = 0; turn < 3; turn++) {
    messages.push({ role: 'user', content: turn === 1 ? ASK.thought : ASK.plain });
    const message = await ask({ messages });
    assert.equal(textOf(message), turn === 1 ? FOUR : texts.plain);
    messages.push({ role: message.role, content: message.content });
  }
});

await check('messages.stream', async () => {
  const stream = client.messages.stream({ model, max_tokens: 200, messages: user(ASK.plain) });
  let text = '';
  stream.on('text', (piece) => (text += piece));
  const message = await stream.finalMessage();
  assert.equal(text, texts.plain);
  assert.equal(textOf(message), texts.plain);
  assert.equal(message.stop_reason, 'end_turn');
  assert.ok(message.usage.output_tokens > 1);
});

await check('messages.create with stream', async () => {
  const events = await collect(await ask({ messages: user(ASK.plain), stream: true }));
  const pieces = events.flatMap(({ type, delta }) => (type === 'content_block_delta' ? delta.text : []));
  assert.equal(pieces.join(''), texts.plain);
  assert.equal(events.at(-1).type, 'message_stop');
});

for (const streamed of [false, true]) {
  await check(`thinking${streamed ? ', streamed' : ''}`, async () => {
    const body = {
      model,
      max_tokens: 2000,
      thinking: { type: 'enabled', budget_tokens: 1024 },
      messages: user(ASK.plain),
    };
    const message = await (streamed
      ? client.messages.stream(body).finalMessage()
      : client.messages.create(body));
    const [thinking, text] = message.content;
    assert.equal(thinking.type, 'thinking');
    assert.equal(thinking.thinking.trim(), THOUGHT);
    assert.equal(text.text, FOUR);
  });

  await check(`thinking within a budget${streamed ? ', streamed' : ''}`, async () => {
    const body = {
      model,
      max_tokens: 2000,
      thinking: { type: 'enabled', budget_tokens: 1 },
      messages: user(ASK.plain),
    };
    const message = await (streamed
      ? client.messages.stream(body).finalMessage()
      : client.messages.create(body));
    const [{ thinking }, { text }] = message.content;
    assert.equal(text, FOUR);
    assert.ok(thinking !== '' && thinking !== THOUGHT && THOUGHT.startsWith(thinking), thinking);
    assert.equal(message.usage.output_tokens_details.thinking_tokens, 1);
  });

  await check(`tools over two steps${streamed ? ', streamed' : ''}`, async () => {
    const messages = user(ASK.tools);
    let message;
    for (let step = 0; step < 3; step++) {
      const body = { model, max_tokens: 200, messages, tools };
      message = await (streamed ? client.messages.stream(body).finalMessage() : client.messages.create(body));
      assert.equal(message.stop_reason, step < 2 ? 'tool_use' : 'end_turn');
      messages.push({ role: 'assistant', content: message.content });
      if (step < 2) messages.push({ role: 'user', content: resultsOf(message) });
    }
    assert.equal(textOf(message), texts.final);
  });
}

await check('the tool runner', async () => {
  const runnable = tools.map((tool) => ({
    ...tool,
    parse: (input) => input,
    run: (input) => JSON.stringify(TOOLS[tool.name](input)),
  }));
  const message = await client.beta.messages.toolRunner({
    model,
    max_tokens: 200,
    messages: user(ASK.tools),
    tools: runnable,
  });
  assert.equal(textOf(message), texts.final);
});

await check('a tool that must be called', async () => {
  const tool_choice = { type: 'tool', name: 'add' };
  const message = await ask({ messages: user(ASK.tools), tools: [tools[1]], tool_choice });
  assert.deepEqual(message.content.find(({ type }) => type === 'tool_use').input, { a: 2, b: 3 });
});

await check('structured output', async () => {
  const output_config = { format: { type: 'json_schema', schema: PERSON_SCHEMA } };
  const message = await ask({ messages: user(ASK.object), output_config });
  assert.deepEqual(JSON.parse(textOf(message)), { name: 'Ada', age: 36 });
});

await check('messages.parse', async () => {
  const format = { type: 'json_schema', schema: PERSON_SCHEMA, parse: JSON.parse };
  const body = { model, max_tokens: 200, messages: user(ASK.object), output_config: { format } };
  assert.deepEqual((await client.messages.parse(body)).parsed_output, { name: 'Ada', age: 36 });
});

await check('countTokens', async () => {
  const { input_tokens } = await client.messages.countTokens({ model, messages: user(ASK.plain) });
  const { usage } = await ask({ messages: user(ASK.plain) });
  const { input_tokens: fresh, cache_read_input_tokens: cached } = usage;
  assert.equal(input_tokens, fresh + cached);
});

await check('a stream aborted', async () => {
  const stream = client.messages.stream({ model, max_tokens: MANY_TOKENS, messages: user(ASK.endless) });
  let numPieces = 0;
  stream.on('text', () => {
    if (++numPieces === 3) stream.abort();
  });
  assert.ok((await errorOf(stream.finalMessage())) instanceof Anthropic.APIUserAbortError);
  await untilIdle();
});

await check('errors', async () => {
  const missing = await errorOf(ask({ model: 'no-such-model', messages: user(ASK.plain) }));
  assert.ok(missing instanceof Anthropic.NotFoundError);
  assert.equal(missing.error.error.type, 'not_found_error');
  const empty = await errorOf(ask({ messages: [] }));
  assert.ok(empty instanceof Anthropic.BadRequestError);
  assert.equal(empty.error.error.type, 'invalid_request_error');
  assert.match(empty.requestID ?? '', /./);
});
