import { z } from 'zod';
import type { AppContext } from '../../src/http/app-env.ts';
import { invalidField } from '../../src/errors.ts';
import { clip } from '../../src/values.ts';
import { readJsonBody } from '../../src/http/edge/json-body.ts';
import { answerBatch } from './answer-batch.ts';
import { answerRun } from './answer-run.ts';
import { defineRoute } from '../define-route.ts';
import {
  COMPLETION_ERRORS,
  errorResponses,
  jsonContent,
  modelParam,
  streamableResponse,
} from '../openapi-parts.ts';
import { workersAiErrorSchema } from '../shared/schemas/errors.ts';
import { workersAiRequestSchema } from './schemas/workers-ai.ts';
import { workersAiChunkSchema, workersAiResponseSchema } from './schemas/workers-ai-answer.ts';
import {
  batchPollSchema,
  batchRequestSchema,
  batchResponseSchema,
  batchStatusSchema,
} from './schemas/workers-ai-batch.ts';
import {
  workersAiEmbeddingRequestSchema,
  workersAiEmbeddingResponseSchema,
} from './schemas/workers-ai-embeddings.ts';
import {
  workersAiRankingRequestSchema,
  workersAiRankingResponseSchema,
} from './schemas/workers-ai-ranking.ts';

const QUEUE_PARAM = 'queueRequest';

/** Text generation, embeddings, rankings and batch jobs as Cloudflare Workers AI has them. A model id may hold slashes. */
export const workersAiRoute = defineRoute({
  path: '/ai/run/:model{.+}',
  api: 'workers-ai',
  isQueued: true,
  describe: () => ({
    post: {
      operationId: 'runModel',
      tags: ['Workers AI'],
      summary: 'Generate text, embed texts, or rank them; now, or in a batch job',
      requestParams: {
        path: modelParam,
        query: z.object({
          [QUEUE_PARAM]: z.enum(['true', 'false']).optional().meta({
            description:
              'True: the body is a batch job (WorkersAiBatchRequest), or asks how one stands (WorkersAiBatchPoll).',
          }),
        }),
      },
      requestBody: {
        required: true,
        ...jsonContent(
          z.union([
            workersAiRequestSchema,
            workersAiEmbeddingRequestSchema,
            workersAiRankingRequestSchema,
            batchRequestSchema,
            batchPollSchema,
          ]),
        ),
      },
      responses: {
        200: streamableResponse(
          'The text and its usage; or embeddings; or a ranking; or how a batch job stands, and its answers once it is done.',
          z.union([
            workersAiResponseSchema,
            workersAiEmbeddingResponseSchema,
            workersAiRankingResponseSchema,
            batchStatusSchema,
            batchResponseSchema,
          ]),
          z.union([workersAiChunkSchema, workersAiErrorSchema]),
        ),
        ...errorResponses([...COMPLETION_ERRORS, 'output_incomplete', 'not_found'], 'workers-ai'),
      },
    },
  }),
  createHandlers: (dependencies) => ({
    post: async (c) => {
      const isBatch = asksForQueue(c);
      if (!isBatch) dependencies.models.checkRoom(c.var.scope.clientId);
      const body = await readJsonBody(c, dependencies.config.bodyLimitBytes);
      const request = { modelId: c.req.param('model'), body, wrapping: 'envelope' as const };
      return isBatch ? answerBatch(c, request, dependencies) : answerRun(c, request, dependencies);
    },
  }),
});

/** @throws EngineError `invalid_request` for any other parameter, which would be ignored */
function asksForQueue(c: AppContext): boolean {
  const query = c.req.query();
  for (const name of Object.keys(query)) {
    if (name !== QUEUE_PARAM)
      throw invalidField(clip(name), 'is not a parameter of this URL; only queueRequest is');
  }
  const { [QUEUE_PARAM]: value = 'false' } = query;
  if (value !== 'true' && value !== 'false') throw invalidField(QUEUE_PARAM, 'must be true or false');
  return value === 'true';
}
