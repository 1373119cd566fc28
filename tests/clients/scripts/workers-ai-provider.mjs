import { embedMany } from 'ai';
import { createWorkersAI } from 'workers-ai-provider';
import { checkChatShape, checkEmbeddings, checkLanguageModel } from './ai-sdk-checks.mjs';
import { setup } from './check.mjs';

/** The provider has no base URL, so its `fetch` sends the same request to the service. */
const provider = createWorkersAI({
  accountId: '0123abc',
  apiKey: 'none',
  fetch: (input, init) => fetch(String(input).replace('https://api.cloudflare.com', setup.url), init),
});

await checkLanguageModel(provider);
await checkEmbeddings(embedMany, provider.textEmbedding(setup.embeddingModel));
await checkChatShape(provider);
