import assert from 'node:assert/strict';
import { createParser } from 'eventsource-parser';
import { EventSourceParserStream } from 'eventsource-parser/stream';
import { ASK, check, collect, setup } from './check.mjs';

const { url, model, texts } = setup;
const messages = [{ role: 'user', content: ASK.plain }];
const post = (path, body) =>
  fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model, stream: true, ...body }),
  });
const contentOf = (events) => {
  assert.equal(events.at(-1).data, '[DONE]');
  return events
    .slice(0, -1)
    .map(({ data }) => JSON.parse(data).choices[0]?.delta.content ?? '')
    .join('');
};

await check('createParser', async () => {
  const events = [];
  const errors = [];
  const parser = createParser({
    onEvent: (event) => events.push(event),
    onError: (error) => errors.push(error),
  });
  const response = await post('/v1/chat/completions', { messages });
  const decoder = new TextDecoder();
  for await (const piece of response.body) parser.feed(decoder.decode(piece, { stream: true }));
  assert.deepEqual(errors, []);
  assert.equal(contentOf(events), texts.plain);
});

await check('EventSourceParserStream', async () => {
  const response = await post('/v1/chat/completions', { messages });
  const events = await collect(
    response.body
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(new EventSourceParserStream({ onError: 'terminate' })),
  );
  assert.equal(contentOf(events), texts.plain);
});

await check('names of events', async () => {
  for (const [path, body, last] of [
    ['/v1/responses', { input: ASK.plain }, 'response.completed'],
    ['/v1/messages', { messages, max_tokens: 100 }, 'message_stop'],
  ]) {
    const response = await post(path, body);
    const events = await collect(
      response.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream()),
    );
    for (const { event, data } of events) assert.equal(event, JSON.parse(data).type);
    assert.equal(events.at(-1).event, last);
  }
});
