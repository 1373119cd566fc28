import { invalidField } from '../../src/errors.ts';
import { answerJson } from '../../src/http/answer-json.ts';
import { JsonList } from '../../src/json-pieces.ts';
import { defineRoute } from '../define-route.ts';
import { jsonContent, jsonResponse, rangesOfErrors } from '../openapi-parts.ts';
import { embedCounted } from '../shared/embed-counted.ts';
import { readQueuedRequest, useRequestedEngine } from '../shared/queued-request.ts';
import {
  ollamaEmbeddingsSchema,
  ollamaEmbedSchema,
  ollamaOneEmbeddingSchema,
  ollamaPromptSchema,
} from './schemas/embed.ts';
import { OLLAMA_FIELD_NAMES } from './schemas/requests.ts';

/** Of a float32 that is written as a float64. */
const CHARACTERS_PER_NUMBER = 20;
const NS_PER_MS = 1e6;

/** Ollama's embeddings. */
export const ollamaEmbedRoute = defineRoute({
  path: '/api/embed',
  promise: 'ollama',
  api: 'ollama',
  fieldNames: OLLAMA_FIELD_NAMES,
  isQueued: true,
  describe: () => ({
    post: {
      operationId: 'ollamaEmbed',
      tags: ['Ollama'],
      summary: 'Texts to vectors of length 1',
      requestBody: { required: true, ...jsonContent(ollamaEmbedSchema) },
      responses: {
        200: jsonResponse('A vector for each text.', ollamaEmbeddingsSchema, 'ollama'),
        ...rangesOfErrors('ollama'),
      },
    },
  }),
  createHandlers: (dependencies) => ({
    post: async (c) => {
      const scope = c.get('scope');
      const input = await readQueuedRequest(c, dependencies, ollamaEmbedSchema);
      const texts = typeof input.input === 'string' ? [input.input] : input.input;
      const startMs = scope.elapsedMs;
      const { engine, timeoutMs } = await useRequestedEngine(c, dependencies, input);
      const loadMs = scope.elapsedMs - startMs;
      checkTexts(texts, input.dimensions ?? undefined, engine.model.dim);
      const request = {
        texts,
        truncateTo: input.truncate === false ? undefined : ('fit' as const),
        dimensions: input.dimensions ?? undefined,
        timeoutMs,
        clientId: scope.clientId,
        budget: scope.budget,
      };
      const found = await embedCounted(engine, request, c.req.raw.signal);
      const charactersPerItem = CHARACTERS_PER_NUMBER * (found[0]?.embedding.length ?? 0);
      return answerJson(c, {
        model: input.model,
        embeddings: new JsonList(() => found.map(({ embedding }) => [...embedding]), {
          length: found.length,
          charactersPerItem,
        }),
        total_duration: Math.round(scope.elapsedMs * NS_PER_MS),
        load_duration: Math.round(loadMs * NS_PER_MS),
        prompt_eval_count: found.reduce((sum, { numTokens }) => sum + numTokens, 0),
      });
    },
  }),
});

/** Ollama's older route, of one text. Its clients have a method of their own for it. */
export const ollamaEmbeddingsRoute = defineRoute({
  path: '/api/embeddings',
  promise: 'ollama',
  api: 'ollama',
  fieldNames: OLLAMA_FIELD_NAMES,
  isQueued: true,
  describe: () => ({
    post: {
      operationId: 'ollamaEmbeddings',
      tags: ['Ollama'],
      summary: 'A text to a vector of length 1, as /api/embed',
      requestBody: { required: true, ...jsonContent(ollamaPromptSchema) },
      responses: {
        200: jsonResponse('The vector; of no text an empty one.', ollamaOneEmbeddingSchema, 'ollama'),
        ...rangesOfErrors('ollama'),
      },
    },
  }),
  createHandlers: (dependencies) => ({
    post: async (c) => {
      const { clientId, budget } = c.get('scope');
      const input = await readQueuedRequest(c, dependencies, ollamaPromptSchema);
      const { engine, timeoutMs } = await useRequestedEngine(c, dependencies, input);
      const texts = input.prompt ? [input.prompt] : [];
      const request = { texts, truncateTo: 'fit' as const, timeoutMs, clientId, budget };
      const [found] = texts.length === 0 ? [] : await embedCounted(engine, request, c.req.raw.signal);
      return answerJson(c, { embedding: [...(found?.embedding ?? [])] });
    },
  }),
});

/** @throws EngineError `invalid_request` */
function checkTexts(texts: readonly string[], dimensions: number | undefined, dim: number): void {
  if (dimensions !== undefined && dimensions > dim) {
    throw invalidField('dimensions', `must be at most ${dim}, the width of the model, not ${dimensions}`);
  }
  const empty = texts.indexOf('');
  if (empty !== -1) throw invalidField(`input[${empty}]`, 'is empty; there is nothing to embed');
}
