import { createOpenAI } from '@ai-sdk/openai';
import { embedMany } from 'ai';
import { checkEmbeddings, checkLanguageModel } from './ai-sdk-checks.mjs';
import { setup } from './check.mjs';

const provider = createOpenAI({ baseURL: `${setup.url}/v1`, apiKey: 'none' });

// By default it speaks the Responses API, of whose reasoning it reads summaries alone. It asks for one where it takes the
// model for one that reasons, which it knows by OpenAI's names.
const reasoningOptions = { openai: { forceReasoning: true, reasoningSummary: 'auto' } };
await checkLanguageModel(provider, { reasoningOptions });
await checkEmbeddings(embedMany, provider.textEmbeddingModel(setup.embeddingModel));
