import * as z from 'zod';
import {
  createDocument,
  type ZodOpenApiObject,
  type ZodOpenApiOperationObject,
  type ZodOpenApiOverride,
  type ZodOpenApiPathItemObject,
} from 'zod-openapi';
import { MAX_JSON_COMMAS, MAX_JSON_LEVELS, MAX_JSON_PARTS } from '../src/http/edge/json-body.ts';
import { VERSION } from '../src/version.ts';
import type { Method } from './define-route.ts';
import { HEADERS_NOTE, resumableParam, securitySchemes } from './openapi-parts.ts';
import { basedRoutes } from './routes.ts';
import { shorten, withoutRepeats } from './shorter-document.ts';

type Operations = Partial<Record<Method, ZodOpenApiOperationObject>>;

/** The whole API as OpenAPI 3.1, from the routes and the schemas that requests are checked by. */
export function openApiDocument(): ReturnType<typeof createDocument> {
  const paths = basedRoutes.map(
    ({ path, bases, describe }) =>
      [toTemplate(path), { operations: completed(describe()), servers: serversOf(bases) }] as const,
  );
  const document = createDocument(
    {
      openapi: '3.1.0',
      info: {
        title: 'Tokenflare',
        version: VERSION,
        description:
          "Causal transformers over HTTP: the APIs of OpenAI, Anthropic, Ollama and Cloudflare's Workers AI. A field that is ignored " +
          'is accepted with any value; one that is not supported is refused unless it has one of the values listed. A path or method ' +
          'that is not listed is answered with 404 or 405 (with `allow`) in the error envelope of its family; every ' +
          `path answers to OPTIONS. A body has a JSON content type, nests at most ${MAX_JSON_LEVELS} levels, and has at ` +
          `most ${MAX_JSON_PARTS} objects and lists, as many names of members, and ${MAX_JSON_COMMAS} commas between values. A request that is not valid HTTP, or does not ` +
          'arrive in time, is answered with 400, 408 or 431 without a body, and the ' +
          `connection is closed. An \`account_id\` may be any: there are no accounts here. ${HEADERS_NOTE}`,
        contact: { name: 'Tokenflare maintainers' },
        license: { name: 'MIT', identifier: 'MIT' },
      },
      components: { securitySchemes },
      // The empty one: a service without KEYS_FILE wants no key.
      security: [...Object.keys(securitySchemes).map((name) => ({ [name]: [] })), {}],
      servers: [{ url: SERVER }],
      tags: usedTags(paths.map(([, { operations }]) => operations)),
      paths: Object.fromEntries(
        paths.map(([path, { operations, servers }]) => [path, { ...servers, ...operations }]),
      ),
    },
    { override: shortened },
  );
  return withoutRepeats(document);
}

/** Of an answer: that its integers are exact in a double is no bound that a client must know. */
function leaveOutSafeIntegers({ jsonSchema, io }: Parameters<ZodOpenApiOverride>[0]): void {
  if (io !== 'output' || jsonSchema.type !== 'integer') return;
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
}

const shortened: ZodOpenApiOverride = (context) => {
  leaveOutSafeIntegers(context);
  shorten(context.jsonSchema);
};

const SERVER = 'http://127.0.0.1:8787';

/** Where a path is found that is served below other bases, too: each of them is a server. */
function serversOf(bases: readonly string[]): Pick<ZodOpenApiPathItemObject, 'servers'> {
  if (bases.length === 0) return {};
  return {
    servers: ['', ...bases].map((base) => ({ url: SERVER + toTemplate(base), ...variablesOf(base) })),
  };
}

const variablesOf = (base: string): { variables?: Record<string, { default: string }> } =>
  base.includes(':account_id') ? { variables: { account_id: { default: 'local' } } } : {};

/** What all operations of a kind have in common, beside what their route says. */
function completed(operations: Operations): Operations {
  return Object.fromEntries(
    Object.entries(operations).map(([method, operation]) => [method, withCommonParts(operation)]),
  );
}

function withCommonParts(operation: ZodOpenApiOperationObject): ZodOpenApiOperationObject {
  const description = operation.description ?? `${operation.summary ?? ''}.`;
  if (!mayStream(operation)) return { ...operation, description };
  const { header } = operation.requestParams ?? {};
  return {
    ...operation,
    description,
    requestParams: {
      ...operation.requestParams,
      header: z.object({ ...(header instanceof z.ZodObject ? header.shape : {}), ...resumableParam }),
    },
  };
}

/** Whether the client chooses between a stream and an answer in one piece. */
function mayStream({ responses }: ZodOpenApiOperationObject): boolean {
  const response = responses['200'] ?? {};
  const contentTypes = 'content' in response ? Object.keys(response.content ?? {}) : [];
  return contentTypes.includes('text/event-stream') && contentTypes.includes('application/json');
}

/** What operations are grouped by, in the order of the document. An operation names one of them. */
const TAGS: Readonly<Record<string, string>> = {
  OpenAI: "OpenAI's API: requests, answers and errors as OpenAI's clients have them.",
  Ollama: "Ollama's API: requests, answers and errors as Ollama's clients have them.",
  Anthropic: "Anthropic's API: requests, answers and errors as Anthropic's clients have them.",
  'Workers AI': "The API of Cloudflare Workers AI, at its own path and at that of Cloudflare's API.",
  Vectorize: 'Indexes of vectors, as the API of Cloudflare Vectorize and its binding have them.',
  Responses: "OpenAI's Responses API. A response may be stored, and another may continue it.",
  'AI Gateway': "Cloudflare's AI Gateway: providers behind one URL, with logs and a cache.",
  Relevance: 'How relevant documents are to a query, as vLLM, Jina and Cohere have it.',
  Tokens: 'What the model makes of a text: its token ids, and what its heads look at.',
  Requests: 'Requests by their id: their state and usage, an end to them, and what they stream.',
  Operation: 'The service itself: health, metrics, this document, benchmarks.',
};

/** In the order of `TAGS`. One that it lacks has no description, which `npm run check` reports. */
function usedTags(paths: readonly Operations[]): NonNullable<ZodOpenApiObject['tags']> {
  const used = new Set(
    paths.flatMap((operations) => Object.values(operations).flatMap(({ tags }) => tags ?? [])),
  );
  return Object.entries(TAGS).flatMap(([name, description]) =>
    used.has(name) ? [{ name, description }] : [],
  );
}

/** Hono's `:model{.+}` is `{model}` in OpenAPI. */
/** A path as the document has it, from Hono's form. */
export const toTemplate = (path: string): string => path.replaceAll(/:(\w+)(?:\{[^}]*\})?/g, '{$1}');
