import assert from 'node:assert/strict';
import { Ollama } from 'ollama';
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

const { url, model, chatModel, embeddingModel, texts } = setup;
const client = new Ollama({ host: url });
const user = (content) => [{ role: 'user', content }];
const ask = (fields) => client.chat({ model, ...fields });
const tools = Object.entries(PARAMETERS).map(([name, parameters]) => ({
  type: 'function',
  function: { name, description: name, parameters },
}));

await check('list, ps, show, version', async () => {
  const { models } = await client.list();
  assert.ok(models.some(({ name }) => name === `${model}:latest`));
  const loaded = await client.ps();
  assert.ok(loaded.models.some(({ name }) => name === `${model}:latest`));
  const shown = await client.show({ model });
  assert.ok(shown.capabilities.includes('tools'));
  assert.ok((await client.version()).version);
});

await check('chat', async () => {
  const answer = await ask({ messages: user(ASK.plain) });
  assert.equal(answer.message.content, texts.plain);
  assert.equal(answer.done_reason, 'stop');
  assert.ok(answer.prompt_eval_count > 0 && answer.eval_count > 1 && answer.total_duration > 1000);
});

await check('chat: a real model', async () => {
  if (chatModel === null) return;
  const options = { num_predict: 12 };
  const { message } = await ask({ model: chatModel, messages: user('Hello!'), options });
  assert.match(message.content, /\w/);
});

await check('chat: three turns', async () => {
  const messages = [];
  for (let turn = 0; turn < 3; turn++) {
    messages.push({ role: 'user', content: ASK.plain });
    const { message } = await ask({ messages });
    assert.equal(message.content, texts.plain);
    messages.push(message);
  }
});

await check('chat, streamed', async () => {
  const lines = await collect(await ask({ messages: user(ASK.plain), stream: true }));
  assert.equal(lines.map(({ message }) => message.content).join(''), texts.plain);
  assert.equal(lines.at(-1).done, true);
  assert.ok(lines.at(-1).eval_count > 1);
});

await check('generate', async () => {
  const { response } = await client.generate({ model, prompt: ASK.plain });
  assert.equal(response, texts.plain);
  const lines = await collect(await client.generate({ model, prompt: ASK.plain, stream: true }));
  assert.equal(lines.map((line) => line.response).join(''), texts.plain);
});

for (const stream of [false, true]) {
  await check(`think${stream ? ', streamed' : ''}`, async () => {
    const fields = { messages: user(ASK.thought), think: true, stream };
    const lines = stream ? await collect(await ask(fields)) : [await ask(fields)];
    assert.equal(
      lines
        .map(({ message }) => message.thinking ?? '')
        .join('')
        .trim(),
      THOUGHT,
    );
    assert.equal(lines.map(({ message }) => message.content).join(''), FOUR);
  });

  await check(`tools over two steps${stream ? ', streamed' : ''}`, async () => {
    const messages = user(ASK.tools);
    for (let step = 0; step < 3; step++) {
      const lines = stream
        ? await collect(await ask({ messages, tools, stream }))
        : [await ask({ messages, tools })];
      const calls = lines.flatMap(({ message }) => message.tool_calls ?? []);
      const content = lines.map(({ message }) => message.content).join('');
      if (step === 2) {
        assert.equal(content, texts.final);
        return;
      }
      assert.equal(calls.length, 1);
      messages.push({ role: 'assistant', content, tool_calls: calls });
      const { name, arguments: args } = calls[0].function;
      messages.push({ role: 'tool', tool_name: name, content: JSON.stringify(TOOLS[name](args)) });
    }
  });
}

await check('format: a schema, and json', async () => {
  for (const format of [PERSON_SCHEMA, 'json']) {
    const { message } = await ask({ messages: user(ASK.object), format });
    assert.deepEqual(JSON.parse(message.content), { name: 'Ada', age: 36 });
  }
});

await check('embed', async () => {
  const { embeddings } = await client.embed({ model: embeddingModel, input: ['The river', 'The mill'] });
  assert.equal(embeddings.length, 2);
  assert.notDeepEqual(embeddings[0], embeddings[1]);
});

await check('a stream aborted', async () => {
  const options = { num_predict: MANY_TOKENS };
  const stream = await ask({ messages: user(ASK.endless), options, stream: true });
  let numLines = 0;
  const reading = (async () => {
    for await (const line of stream) if (line.message && ++numLines === 3) stream.abort();
  })();
  assert.equal((await errorOf(reading)).name, 'AbortError');
  await untilIdle();
});

await check('errors', async () => {
  const missing = await errorOf(ask({ model: 'no-such-model', messages: user('a') }));
  assert.equal(missing.status_code, 404);
  assert.match(missing.message, /no-such-model/);
  const hot = await errorOf(ask({ messages: user('a'), options: { temperature: 9 } }));
  assert.equal(hot.status_code, 400);
  assert.match(hot.message, /options\.temperature/);
  const seen = await errorOf(ask({ messages: [{ role: 'user', content: 'a', images: ['aGk='] }] }));
  assert.match(seen.message, /reads text only/);
});
