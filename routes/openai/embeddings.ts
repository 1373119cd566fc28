import { checkVocabulary } from '../../src/engine/check-input.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { invalidField } from '../../src/errors.ts';
import { answerJson } from '../../src/http/answer-json.ts';
import { defineRoute } from '../define-route.ts';
import { COMPLETION_ERRORS, errorResponses, jsonContent, jsonResponse } from '../openapi-parts.ts';
import {
  embeddingRequestSchema,
  embeddingResponseSchema,
  toEmbeddingBody,
  type EmbeddingInput,
} from './schemas/embeddings.ts';
import { embedCounted } from '../shared/embed-counted.ts';
import { readQueuedRequest, useRequestedEngine } from '../shared/queued-request.ts';

/** OpenAI's embeddings. */
export const embeddingRoute = defineRoute({
  path: '/v1/embeddings',
  promise: 'embeddings',
  operation: 'embeddings',
  isQueued: true,
  describe: () => ({
    post: {
      operationId: 'createEmbedding',
      tags: ['OpenAI'],
      summary: 'Texts to vectors',
      description:
        "An embedding is the model's last hidden states of a text's tokens, pooled as its files say, of length 1.",
      requestBody: {
        required: true,
        ...jsonContent(embeddingRequestSchema, { input: ['The river', 'The old mill'] }),
      },
      responses: {
        200: jsonResponse('A vector for each text.', embeddingResponseSchema),
        ...errorResponses(COMPLETION_ERRORS),
      },
    },
  }),
  createHandlers: (dependencies) => ({
    post: async (c) => {
      const input = await readQueuedRequest(c, dependencies, embeddingRequestSchema);
      const { engine, timeoutMs } = await useRequestedEngine(c, dependencies, input);
      checkFields(engine, input);
      const request = {
        texts: input.input,
        truncateTo:
          input.truncate_prompt_tokens === -1
            ? ('fit' as const)
            : (input.truncate_prompt_tokens ?? undefined),
        dimensions: input.dimensions ?? undefined,
        timeoutMs,
        clientId: c.get('scope').clientId,
        budget: c.get('scope').budget,
      };
      const embeddings = await embedCounted(engine, request, c.req.raw.signal);
      return answerJson(c, toEmbeddingBody(engine.model.id, embeddings, input.encoding_format));
    },
  }),
});

/** Why token ids are refused; see docs/decisions/0058-token-ids-of-embeddings.md. */
const FOREIGN_TOKENS =
  "holds token ids. Clients such as langchain-openai send ids of OpenAI's vocabularies, which mean other texts here: " +
  "send texts (langchain-openai: check_embedding_ctx_length=False), or this model's own ids with encoding: 'model'";

/** @throws EngineError `invalid_request` */
function checkFields({ model }: Engine, { input, dimensions, encoding }: EmbeddingInput): void {
  if (encoding !== 'model' && input.some((text) => typeof text !== 'string')) {
    throw invalidField('input', FOREIGN_TOKENS);
  }
  if (typeof dimensions === 'number' && dimensions > model.dim) {
    const complaint = `must be at most ${model.dim}, the width of the model, not ${dimensions}`;
    throw invalidField('dimensions', complaint);
  }
  for (const [index, text] of input.entries()) {
    const param = `input[${index}]`;
    if (text === '') throw invalidField(param, 'is empty; there is nothing to embed');
    if (typeof text !== 'string') checkVocabulary(text, model, param, 'list');
  }
}
