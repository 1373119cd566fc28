import assert from 'node:assert/strict';
import { generateText, jsonSchema, Output, stepCountIs, streamText, tool } from 'ai';
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

/** The AI SDK's checks, for every provider. */

const { texts } = setup;
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
const ADA = { name: 'Ada', age: 36 };
const output = Output.object({ schema: jsonSchema(PERSON_SCHEMA) });
const stopWhen = stepCountIs(5);

/**
 * Runs the checks that all providers have.
 * @param languageModel from a model's name to the provider's model of it
 * @param options `reasoningOptions`: what the provider must be told to read reasoning
 */
export async function checkLanguageModel(languageModel, { reasoningOptions = {} } = {}) {
  const model = languageModel(setup.model);

  await check('generateText', async () => {
    const { text, finishReason, usage, warnings } = await generateText({ model, prompt: ASK.plain });
    assert.equal(text, texts.plain);
    assert.equal(finishReason, 'stop');
    assert.ok(usage.inputTokens > 0 && usage.outputTokens > 1);
    assert.deepEqual(warnings ?? [], []);
  });

  await check('generateText: a real model', async () => {
    if (setup.chatModel === null) return;
    const real = languageModel(setup.chatModel);
    const { text } = await generateText({ model: real, prompt: 'Hello!', maxOutputTokens: 20 });
    assert.match(text, /\w/);
  });

  await check('three turns', async () => {
    const messages = [];
    for (let turn = 0; turn < 3; turn++) {
      messages.push({ role: 'user', content: turn === 1 ? ASK.thought : ASK.plain });
      const { text, response } = await generateText({ model, messages });
      assert.equal(text, turn === 1 ? FOUR : texts.plain);
      messages.push(...response.messages);
    }
  });

  await check('streamText', async () => {
    const result = streamText({ model, prompt: ASK.plain });
    const pieces = await collect(result.textStream);
    assert.equal(pieces.join(''), texts.plain);
    assert.equal(await result.finishReason, 'stop');
    const long = streamText({ model, prompt: ASK.endless, maxOutputTokens: 500 });
    assert.ok((await collect(long.textStream)).length > 1);
    assert.equal(await long.finishReason, 'length');
  });

  await check('reasoning', async () => {
    const ask = { model, prompt: ASK.thought, providerOptions: reasoningOptions };
    const whole = await generateText(ask);
    assert.deepEqual([whole.reasoningText?.trim(), whole.text], [THOUGHT, FOUR]);
    const streamed = streamText(ask);
    const parts = (await collect(streamed.fullStream)).map(({ type }) => type);
    assert.equal((await streamed.reasoningText)?.trim(), THOUGHT);
    for (const type of ['reasoning-start', 'reasoning-delta', 'reasoning-end']) {
      assert.ok(parts.includes(type), `there is no ${type}`);
    }
  });

  await check('reasoning goes back with the conversation', async () => {
    const messages = [{ role: 'user', content: ASK.thought }];
    const ask = { model, messages, providerOptions: reasoningOptions };
    messages.push(...(await generateText(ask)).response.messages, { role: 'user', content: ASK.plain });
    assert.equal((await generateText(ask)).text, texts.plain);
  });

  await check('an object by its schema', async () => {
    assert.deepEqual((await generateText({ model, output, prompt: ASK.object })).output, ADA);
  });

  await check('an object by its schema, streamed', async () => {
    const { partialOutputStream } = streamText({ model, output, prompt: ASK.object });
    assert.deepEqual((await collect(partialOutputStream)).at(-1), ADA);
  });

  await check('tools over three steps', async () => {
    const { text, steps } = await generateText({ model, prompt: ASK.tools, tools, stopWhen });
    assert.equal(text, texts.final);
    assert.deepEqual(
      steps.flatMap(({ toolCalls }) => toolCalls.map(({ toolName }) => toolName)),
      ['get_weather', 'add'],
    );
    assert.equal(steps[0].finishReason, 'tool-calls');
  });

  await check('tools over three steps, streamed', async () => {
    const result = streamText({ model, prompt: ASK.tools, tools, stopWhen });
    await result.consumeStream();
    assert.equal(await result.text, texts.final);
    const results = (await result.steps).flatMap(({ toolResults }) =>
      toolResults.map((given) => given.output),
    );
    assert.deepEqual(results, [{ celsius: 21 }, 5]);
  });

  await check('a conversation goes on after its tools', async () => {
    const messages = [{ role: 'user', content: ASK.tools }];
    const { response } = await generateText({ model, messages, tools, stopWhen });
    messages.push(...response.messages, { role: 'user', content: ASK.plain });
    assert.equal((await generateText({ model, messages })).text, texts.plain);
  });

  await check('a tool that must be called', async () => {
    const offered = { add: tools.add };
    const { toolCalls } = await generateText({
      model,
      prompt: ASK.tools,
      tools: offered,
      toolChoice: 'required',
    });
    assert.deepEqual(toolCalls[0].input, { a: 2, b: 3 });
  });

  await check('a stream aborted', async () => {
    const controller = new AbortController();
    const result = streamText({
      model,
      prompt: ASK.endless,
      maxOutputTokens: MANY_TOKENS,
      abortSignal: controller.signal,
      onError: () => undefined,
    });
    let numPieces = 0;
    for await (const part of result.fullStream) {
      if (part.type === 'text-delta' && ++numPieces === 3) controller.abort();
    }
    assert.ok(numPieces < 100, String(numPieces));
    await untilIdle();
  });

  await check('errors', async () => {
    const ask = (fields) => errorOf(generateText({ model, prompt: ASK.plain, maxRetries: 0, ...fields }));
    const hot = await ask({ temperature: 9 });
    assert.equal(hot.name, 'AI_APICallError');
    assert.deepEqual([hot.statusCode, hot.isRetryable], [400, false]);
    assert.match(hot.message, /temperature/);
    const missing = await ask({ model: languageModel('no-such-model') });
    assert.equal(missing.name, 'AI_APICallError');
    assert.ok(missing.statusCode === 404 || missing.statusCode === 400, String(missing.statusCode));
  });
}

/** Two texts to two vectors that differ. */
export async function checkEmbeddings(embedMany, model) {
  await check('embedMany', async () => {
    const { embeddings } = await embedMany({ model, values: ['The river', 'The mill'] });
    assert.equal(embeddings.length, 2);
    assert.ok(embeddings.flat().every(Number.isFinite));
    assert.notDeepEqual(embeddings[0], embeddings[1]);
  });
}

/**
 * A model whose answers are chat completions at Cloudflare.
 * @param languageModel from an id to the provider's model of it
 */
export async function checkChatShape(languageModel) {
  const model = languageModel('@cf/zai-org/glm-4.7-flash');

  await check('a chat-shaped id: generateText', async () => {
    const { text, usage } = await generateText({ model, prompt: ASK.plain });
    assert.equal(text, texts.plain);
    assert.ok(usage.outputTokens > 1);
  });

  await check('a chat-shaped id: streamText says each piece once, and the usage', async () => {
    const { textStream, usage } = streamText({ model, prompt: ASK.plain });
    let text = '';
    for await (const piece of textStream) text += piece;
    assert.equal(text, texts.plain);
    assert.ok((await usage).outputTokens > 1);
  });
}
