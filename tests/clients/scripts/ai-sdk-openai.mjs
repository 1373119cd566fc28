import { createOpenAI } from '@ai-sdk/openai';
import { embedMany } from 'ai';
import { checkEmbeddings, checkLanguageModel } from './ai-sdk-checks.mjs';
import { setup } from './check.mjs';

const provider = createOpenAI({ baseURL: `${setup.url}/v1`, apiKey: 'none' });

// By default it speaks the Responses API. Of reasoning it reads summaries alone, and the service makes none.
await checkLanguageModel(provider, { reasons: false });
await checkEmbeddings(embedMany, provider.textEmbeddingModel(setup.embeddingModel));
