import { z } from 'zod';
import type {
  ZodOpenApiComponentsObject,
  ZodOpenApiResponseObject,
  ZodOpenApiResponsesObject,
} from 'zod-openapi';
import type { ErrorCode } from '../src/errors.ts';
import { httpStatusOf } from '../src/http/error-response.ts';
import type { ApiFamily } from '../src/http/route-facts.ts';
import { anthropicErrorSchema, openAiErrorSchema, workersAiErrorSchema } from './shared/schemas/errors.ts';

/** Building blocks of the operations of the OpenAPI document: bodies, answers, their headers, and the errors of each family. */

/** What operations are grouped by, in the order of the document. An operation names one of them. */
export const TAGS: Readonly<Record<string, string>> = {
  OpenAI: "OpenAI's API: requests, answers and errors as OpenAI's clients have them.",
  Anthropic: "Anthropic's API: requests, answers and errors as Anthropic's clients have them.",
  'Workers AI': "The API of Cloudflare Workers AI, at its own path and at that of Cloudflare's API.",
  Responses: "OpenAI's Responses API. A response may be stored, and another may continue it.",
  Relevance: 'How relevant documents are to a query, as vLLM, Jina and Cohere have it.',
  Tokens: 'What the model makes of a text: its token ids, and what its heads look at.',
  Requests: 'Requests by their id: their state and usage, an end to them, and what they stream.',
  Operation: 'The service itself: health, metrics, this document, benchmarks.',
};

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
  model: z
    .string()
    .meta({ description: 'Id of the model; may hold slashes and `@`, percent-encoded or not.' }),
});

/** A header that the document lists once and refers to. */
const header = (id: string, description: string): z.ZodOptional<z.ZodString> =>
  z.string().optional().meta({ description, header: { id } });

const accountHeaders = (account: 'requests' | 'tokens', what: string): Record<string, z.ZodType> => ({
  [`x-ratelimit-limit-${account}`]: header(
    `x-ratelimit-limit-${account}`,
    `${what} allowed in a minute. This header and the next two are sent if the API key has this limit.`,
  ),
  [`x-ratelimit-remaining-${account}`]: header(
    `x-ratelimit-remaining-${account}`,
    'How many of them are left, less what running requests may still need.',
  ),
  [`x-ratelimit-reset-${account}`]: header(
    `x-ratelimit-reset-${account}`,
    'Time until all of them are available again, like `250ms`, `8.64s` or `1m0s`.',
  ),
});

/** On every answer to a key with limits; listed with those that have something to say of them. */
const limitHeaders = { ...accountHeaders('requests', 'Requests'), ...accountHeaders('tokens', 'Tokens') };

const commonHeaders = {
  'x-request-id': header('x-request-id', "The id of the request: the client's own if it sent a valid one."),
  'x-total-time': header('x-total-time', 'Milliseconds from arrival until the answer.'),
  'server-timing': header('server-timing', 'The times of the `x-` headers, in the form browsers read.'),
};

const commonHeadersOf = (family: ApiFamily): Record<string, z.ZodType> => ({
  ...commonHeaders,
  ...(family === 'anthropic'
    ? {
        'request-id': header(
          'request-id',
          "The same as `x-request-id`, where Anthropic's clients look for it.",
        ),
      }
    : {}),
});

const completionHeaders = {
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
      description: 'Whether a streamed answer can be read on after its connection broke.',
      param: { id: 'x-stream-resumable' },
    }),
};

/** Said of every operation that may stream. */
export const STREAM_NOTE =
  'A stream that was asked for with `x-stream-resumable: true` has an `id` with each event and can be read on at ' +
  '`GET /v1/streams/{id}`. Its comments tell nothing that a client needs: the place in the queue while the request ' +
  'waits, a keep-alive, and the times at its end.';

const retryHeaders = {
  'x-should-retry': header('x-should-retry', '`true` if the same request may succeed later, else `false`.'),
  'retry-after': header('retry-after', 'Seconds to wait; with 429 and 503.'),
  'retry-after-ms': header('retry-after-ms', 'Milliseconds to wait; with 429 and 503.'),
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
    headers: z.object({ ...commonHeadersOf(family), ...limitHeaders }),
  };
}

/** A good answer with text of another type. */
export function textResponse(description: string, contentType: string): ZodOpenApiResponseObject {
  return {
    description,
    content: { [contentType]: { schema: z.string() } },
    headers: z.object({ ...commonHeaders, ...limitHeaders }),
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
    headers: z.object({ ...commonHeaders, ...completionHeaders, ...streamHeaders, ...limitHeaders }),
  };
}

/** A good answer that is server-sent events alone, each in the form of the API that the stream belongs to. */
export function eventStreamResponse(description: string): ZodOpenApiResponseObject {
  return {
    description,
    content: { 'text/event-stream': { schema: z.looseObject({}) } },
    headers: z.object({ ...commonHeaders, ...limitHeaders }),
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
      ...commonHeadersOf(family),
      ...completionHeaders,
      ...streamHeaders,
      ...limitHeaders,
    }),
  };
}

const ERROR_SCHEMAS: Readonly<Record<ApiFamily, z.ZodType>> = {
  openai: openAiErrorSchema,
  'workers-ai': workersAiErrorSchema,
  anthropic: anthropicErrorSchema,
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
const listedErrors = new Map<string, ZodOpenApiResponseObject>();

function errorResponse(
  status: number,
  codes: readonly ErrorCode[],
  family: ApiFamily,
): ZodOpenApiResponseObject {
  const id = [family, status, ...codes].join('-');
  const listed = listedErrors.get(id) ?? {
    id,
    description: codes.map((code) => `\`${code}\``).join(', '),
    ...jsonContent(errorSchemaOf(family)),
    headers: z.object({
      ...commonHeadersOf(family),
      ...retryHeaders,
      ...(status === 401 ? challengeHeaders : {}),
      ...(status === 429 ? limitHeaders : {}),
    }),
  };
  listedErrors.set(id, listed);
  return listed;
}
