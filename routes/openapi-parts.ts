import * as z from 'zod';
import type {
  ZodOpenApiComponentsObject,
  ZodOpenApiResponseObject,
  ZodOpenApiResponsesObject,
} from 'zod-openapi';
import { assertInvariant, ERROR_CODES, type ErrorCode } from '../src/errors.ts';
import { httpStatusOf } from '../src/http/error-response.ts';
import type { ApiFamily } from '../src/http/route-facts.ts';
import {
  anthropicErrorSchema,
  gatewayErrorSchema,
  ollamaErrorSchema,
  openAiErrorSchema,
  vectorizeErrorSchema,
  workersAiErrorSchema,
  workersBindingErrorSchema,
} from './shared/schemas/errors.ts';

/** Building blocks of the operations of the OpenAPI document: bodies, answers, their headers, and the errors of each family. */

/** What a route may answer that reads a body. */
export const BODY_ERRORS = ['invalid_request', 'model_not_found', 'payload_too_large', 'internal'] as const;

/** What may go wrong while a model is loaded. */
export const LOAD_ERRORS = [
  'queue_full',
  'engine_not_ready',
  'insufficient_memory',
  'request_timeout',
  'backend_failure',
  'backend_unavailable',
  'weights_invalid',
  'config_invalid',
] as const;

/** What a route may answer that reads prompts. */
export const COMPLETION_ERRORS = [...BODY_ERRORS, ...LOAD_ERRORS, 'context_length_exceeded'] as const;

/** The parameter of a path that names a model. */
export const modelParam = z.object({
  model: z.string().meta({
    description: 'Id of the model; may hold slashes and `@`, percent-encoded or not.',
    param: { id: 'model' },
  }),
});

/** A header that the document lists once and refers to. */
export const header = (id: string, description: string): z.ZodOptional<z.ZodString> =>
  z.string().optional().meta({ description, header: { id } });

/** Said once of the whole document, in place of eight headers at each of its answers. */
export const HEADERS_NOTE =
  "Every answer has the headers `x-request-id` (the client's own id if it sent a valid one), " +
  '`x-total-time` (milliseconds from arrival until the answer) and ' +
  '`server-timing` (the times of the `x-` headers, in the form browsers read). To a key with limits it has ' +
  '`x-ratelimit-limit-…`, what is allowed in a minute, `x-ratelimit-remaining-…`, what is left of it, less what running ' +
  'requests may still need, and `x-ratelimit-reset-…`, the time until all of it is available again, like `250ms`, `8.64s` ' +
  'or `1m0s`; each with `requests`, with `tokens`, or with both at its end. `x-ignored-fields` names fields of the body ' +
  'that no schema has, where the operator lets them pass (UNKNOWN_FIELDS). `traceresponse` names the span of the ' +
  'request, where the operator has traces sent.';

/** Headers of an answer beside those of every answer. */
const headersOf = (fields: Record<string, z.ZodType> = {}): { headers?: z.ZodObject } =>
  Object.keys(fields).length === 0 ? {} : { headers: z.object(fields) };

const ID_HEADERS: Partial<Record<ApiFamily, Record<string, z.ZodType>>> = {
  anthropic: {
    'request-id': header('request-id', "The same as `x-request-id`, where Anthropic's clients look for it."),
  },
  'workers-binding': {
    'cf-ai-req-id': header('cf-ai-req-id', 'The same as `x-request-id`: `env.AI.lastRequestId`.'),
  },
};

export const completionHeaders = {
  'x-queue-time': header('x-queue-time', 'Milliseconds from arrival until the first step.'),
  'x-time-to-first-token': header(
    'x-time-to-first-token',
    'Milliseconds from arrival until the first token.',
  ),
  'x-time-per-token': header('x-time-per-token', 'Mean milliseconds between tokens after the first.'),
  'x-prompt-tokens': header('x-prompt-tokens', 'Tokens of all prompts.'),
  'x-cached-tokens': header('x-cached-tokens', 'Tokens of the prompts that were found in the prefix cache.'),
  'x-generated-tokens': header('x-generated-tokens', 'Tokens of all completions.'),
};

const streamHeaders = {
  'x-stream-resumable': header('x-stream-resumable', '`true` with a stream that can be resumed.'),
};

/** The parameter of every operation that may stream. */
export const resumableParam = {
  'x-stream-resumable': z
    .enum(['true', 'false'])
    .optional()
    .meta({
      description:
        'True: each event of the stream has an `id`, and the stream can be read on at `GET /v1/streams/{id}` after its ' +
        'connection broke. Comments of a stream tell nothing that a client needs: the position in the queue while the ' +
        'request waits, a keep-alive, and the times at its end.',
      param: { id: 'x-stream-resumable' },
    }),
};

const retryHeader = {
  'x-should-retry': header('x-should-retry', '`true` if the same request may succeed later, else `false`.'),
};

const waitHeaders = {
  'retry-after': header('retry-after', 'Seconds to wait.'),
  'retry-after-ms': header('retry-after-ms', 'Milliseconds to wait.'),
};

const challengeHeaders = {
  'www-authenticate': header('www-authenticate', 'With 401: which kind of key the service expects.'),
};

/** What every route may answer that needs a key. */
const ACCESS_ERRORS = ['unauthorized', 'forbidden', 'rate_limited', 'limits_unavailable'] as const;

/** Of operations that need no key. */
export const NO_SECURITY: [] = [];

/** How keys are sent, by name. */
export const securitySchemes: NonNullable<ZodOpenApiComponentsObject['securitySchemes']> = {
  bearer: {
    type: 'http',
    scheme: 'bearer',
    description: 'The key as it is sent to OpenAI and to Workers AI.',
  },
  apiKey: {
    type: 'apiKey',
    in: 'header',
    name: 'x-api-key',
    description: 'The key as it is sent to Anthropic.',
  },
  gatewayBearer: {
    type: 'apiKey',
    in: 'header',
    name: 'cf-aig-authorization',
    description: "`Bearer KEY`, as it is sent to Cloudflare's AI Gateway.",
  },
  authKey: {
    type: 'apiKey',
    in: 'header',
    name: 'x-auth-key',
    description: "The key as it is sent to Cloudflare's API; `X-Auth-Email` is ignored.",
  },
};

/** A body of JSON, with an example that the schema takes. */
export const jsonContent = (
  schema: z.ZodType,
  example?: Record<string, unknown>,
): { content: { 'application/json': { schema: z.ZodType; example?: unknown } } } => ({
  content: { 'application/json': { schema, ...(example === undefined ? {} : { example }) } },
});

/** A good answer with JSON. */
export function jsonResponse(
  description: string,
  schema: z.ZodType,
  family: ApiFamily = 'openai',
): ZodOpenApiResponseObject {
  return {
    description,
    ...jsonContent(schema),
    ...headersOf(ID_HEADERS[family]),
  };
}

/** A good answer with text of another type. */
export function textResponse(description: string, contentType: string): ZodOpenApiResponseObject {
  return {
    description,
    content: { [contentType]: { schema: z.string() } },
  };
}

/**
 * A good answer that is JSON, or server-sent events when the request says `stream`. The schema of
 * `text/event-stream` is what each `data:` line holds, `[DONE]` apart.
 */
export function streamableResponse(
  description: string,
  schema: z.ZodType,
  eventSchema: z.ZodType,
): ZodOpenApiResponseObject {
  return {
    description:
      `${description} With \`stream\`: events, then \`data: [DONE]\`. ` +
      'A fault after the stream began is an event with an error, after which the stream ends without `[DONE]`.',
    content: { 'application/json': { schema }, 'text/event-stream': { schema: eventSchema } },
    headers: z.object({ ...completionHeaders, ...streamHeaders }),
  };
}

/** A good answer that is server-sent events alone, each in the form of the API that the stream belongs to. */
export function eventStreamResponse(description: string): ZodOpenApiResponseObject {
  return {
    description,
    content: { 'text/event-stream': { schema: z.looseObject({}) } },
  };
}

/**
 * The stream of an API whose events have names: `event:` is the `type` of what `data:` holds, a fault is such an event, and
 * there is no `[DONE]`.
 */
export function namedEventsResponse(
  description: string,
  schema: z.ZodType,
  eventSchema: z.ZodType,
  family: ApiFamily = 'openai',
): ZodOpenApiResponseObject {
  return {
    description:
      `${description} With \`stream\`: events, each with its \`type\` as its name. A fault after the stream began is an ` +
      'event, too.',
    content: { 'application/json': { schema }, 'text/event-stream': { schema: eventSchema } },
    headers: z.object({
      ...ID_HEADERS[family],
      ...completionHeaders,
      ...streamHeaders,
    }),
  };
}

const ERROR_SCHEMAS: Readonly<Record<ApiFamily, z.ZodType>> = {
  openai: openAiErrorSchema,
  'workers-ai': workersAiErrorSchema,
  'workers-binding': workersBindingErrorSchema,
  'ai-gateway': gatewayErrorSchema,
  'vectorize-binding': vectorizeErrorSchema,
  anthropic: anthropicErrorSchema,
  ollama: ollamaErrorSchema,
};

/** The error envelope of a family. */
export const errorSchemaOf = (family: ApiFamily): z.ZodType => ERROR_SCHEMAS[family];

/** What every route may answer before it reads the request. */
const EDGE_ERRORS: readonly ErrorCode[] = ['forbidden', 'conflict', 'misdirected_request'];

/** The errors of a route that wants a key: its own, and those that the key may cause. */
export const errorResponses = (
  codes: readonly ErrorCode[],
  family: ApiFamily = 'openai',
): ZodOpenApiResponsesObject => openErrorResponses([...new Set([...codes, ...ACCESS_ERRORS])], family);

/** The errors of a route that is open, and those of every route: one answer for each status; several codes may share one. */
export function openErrorResponses(
  codes: readonly ErrorCode[],
  family: ApiFamily = 'openai',
): ZodOpenApiResponsesObject {
  if (family === 'workers-binding' || family === 'vectorize-binding') return rangesOfErrors(family);
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of new Set([...codes, ...EDGE_ERRORS])) {
    const status = httpStatusOf(code, family);
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, statusCodes]) => [
      `${status}`,
      errorResponse(status, statusCodes.sort(), family),
    ]),
  );
}

/** Answers that the document lists once and refers to, by their id. */
const listedResponses = new Map<string, ZodOpenApiResponseObject>();

/** An answer that several operations give. */
export function listedResponse(id: string, response: ZodOpenApiResponseObject): ZodOpenApiResponseObject {
  const listed = listedResponses.get(id) ?? { ...response, id };
  listedResponses.set(id, listed);
  return listed;
}

/** The errors of a family whose statuses are told by their ranges. */
export const rangesOfErrors = (
  family: ApiFamily,
  headers: Record<string, z.ZodType> = {},
): ZodOpenApiResponsesObject => ({
  '4XX': rangeOfErrors(family, '4XX', 'A fault of the request.', headers),
  '5XX': rangeOfErrors(family, '5XX', 'A fault of the service, or of what it asked.', headers),
});

function rangeOfErrors(
  family: ApiFamily,
  range: string,
  description: string,
  headers: Record<string, z.ZodType>,
): ZodOpenApiResponseObject {
  const id = `${family}-${range}`;
  const schema = errorSchemaOf(family);
  return listedResponse(id, {
    description,
    ...jsonContent(family === 'ai-gateway' ? z.union([schema, z.looseObject({})]) : schema),
    headers: z.object({ ...ID_HEADERS[family], ...retryHeader, ...headers }),
  });
}

function errorResponse(
  status: number,
  codes: readonly ErrorCode[],
  family: ApiFamily,
): ZodOpenApiResponseObject {
  const numCodes = ERROR_CODES.filter((code) => httpStatusOf(code, family) === status).length;
  // One status of a family has at most one longer list: its id need not name all of it.
  const isShort = codes.length < numCodes && codes.length <= 2;
  const id = [family, status, ...(isShort ? codes : [])].join('-');
  const description = codes.map((code) => `\`${code}\``).join(', ');
  const listed = listedResponse(id, {
    description,
    ...jsonContent(errorSchemaOf(family)),
    headers: z.object({
      ...ID_HEADERS[family],
      ...retryHeader,
      ...(status === 429 || status === 503 ? waitHeaders : {}),
      ...(status === 401 ? challengeHeaders : {}),
    }),
  });
  assertInvariant(listed.description === description, `${id} has two lists of codes: ${description}`);
  return listed;
}
