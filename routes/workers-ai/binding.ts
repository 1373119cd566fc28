import * as z from 'zod';
import { invalidField } from '../../src/errors.ts';
import type { AppContext } from '../../src/http/app-env.ts';
import { readJsonBody } from '../../src/http/edge/json-body.ts';
import type { RouteDependencies } from '../app-dependencies.ts';
import { defineRoute } from '../define-route.ts';
import {
  COMPLETION_ERRORS,
  errorResponses,
  jsonContent,
  jsonResponse,
  streamableResponse,
} from '../openapi-parts.ts';
import { workersBindingErrorSchema } from '../shared/schemas/errors.ts';
import { parseInput } from '../shared/schemas/parse-input.ts';
import { answerBatch } from './answer-batch.ts';
import { answerRun } from './answer-run.ts';
import { checkTask } from './model-task.ts';
import { modelSearchQuerySchema, modelSearchResponseSchema, searchModels } from './model-search.ts';
import { bindingRequestSchema, MODEL_HEADER } from './schemas/binding.ts';
import { runEventSchema, runResultSchema } from './schemas/run-bodies.ts';

/**
 * What the class behind a Worker's `env.AI` sends to `https://workers-binding.ai` (workerd, ai-api.ts), below a base of its
 * own. Results come without an envelope, and the model's id stands in a header.
 */
const BASE = '/workers-binding';

const API = 'workers-binding';

/** `env.AI.run`. */
export const bindingRunRoute = defineRoute({
  path: `${BASE}/run`,
  promise: 'workers-ai',
  api: API,
  describe: () => ({
    post: {
      operationId: 'runByBinding',
      tags: ['Workers AI'],
      summary: 'Run a model, as the binding of a Worker asks',
      requestParams: {
        header: z.object({
          [MODEL_HEADER]: z.string().optional().meta({ description: 'The model, by its id or by an alias.' }),
        }),
        query: z.object({
          version: z.string().optional().meta({ description: 'Of the protocol; any is taken as 3.' }),
        }),
      },
      requestBody: { required: true, ...jsonContent(bindingRequestSchema, EXAMPLE) },
      responses: {
        200: streamableResponse(
          'What `POST /ai/run/{model}` has as `result`.',
          runResultSchema,
          z.union([runEventSchema, workersBindingErrorSchema]),
        ),
        ...errorResponses([...COMPLETION_ERRORS, 'output_incomplete', 'not_found'], API),
      },
    },
  }),
  createHandlers: (dependencies) => ({ post: (c) => run(c, dependencies) }),
});

const EXAMPLE = { inputs: { prompt: 'Once upon a time', max_tokens: 8 }, options: {} };

/**
 * A body of at most so many bytes is read though there is no room: it may be a batch job, which waits, or ask how one
 * stands. To read and parse one takes 0.1 ms.
 */
const MAX_UNASKED_BYTES = 16_384;

async function run(c: AppContext, dependencies: RouteDependencies): Promise<Response> {
  const { models, config } = dependencies;
  const modelId = c.req.header(MODEL_HEADER);
  checkTask(modelId);
  if (c.req.query('userInputs') !== undefined) {
    throw invalidField('inputs', 'has a stream, which no model here takes');
  }
  const isShort = Number(c.req.header('content-length')) <= MAX_UNASKED_BYTES;
  if (!isShort) models.checkRoom(c.get('scope').clientId);
  const body = await readJsonBody(c, config.bodyLimitBytes);
  const { inputs, options } = parseInput(bindingRequestSchema, body);
  const request = { modelId, body: inputs, wrapping: 'bare' as const };
  // A poll has no option.
  if (options?.queueRequest === true || 'request_id' in inputs) return answerBatch(c, request, dependencies);
  models.checkRoom(c.get('scope').clientId);
  return answerRun(c, request, dependencies);
}

/** `env.AI.models`. */
export const bindingModelsRoute = defineRoute({
  path: `${BASE}/ai-api/models/search`,
  promise: 'workers-ai',
  api: API,
  describe: () => ({
    get: {
      operationId: 'searchModelsByBinding',
      tags: ['Workers AI'],
      summary: 'The models that are served, as the binding of a Worker asks',
      requestParams: { query: modelSearchQuerySchema },
      responses: {
        200: jsonResponse('A page of the models that fit.', modelSearchResponseSchema, API),
        ...errorResponses(['invalid_request', 'config_invalid'], API),
      },
    },
  }),
  createHandlers: ({ models }) => ({ get: (c) => searchModels(c, models) }),
});
