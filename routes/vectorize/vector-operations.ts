import * as z from 'zod';
import type { ZodOpenApiOperationObject, ZodOpenApiResponsesObject } from 'zod-openapi';
import type { AppContext } from '../../src/http/app-env.ts';
import type { ApiFamily } from '../../src/http/route-facts.ts';
import { LIMITS } from '../../src/vectors/limits.ts';
import type { PutMode } from '../../src/vectors/vector-types.ts';
import type { RouteDependencies } from '../app-dependencies.ts';
import { defineRoute, type Route } from '../define-route.ts';
import {
  COMPLETION_ERRORS,
  errorResponses,
  jsonContent,
  jsonResponse,
  listedResponse,
} from '../openapi-parts.ts';
import { answer, ask, checkCaller, checkIds, putVectors, readInput, type Wrapping } from './ask-vectors.ts';
import {
  enveloped,
  idsSchema,
  infoSchema,
  matchesSchema,
  mutationSchema,
  putQuerySchema,
  querySchema,
  vectorsSchema,
} from './schemas/vectorize.ts';

/** What an index is asked for, by the class behind a Worker's binding and by the REST API alike. */

/** One of the two APIs. */
export interface VectorizeApi {
  readonly api: ApiFamily;
  /** Before the name of the operation. */
  readonly path: (operation: string) => string;
  /** Of the path. */
  readonly params: z.ZodObject;
  /** The operations whose names the two write differently. */
  readonly names: { readonly getByIds: string; readonly deleteByIds: string };
  readonly wrapping: Wrapping;
  readonly maxVectors: number;
  /** Behind the ids of operations, and in their summaries. */
  readonly suffix: string;
  readonly asked: string;
}

export const TAG = 'Vectorize';

export const indexParam = z.object({
  index: z.string().meta({ description: 'The name of the index.', param: { id: 'index' } }),
});

/** Those of Workers AI's other operations, too: the document lists equal errors once. */
const VECTORIZE_ERRORS = [...COMPLETION_ERRORS, 'output_incomplete', 'not_found'] as const;

/** The index of the path. */
export const indexOf = (c: AppContext): string => c.req.param('index') ?? '';

const EXAMPLE_VECTORS = [
  { id: 'one', values: [1, 0, 0], metadata: { kind: 'a' } },
  { id: 'two', values: [0, 1, 0], namespace: 'mine' },
];

/** Info, query, insert, upsert, and by ids: get, delete. */
export const vectorRoutes = (of: VectorizeApi): Route[] => [
  infoRoute(of),
  queryRoute(of),
  putRoute(of, 'insert', 'Add vectors, none whose id there is'),
  putRoute(of, 'upsert', 'Add vectors, in place of those with the same ids'),
  idsRoute(of, {
    operation: of.names.getByIds,
    type: 'getByIds',
    most: LIMITS.idsToGet,
    document: {
      ...named(of, 'getVectors', 'Vectors by their ids'),
      responses: responsesOf(of, 'Those that there are.', vectorsSchema),
    },
  }),
  idsRoute(of, {
    operation: of.names.deleteByIds,
    type: 'deleteByIds',
    most: LIMITS.idsToDelete,
    document: {
      ...named(of, 'deleteVectors', 'Delete vectors by their ids'),
      responses: changeResponses(of),
    },
  }),
];

const named = (
  of: VectorizeApi,
  id: string,
  summary: string,
): Pick<ZodOpenApiOperationObject, 'operationId' | 'tags' | 'summary'> => ({
  operationId: `${id}${of.suffix}`,
  tags: [TAG],
  summary: `${summary}${of.asked}`,
});

/** @param id of an answer that several operations give: the document lists it once */
export function responsesOf(
  { api, wrapping }: Pick<VectorizeApi, 'api' | 'wrapping'>,
  description: string,
  schema: z.ZodType,
  id?: string,
): ZodOpenApiResponsesObject {
  const good = jsonResponse(description, wrapping === 'bare' ? schema : enveloped(schema), api);
  return {
    200: id === undefined ? good : listedResponse(`${api}-${id}`, good),
    ...errorResponses(VECTORIZE_ERRORS, api),
  };
}

/** Of an operation that changes vectors or what is found of them. */
export const changeResponses = (of: Pick<VectorizeApi, 'api' | 'wrapping'>): ZodOpenApiResponsesObject =>
  responsesOf(of, 'The change is made.', mutationSchema, 'vectors-changed');

type Handle = (c: AppContext, dependencies: RouteDependencies) => Promise<string>;

/** A handler for callers who may, whose result is JSON. */
const handlerOf =
  ({ wrapping }: VectorizeApi, handle: Handle, dependencies: RouteDependencies) =>
  async (c: AppContext): Promise<Response> => {
    checkCaller(c, dependencies);
    return answer(c, await handle(c, dependencies), wrapping);
  };

const postRoute = (
  of: VectorizeApi,
  operation: string,
  document: ZodOpenApiOperationObject,
  handle: Handle,
): Route =>
  defineRoute({
    path: of.path(operation),
    promise: 'vectorize',
    api: of.api,
    describe: () => ({ post: document }),
    createHandlers: (dependencies) => ({ post: handlerOf(of, handle, dependencies) }),
  });

const infoRoute = (of: VectorizeApi): Route =>
  defineRoute({
    path: of.path('info'),
    promise: 'vectorize',
    api: of.api,
    describe: () => ({
      get: {
        ...named(of, 'vectorIndexInfo', 'How many vectors an index has, and its last change'),
        requestParams: { path: of.params },
        responses: responsesOf(of, 'The index.', infoSchema),
      },
    }),
    createHandlers: (dependencies) => ({
      get: handlerOf(of, (c) => ask(c, dependencies, { type: 'info', index: indexOf(c) }), dependencies),
    }),
  });

const queryRoute = (of: VectorizeApi): Route =>
  postRoute(
    of,
    'query',
    {
      ...named(of, 'queryVectors', 'The vectors nearest to one'),
      description: 'Exact: ordered by the distances of the vectors as they are stored, in float32.',
      requestParams: { path: of.params },
      requestBody: {
        required: true,
        ...jsonContent(querySchema, { vector: [1, 0, 0], topK: 3, returnMetadata: 'all' }),
      },
      responses: responsesOf(of, 'The nearest first.', matchesSchema),
    },
    async (c, dependencies) => {
      const query = await readInput(c, dependencies, querySchema);
      return ask(c, dependencies, { type: 'query', index: indexOf(c), query });
    },
  );

const putRoute = (of: VectorizeApi, mode: PutMode, summary: string): Route =>
  postRoute(
    of,
    mode,
    {
      ...named(of, `${mode}Vectors`, summary),
      description:
        `Up to ${of.maxVectors} vectors, a JSON object with \`id\`, \`values\` and, if wanted, \`namespace\` and ` +
        '`metadata` on each line; all of them, or none where one is at fault.',
      requestParams: { path: of.params, query: putQuerySchema },
      requestBody: {
        required: true,
        content: {
          'application/x-ndjson': {
            schema: z.string(),
            example: EXAMPLE_VECTORS.map((vector) => JSON.stringify(vector)).join('\n'),
          },
          'multipart/form-data': {
            schema: z.object({ vectors: z.string().meta({ format: 'binary' }) }),
          },
        },
      },
      responses: changeResponses(of),
    },
    (c, dependencies) => putVectors(c, dependencies, { index: indexOf(c), mode, maxVectors: of.maxVectors }),
  );

interface IdsOperation {
  readonly operation: string;
  readonly type: 'getByIds' | 'deleteByIds';
  readonly most: number;
  readonly document: ZodOpenApiOperationObject;
}

const idsRoute = (of: VectorizeApi, { operation, type, most, document }: IdsOperation): Route =>
  postRoute(
    of,
    operation,
    {
      ...document,
      requestParams: { path: of.params },
      requestBody: { required: true, ...jsonContent(idsSchema, { ids: ['one', 'two'] }) },
    },
    async (c, dependencies) => {
      const { ids } = await readInput(c, dependencies, idsSchema);
      return ask(c, dependencies, { type, index: indexOf(c), ids: checkIds(ids, most) });
    },
  );
