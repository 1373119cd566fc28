import * as z from 'zod';
import type { AppContext } from '../../src/http/app-env.ts';
import { invalidField } from '../../src/errors.ts';
import { clip } from '../../src/values.ts';
import { readJsonBody } from '../../src/http/edge/json-body.ts';
import type { RouteDependencies } from '../app-dependencies.ts';
import { answerBatch } from './answer-batch.ts';
import { answerRun } from './answer-run.ts';
import { defineRoute } from '../define-route.ts';
import {
  COMPLETION_ERRORS,
  errorResponses,
  jsonContent,
  modelParam,
  listedResponse,
  streamableResponse,
} from '../openapi-parts.ts';
import { workersAiErrorSchema } from '../shared/schemas/errors.ts';
import { parseInput } from '../shared/schemas/parse-input.ts';
import {
  runEventSchema,
  runRequestSchema,
  runResponseSchema,
  unifiedRequestSchema,
} from './schemas/run-bodies.ts';

const QUEUE_PARAM = 'queueRequest';

const queryParam = z.object({
  [QUEUE_PARAM]: z
    .enum(['true', 'false'])
    .optional()
    .meta({
      description:
        'True: the body is a batch job (WorkersAiBatchRequest), or asks how one stands (WorkersAiBatchPoll).',
      param: { id: QUEUE_PARAM },
    }),
});

const responses = () => ({
  200: listedResponse(
    'workers-ai-run',
    streamableResponse(
      'What the task of the model gives; or how a batch job stands, and its answers once it is done.',
      runResponseSchema,
      z.union([runEventSchema, workersAiErrorSchema]),
    ),
  ),
  ...errorResponses([...COMPLETION_ERRORS, 'output_incomplete', 'not_found'], 'workers-ai'),
});

/** What Cloudflare Workers AI does for a model, by the task that its id has there. A model id may hold slashes. */
export const workersAiRoute = defineRoute({
  path: '/ai/run/:model{.+}',
  promise: 'workers-ai',
  api: 'workers-ai',
  isQueued: true,
  describe: () => ({
    post: {
      operationId: 'runModel',
      tags: ['Workers AI'],
      summary: 'Run a model for the task that its id has at Cloudflare; now, or in a batch job',
      description:
        'The id that the request names decides how it is read and answered, also where it is an alias; of an id that is ' +
        "none of Cloudflare's the fields of the body decide.",
      requestParams: { path: modelParam, query: queryParam },
      requestBody: { required: true, ...jsonContent(runRequestSchema) },
      responses: responses(),
    },
  }),
  createHandlers: (dependencies) => ({
    post: async (c) => {
      const { isBatch, body } = await readRun(c, dependencies);
      const request = { modelId: c.req.param('model'), body, wrapping: 'envelope' as const };
      return isBatch ? answerBatch(c, request, dependencies) : answerRun(c, request, dependencies);
    },
  }),
});

/** Runs the model that the body names. */
export const workersAiUnifiedRoute = defineRoute({
  path: '/ai/run',
  promise: 'workers-ai',
  api: 'workers-ai',
  isQueued: true,
  describe: () => ({
    post: {
      operationId: 'runNamedModel',
      tags: ['Workers AI'],
      summary: 'Run a model that the body names',
      requestParams: { query: queryParam },
      requestBody: {
        required: true,
        ...jsonContent(unifiedRequestSchema, {
          input: { prompt: 'Once upon a time', max_tokens: 8 },
        }),
      },
      responses: responses(),
    },
  }),
  createHandlers: (dependencies) => ({
    post: async (c) => {
      const { isBatch, body } = await readRun(c, dependencies);
      const { model, input } = parseInput(unifiedRequestSchema, body);
      const request = { modelId: model ?? undefined, body: input, wrapping: 'envelope' as const };
      return isBatch ? answerBatch(c, request, dependencies) : answerRun(c, request, dependencies);
    },
  }),
});

/** A client that no model has a place for is refused before its body is read, unless it has a batch job, which waits. */
async function readRun(
  c: AppContext,
  { models, config }: RouteDependencies,
): Promise<{ isBatch: boolean; body: Record<string, unknown> }> {
  const isBatch = asksForQueue(c);
  if (!isBatch) models.checkRoom(c.get('scope').clientId);
  return { isBatch, body: await readJsonBody(c, config.bodyLimitBytes) };
}

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
