import assert from 'node:assert/strict';
import { createAnthropic } from '@ai-sdk/anthropic';
import { generateText, jsonSchema, Output, stepCountIs, streamText, tool } from 'ai';
import { ASK, FOUR, PARAMETERS, PERSON_SCHEMA, THOUGHT, TOOLS } from './check.mjs';
import { MANY_TOKENS, check, collect, errorOf, setup, untilIdle } from './check.mjs';

/**
 * The AI SDK's provider for Anthropic. It checks what it reads by schemas of its own, which are narrower than those of
 * Anthropic's client. Of a model that it does not know it warns unless it is told the length of an answer.
 */

const { texts } = setup;
const provider = createAnthropic({ baseURL: `${setup.url}/v1`, apiKey: 'none' });
const model = provider(setup.model);
const maxOutputTokens = 200;
const tools = Object.fromEntries(
  Object.entries(TOOLS).map(([name, execute]) => [
    name,
    tool({
      description: name,
      inputSchema: jsonSchema(PARAMETERS[name]),
      execute: async (input) => execute(input),
    }),
  ]),
);
const stopWhen = stepCountIs(5);

await check('generateText', async () => {
  const ask = { model, maxOutputTokens, prompt: ASK.plain };
  const { text, finishReason, usage, warnings } = await generateText(ask);
  assert.deepEqual([text, finishReason, warnings ?? []], [texts.plain, 'stop', []]);
  assert.ok(usage.inputTokens > 0 && usage.outputTokens > 1);
});

await check('three turns', async () => {
  const messages = [];
  for (let turn = 0; turn < 3; turn++) {
    messages.push({ role: 'user', content: turn === 1 ? ASK.thought : ASK.plain });
    const { text, response } = await generateText({ model, maxOutputTokens, messages });
    assert.equal(text, turn === 1 ? FOUR : texts.plain);
    messages.push(...response.messages);
  }
});

await check('streamText', async () => {
  const result = streamText({ model, maxOutputTokens, prompt: ASK.plain });
  assert.equal((await collect(result.textStream)).join(''), texts.plain);
  assert.equal(await result.finishReason, 'stop');
});

await check('reasoning', async () => {
  const thinking = { type: 'enabled', budgetTokens: 1024 };
  const ask = { model, maxOutputTokens, prompt: ASK.thought, providerOptions: { anthropic: { thinking } } };
  const whole = await generateText(ask);
  assert.deepEqual([whole.reasoningText?.trim(), whole.text], [THOUGHT, FOUR]);
  const streamed = streamText(ask);
  await streamed.consumeStream();
  assert.deepEqual([(await streamed.reasoningText)?.trim(), await streamed.text], [THOUGHT, FOUR]);
});

await check('an object by its schema', async () => {
  const output = Output.object({ schema: jsonSchema(PERSON_SCHEMA) });
  const person = (await generateText({ model, maxOutputTokens, output, prompt: ASK.object })).output;
  assert.equal(typeof person.name, 'string');
  assert.ok(Number.isInteger(person.age));
});

await check('tools over three steps', async () => {
  const ask = { model, maxOutputTokens, prompt: ASK.tools, tools, stopWhen };
  const { text, steps } = await generateText(ask);
  assert.equal(text, texts.final);
  assert.equal(steps[0].finishReason, 'tool-calls');
  const streamed = streamText(ask);
  await streamed.consumeStream();
  assert.equal(await streamed.text, texts.final);
  for (const calls of [steps, await streamed.steps]) {
    const names = calls.flatMap(({ toolCalls }) => toolCalls.map(({ toolName }) => toolName));
    assert.deepEqual(names, ['get_weather', 'add']);
  }
});

await check('a stream aborted', async () => {
  const controller = new AbortController();
  const { textStream } = streamText({
    model,
    prompt: ASK.endless,
    maxOutputTokens: MANY_TOKENS,
    abortSignal: controller.signal,
    onError: () => undefined,
  });
  let numPieces = 0;
  for await (const piece of textStream) {
    assert.equal(typeof piece, 'string');
    if (++numPieces === 3) controller.abort();
  }
  assert.ok(numPieces < 100, String(numPieces));
  await untilIdle();
});

await check('errors', async () => {
  const missing = provider('no-such-model');
  const error = await errorOf(
    generateText({ model: missing, maxOutputTokens, prompt: ASK.plain, maxRetries: 0 }),
  );
  assert.deepEqual([error.name, error.statusCode, error.isRetryable], ['AI_APICallError', 404, false]);
});
