import assert from 'node:assert/strict';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { embedMany, generateText } from 'ai';
import { checkEmbeddings, checkLanguageModel } from './ai-sdk-checks.mjs';
import { ASK, check, setup } from './check.mjs';

const provider = createOpenAICompatible({
  name: 'tokenflare',
  baseURL: `${setup.url}/v1`,
  apiKey: 'none',
  includeUsage: true,
  supportsStructuredOutputs: true,
});

await checkLanguageModel(provider);
await checkEmbeddings(embedMany, provider.embeddingModel(setup.embeddingModel));

await check('completionModel', async () => {
  const model = provider.completionModel(setup.model);
  const { text } = await generateText({ model, prompt: ASK.plain, maxOutputTokens: 40 });
  assert.equal(text, setup.texts.plain);
});
