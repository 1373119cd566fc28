import assert from 'node:assert/strict';
import { ASK, MANY_TOKENS, PARAMETERS, TOOLS, check, setup, untilIdle } from './check.mjs';

/** What the wire itself says, by `fetch` alone, of the service or of a proxy before it. */

const { model, embeddingModel, texts } = setup;
const user = (content) => [{ role: 'user', content }];

/** Runs the checks of the service at `url`. */
export async function checkWire(url) {
  const post = (path, body, options) =>
    fetch(`${url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      ...options,
    });
  const chat = (fields, options) => post('/v1/chat/completions', { model, ...fields }, options);

  await check('chat', async () => {
    const response = await chat({ messages: user(ASK.plain) });
    assert.equal(response.status, 200);
    assert.match(response.headers.get('content-type'), /^application\/json/);
    assert.equal((await response.json()).choices[0].message.content, texts.plain);
  });

  await check('chat: three turns', async () => {
    const messages = [];
    for (let turn = 0; turn < 3; turn++) {
      messages.push({ role: 'user', content: ASK.plain });
      const { choices } = await (await chat({ messages })).json();
      assert.equal(choices[0].message.content, texts.plain);
      messages.push(choices[0].message);
    }
  });

  await check('chat: streamed', async () => {
    const response = await chat({ messages: user(ASK.plain), stream: true });
    assert.match(response.headers.get('content-type'), /^text\/event-stream/);
    assert.equal(contentOf(await response.text()), texts.plain);
  });

  await check('chat: a stream comes while it is written', async () => {
    const response = await chat({ messages: user(ASK.endless), stream: true, max_tokens: 3000 });
    let numPieces = 0;
    let text = '';
    const decoder = new TextDecoder();
    for await (const piece of response.body) {
      numPieces++;
      text += decoder.decode(piece, { stream: true });
    }
    assert.ok(numPieces > 2, `it came in ${numPieces} pieces`);
    assert.ok(contentOf(text).startsWith(texts.endless));
  });

  await check('chat: the first piece does not wait for the second', async () => {
    const controller = new AbortController();
    const response = await chat(
      { messages: user(ASK.endless), stream: true, max_tokens: MANY_TOKENS },
      { signal: controller.signal },
    );
    const { value } = await response.body.getReader().read();
    assert.ok(!new TextDecoder().decode(value).includes('[DONE]'));
    controller.abort();
    await untilIdle();
  });

  await check('chat: tools over three steps', async () => {
    const tools = Object.entries(PARAMETERS).map(([name, parameters]) => ({
      type: 'function',
      function: { name, parameters },
    }));
    const messages = user(ASK.tools);
    for (const name of ['get_weather', 'add']) {
      const { choices } = await (await chat({ messages, tools })).json();
      assert.equal(choices[0].finish_reason, 'tool_calls');
      const [call] = choices[0].message.tool_calls;
      const content = JSON.stringify(TOOLS[name](JSON.parse(call.function.arguments)));
      messages.push(choices[0].message, { role: 'tool', tool_call_id: call.id, content });
    }
    const { choices } = await (await chat({ messages, tools })).json();
    assert.equal(choices[0].message.content, texts.final);
  });

  await check('embeddings', async () => {
    const { data } = await (
      await post('/v1/embeddings', { model: embeddingModel, input: ['a', 'b'] })
    ).json();
    assert.equal(data.length, 2);
  });

  await check('errors', async () => {
    const missing = await chat({ model: 'no-such-model', messages: user(ASK.plain) });
    assert.equal(missing.status, 404);
    assert.equal((await missing.json()).error.code, 'model_not_found');
    const hot = await chat({ messages: user(ASK.plain), temperature: 9 });
    assert.equal(hot.status, 400);
    assert.equal((await hot.json()).error.param, 'temperature');
    const broken = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"messages": [',
    });
    assert.equal(broken.status, 400);
  });
}

/** The text of a stream of chat chunks, which must end as it should. */
export function contentOf(sse) {
  const data = sse.split('\n').filter((line) => line.startsWith('data: '));
  assert.equal(data.at(-1), 'data: [DONE]');
  return data
    .slice(0, -1)
    .map((line) => JSON.parse(line.slice(6)).choices[0]?.delta.content ?? '')
    .join('');
}
