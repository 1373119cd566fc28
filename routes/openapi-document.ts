import { z } from 'zod';
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject } from 'zod-openapi';
import type { ErrorCode } from '../src/errors.ts';
import { MAX_JSON_LEVELS } from '../src/http/json-nesting.ts';
import {
  errorResponses,
  jsonResponse,
  NO_SECURITY,
  openErrorResponses,
  securitySchemes,
  streamableResponse,
  textResponse,
} from './openapi-parts.ts';
import { attentionRequestSchema, attentionResponseSchema } from './schemas/attention.ts';
import { benchmarkEventSchema, benchmarkReportSchema, benchmarkRequestSchema } from './schemas/benchmark.ts';
import { chatChunkSchema, chatRequestSchema, chatResponseSchema } from './schemas/chat.ts';
import {
  completionChunkSchema,
  completionRequestSchema,
  completionResponseSchema,
} from './schemas/completions.ts';
import { embeddingRequestSchema, embeddingResponseSchema } from './schemas/embeddings.ts';
import { openAiErrorSchema, workersAiErrorSchema } from './schemas/errors.ts';
import { healthSchema, readySchema } from './schemas/health.ts';
import { modelListSchema, modelSchema } from './schemas/models.ts';
import { cancelResponseSchema, requestRecordSchema } from './schemas/requests.ts';
import {
  detokenizeRequestSchema,
  detokenizeResponseSchema,
  tokenizeRequestSchema,
  tokenizeResponseSchema,
} from './schemas/tokenize.ts';
import {
  workersAiChunkSchema,
  workersAiRequestSchema,
  workersAiResponseSchema,
} from './schemas/workers-ai.ts';

const json = (schema: z.ZodType): { content: { 'application/json': { schema: z.ZodType } } } => ({
  content: { 'application/json': { schema } },
});

const BODY_ERRORS = ['invalid_request', 'model_not_found', 'payload_too_large', 'internal'] as const;
/** What may go wrong as a model is loaded. */
const LOAD_ERRORS = [
  'queue_full',
  'engine_not_ready',
  'insufficient_memory',
  'request_timeout',
  'backend_failure',
  'backend_unavailable',
  'weights_invalid',
  'config_invalid',
] as const;
const COMPLETION_ERRORS: readonly ErrorCode[] = [...BODY_ERRORS, ...LOAD_ERRORS, 'context_length_exceeded'];

const modelParam = z.object({
  model: z
    .string()
    .meta({ description: 'Id of the model; may hold slashes and `@`, percent-encoded or not.' }),
});

const requestIdParam = z.object({
  id: z.string().meta({ description: 'As in `x-request-id`, or as in the body (`cmpl-…`, `chatcmpl-…`).' }),
});

const runModel: Omit<ZodOpenApiOperationObject, 'requestParams' | 'operationId'> = {
  tags: ['Workers AI'],
  summary: 'Generate text',
  requestBody: { required: true, ...json(workersAiRequestSchema) },
  responses: {
    200: streamableResponse(
      'The text and its usage.',
      workersAiResponseSchema,
      z.union([workersAiChunkSchema, workersAiErrorSchema]),
    ),
    ...errorResponses(COMPLETION_ERRORS, 'workers-ai'),
  },
};

const generationPaths: ZodOpenApiPathsObject = {
  '/v1/completions': {
    post: {
      operationId: 'createCompletion',
      tags: ['OpenAI'],
      summary: 'Complete a text',
      requestBody: { required: true, ...json(completionRequestSchema) },
      responses: {
        200: streamableResponse(
          'The completions, `n` for each prompt.',
          completionResponseSchema,
          z.union([completionChunkSchema, openAiErrorSchema]),
        ),
        ...errorResponses(COMPLETION_ERRORS),
      },
    },
  },
  '/v1/chat/completions': {
    post: {
      operationId: 'createChatCompletion',
      tags: ['OpenAI'],
      summary: "Answer in a conversation, written by the model's own chat template",
      requestBody: { required: true, ...json(chatRequestSchema) },
      responses: {
        200: streamableResponse(
          'The answers, `n` of them.',
          chatResponseSchema,
          z.union([chatChunkSchema, openAiErrorSchema]),
        ),
        ...errorResponses(COMPLETION_ERRORS),
      },
    },
  },
  '/v1/embeddings': {
    post: {
      operationId: 'createEmbedding',
      tags: ['OpenAI'],
      summary: 'Texts to vectors',
      requestBody: { required: true, ...json(embeddingRequestSchema) },
      responses: {
        200: jsonResponse('A vector for each text.', embeddingResponseSchema),
        ...errorResponses(COMPLETION_ERRORS),
      },
    },
  },
  '/ai/run/{model}': {
    post: { operationId: 'runModel', requestParams: { path: modelParam }, ...runModel },
  },
  '/client/v4/accounts/{account_id}/ai/run/{model}': {
    post: {
      operationId: 'runModelOfAccount',
      requestParams: { path: z.object({ account_id: z.string(), ...modelParam.shape }) },
      ...runModel,
    },
  },
};

const modelPaths: ZodOpenApiPathsObject = {
  '/v1/models': {
    get: {
      operationId: 'listModels',
      tags: ['OpenAI'],
      summary: 'The models that are served: the default one first, then all in MODELS_DIR',
      responses: {
        200: jsonResponse('The models, loaded or not.', modelListSchema),
        ...errorResponses(['config_invalid']),
      },
    },
  },
  '/v1/models/{model}': {
    get: {
      operationId: 'retrieveModel',
      tags: ['OpenAI'],
      summary: 'One model',
      requestParams: { path: modelParam },
      responses: {
        200: jsonResponse('The model.', modelSchema),
        ...errorResponses(['model_not_found', 'config_invalid']),
      },
    },
  },
  '/tokenize': {
    post: {
      operationId: 'tokenize',
      tags: ['Tokens'],
      summary: 'Text to token ids',
      requestBody: { required: true, ...json(tokenizeRequestSchema) },
      responses: {
        200: jsonResponse('The token ids.', tokenizeResponseSchema),
        ...errorResponses([...BODY_ERRORS, ...LOAD_ERRORS]),
      },
    },
  },
  '/detokenize': {
    post: {
      operationId: 'detokenize',
      tags: ['Tokens'],
      summary: 'Token ids to text',
      requestBody: { required: true, ...json(detokenizeRequestSchema) },
      responses: {
        200: jsonResponse('The text.', detokenizeResponseSchema),
        ...errorResponses([...BODY_ERRORS, ...LOAD_ERRORS]),
      },
    },
  },
};

const attentionPath: ZodOpenApiPathsObject = {
  '/v1/attention': {
    post: {
      operationId: 'inspectAttention',
      tags: ['Tokens'],
      summary: 'What every head of every layer looks at in a short prompt',
      description: 'By default for admin keys and clients on the same machine, see ATTENTION.',
      requestBody: { required: true, ...json(attentionRequestSchema) },
      responses: {
        200: jsonResponse('Attention weights by layer, head, query and key.', attentionResponseSchema),
        ...errorResponses([...BODY_ERRORS, ...LOAD_ERRORS]),
      },
    },
  },
};

const operationPaths: ZodOpenApiPathsObject = {
  '/v1/requests/{id}': {
    get: {
      operationId: 'retrieveRequest',
      tags: ['Requests'],
      summary: 'How a request stands or ended, for a while after its end',
      requestParams: { path: requestIdParam },
      responses: { 200: jsonResponse('The request.', requestRecordSchema), ...errorResponses(['not_found']) },
    },
    delete: {
      operationId: 'cancelRequest',
      tags: ['Requests'],
      summary: 'Cancel a request: queued, in prefill or in decode',
      requestParams: { path: requestIdParam },
      responses: {
        200: jsonResponse('The request.', cancelResponseSchema),
        ...errorResponses(['not_found']),
      },
    },
  },
  '/health': {
    get: {
      operationId: 'health',
      tags: ['Operation'],
      summary: 'The process lives',
      security: NO_SECURITY,
      responses: { 200: jsonResponse('It does.', healthSchema), ...openErrorResponses([]) },
    },
  },
  '/ready': {
    get: {
      operationId: 'ready',
      tags: ['Operation'],
      summary: 'Requests are taken',
      security: NO_SECURITY,
      responses: {
        200: jsonResponse('They are.', readySchema),
        ...openErrorResponses(['engine_not_ready']),
      },
    },
  },
  '/metrics': {
    get: {
      operationId: 'metrics',
      tags: ['Operation'],
      summary: 'Metrics for Prometheus',
      description: 'Where there are keys: for admin keys, and for this machine without one.',
      responses: { 200: textResponse('Text format 0.0.4.', 'text/plain'), ...errorResponses([]) },
    },
  },
  '/openapi.yaml': {
    get: {
      operationId: 'openApi',
      tags: ['Operation'],
      summary: 'This document',
      security: NO_SECURITY,
      responses: { 200: textResponse('OpenAPI 3.1.', 'application/yaml'), ...openErrorResponses([]) },
    },
  },
};

const benchmarkPath: ZodOpenApiPathsObject = {
  '/benchmark': {
    post: {
      operationId: 'runBenchmark',
      tags: ['Operation'],
      summary: 'Run a workload on the live engine, one at a time',
      description:
        'By default for admin keys and clients on the same machine, see BENCHMARK: it takes the engine from others.',
      requestBody: { required: false, ...json(benchmarkRequestSchema) },
      responses: {
        200: streamableResponse(
          'The report.',
          benchmarkReportSchema,
          z.union([benchmarkEventSchema, openAiErrorSchema]),
        ),
        ...errorResponses(COMPLETION_ERRORS),
      },
    },
    get: {
      operationId: 'lastBenchmark',
      tags: ['Operation'],
      summary: 'The report of the last benchmark that ran to its end',
      responses: {
        200: jsonResponse('The report.', benchmarkReportSchema),
        ...errorResponses(['not_found']),
      },
    },
  },
};

/** The whole API as OpenAPI 3.1, from the schemas that requests are checked by. */
export function openApiDocument(): ReturnType<typeof createDocument> {
  return createDocument({
    openapi: '3.1.0',
    info: {
      title: 'Tokenflare',
      version: '0.1.0',
      description:
        'Causal transformers over HTTP: the completions of OpenAI and of Cloudflare Workers AI. A path or method ' +
        'that is not listed is answered with 404 or 405 (with `allow`) in the error envelope of its family; every ' +
        `path answers to OPTIONS. A body has a JSON content type and nests at most ${MAX_JSON_LEVELS} levels. What is ` +
        'no HTTP, or does not arrive in time, is answered with 400, 408 or 431 without a body, and the connection closed.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    components: { securitySchemes },
    // The empty one: a service without KEYS_FILE wants no key.
    security: [...Object.keys(securitySchemes).map((name) => ({ [name]: [] })), {}],
    servers: [{ url: 'http://127.0.0.1:8787' }],
    paths: { ...generationPaths, ...modelPaths, ...attentionPath, ...operationPaths, ...benchmarkPath },
  });
}
