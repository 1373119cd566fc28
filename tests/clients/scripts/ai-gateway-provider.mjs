import assert from 'node:assert/strict';
import { createAnthropic } from '@ai-sdk/anthropic';
import { createOpenAI } from '@ai-sdk/openai';
import { generateText, streamText } from 'ai';
import { createAiGateway } from 'ai-gateway-provider';
import { createUnified } from 'ai-gateway-provider/providers/unified';
import { createWorkersAI } from 'workers-ai-provider';
import { checkLanguageModel } from './ai-sdk-checks.mjs';
import { ASK, check, collect, errorOf, setup } from './check.mjs';

/** The provider knows Cloudflare's address alone, and the `fetch` of its program: that sends the same to the service. */
const GATEWAY = 'https://gateway.ai.cloudflare.com/v1/';
const { fetch: fetchOfNode } = globalThis;
const answers = [];
globalThis.fetch = async (input, init) => {
  const answer = await fetchOfNode(String(input).replace(GATEWAY, `${setup.url}/gateway/`), init);
  if (String(input).startsWith(GATEWAY)) answers.push(answer.headers);
  return answer;
};

const settings = { accountId: '0123abc', gateway: 'my-gateway', apiKey: 'none' };
const gateway = createAiGateway(settings);
const openai = createOpenAI({ apiKey: 'of-openai' });
const anthropic = createAnthropic({ apiKey: 'of-anthropic' });
const { model, texts } = setup;

// By the unified API, whose provider reads reasoning.
await checkLanguageModel((name) => gateway(createUnified()(name)));

await check('messages of Anthropic', async () => {
  const { text } = await generateText({ model: gateway(anthropic(model)), prompt: ASK.plain });
  assert.equal(text, texts.plain);
});

await check("OpenAI's own provider, and models by their providers", async () => {
  const unified = [`workers-ai/${model}`, `openai/${model}`].map((name) => createUnified()(name));
  for (const one of [openai.chat(model), openai(model), ...unified]) {
    const { text } = await generateText({ model: gateway(one), prompt: ASK.plain });
    assert.equal(text, texts.plain);
  }
});

await check('the next model, where one fails', async () => {
  const models = [openai.chat('nobody'), anthropic('nobody'), openai.chat(model)];
  const { text } = await generateText({ model: gateway(models), prompt: ASK.plain });
  assert.equal(text, texts.plain);
  assert.equal(answers.at(-1).get('cf-aig-step'), '2');
  const streamed = streamText({ model: gateway(models), prompt: ASK.plain });
  assert.equal((await collect(streamed.textStream)).join(''), texts.plain);
});

await check('options of a request', async () => {
  const options = {
    cacheTtl: 60,
    // Other runs of this script use the same service.
    cacheKey: `of-a-request-${process.pid}`,
    metadata: { user: 7, big: 8n },
    eventId: 'an-event',
    requestTimeoutMs: 60_000,
    retries: { maxAttempts: 2, retryDelayMs: 10, backoff: 'exponential' },
  };
  const cached = createAiGateway({ ...settings, options });
  for (const status of ['MISS', 'HIT']) {
    const { text } = await generateText({ model: cached(openai.chat(model)), prompt: ASK.plain });
    assert.equal(text, texts.plain);
    assert.equal(answers.at(-1).get('cf-aig-cache-status'), status);
    assert.equal(answers.at(-1).get('cf-aig-event-id'), 'an-event');
  }
});

await check('errors', async () => {
  const error = await errorOf(
    generateText({ model: gateway(openai.chat('nobody')), prompt: 'a', maxRetries: 0 }),
  );
  assert.equal(error.statusCode, 404);
});

await check('workers-ai-provider by a gateway', async () => {
  const provider = createWorkersAI({
    accountId: '0123abc',
    apiKey: 'none',
    gateway: { id: 'my-gateway', cacheTtl: 60 },
  });
  const { text } = await generateText({ model: provider(model), prompt: ASK.plain });
  assert.equal(text, texts.plain);
  assert.match(answers.at(-1).get('cf-aig-log-id'), /^[\dA-Z]{26}$/);
  const streamed = streamText({ model: provider(model), prompt: ASK.plain });
  assert.equal((await collect(streamed.textStream)).join(''), texts.plain);
});
