import * as z from 'zod';
import type { ZodOpenApiResponsesObject } from 'zod-openapi';
import { LIMITS } from '../../src/vectors/limits.ts';
import type { IndexConfig } from '../../src/vectors/vector-types.ts';
import { defineRoute, type Route } from '../define-route.ts';
import { jsonContent } from '../openapi-parts.ts';
import { parseInput } from '../shared/schemas/parse-input.ts';
import { answer, ask, checkCaller, readInput } from './ask-vectors.ts';
import {
  createIndexSchema,
  createMetadataIndexSchema,
  deleteMetadataIndexSchema,
  indexSchema,
  listQuerySchema,
  listSchema,
  metadataIndexesSchema,
  toIndexBody,
  toIndexConfig,
} from './schemas/vectorize.ts';
import { changeResponses, indexOf, indexParam, responsesOf, TAG, vectorRoutes } from './vector-operations.ts';

/** Cloudflare's REST API of Vectorize, of its second version. There are no accounts here: any id is as good. */
const BASE = '/client/v4/accounts/:account_id/vectorize/v2/indexes';
const API = 'workers-ai';

const accountParam = z.object({
  account_id: z.string().meta({ description: 'Any; there are no accounts.', param: { id: 'account_id' } }),
});
const pathParams = accountParam.extend(indexParam.shape);

const WRAPPED = { api: API, wrapping: 'envelope' } as const;

const good = (description: string, result: z.ZodType): ZodOpenApiResponsesObject =>
  responsesOf(WRAPPED, description, result);
const indexResponses = (): ZodOpenApiResponsesObject =>
  responsesOf(WRAPPED, 'The index.', indexSchema, 'vector-index');

const bodyOf = (json: string): string => JSON.stringify(toIndexBody(JSON.parse(json) as IndexConfig));

const indexesRoute = defineRoute({
  path: BASE,
  promise: 'vectorize',
  api: API,
  describe: () => ({
    get: {
      operationId: 'listVectorIndexes',
      tags: [TAG],
      summary: 'The indexes of vectors',
      requestParams: { path: accountParam },
      responses: good('All of them.', z.array(indexSchema)),
    },
    post: {
      operationId: 'createVectorIndex',
      tags: [TAG],
      summary: 'Make an index of vectors',
      requestParams: { path: accountParam },
      requestBody: {
        required: true,
        ...jsonContent(createIndexSchema, { name: 'my-index', config: { dimensions: 3, metric: 'cosine' } }),
      },
      responses: indexResponses(),
    },
  }),
  createHandlers: (dependencies) => ({
    get: async (c) => {
      checkCaller(c, dependencies);
      const indexes = JSON.parse(await ask(c, dependencies, { type: 'list' })) as IndexConfig[];
      return answer(c, JSON.stringify(indexes.map(toIndexBody)), 'envelope');
    },
    post: async (c) => {
      checkCaller(c, dependencies);
      const config = toIndexConfig(await readInput(c, dependencies, createIndexSchema));
      return answer(c, bodyOf(await ask(c, dependencies, { type: 'create', config })), 'envelope');
    },
  }),
});

const indexRoute = defineRoute({
  path: `${BASE}/:index`,
  promise: 'vectorize',
  api: API,
  describe: () => ({
    get: {
      operationId: 'vectorIndex',
      tags: [TAG],
      summary: 'An index of vectors',
      requestParams: { path: pathParams },
      responses: indexResponses(),
    },
    delete: {
      operationId: 'deleteVectorIndex',
      tags: [TAG],
      summary: 'Delete an index with all its vectors',
      requestParams: { path: pathParams },
      responses: good('It is gone.', z.null()),
    },
  }),
  createHandlers: (dependencies) => ({
    get: async (c) => {
      checkCaller(c, dependencies);
      return answer(c, bodyOf(await ask(c, dependencies, { type: 'config', index: indexOf(c) })), 'envelope');
    },
    delete: async (c) => {
      checkCaller(c, dependencies);
      return answer(c, await ask(c, dependencies, { type: 'delete', index: indexOf(c) }), 'envelope');
    },
  }),
});

const listRoute = defineRoute({
  path: `${BASE}/:index/list`,
  promise: 'vectorize',
  api: API,
  describe: () => ({
    get: {
      operationId: 'listVectors',
      tags: [TAG],
      summary: 'The ids of the vectors of an index, a page of them',
      requestParams: { path: pathParams, query: listQuerySchema },
      responses: good('In the order of their bytes.', listSchema),
    },
  }),
  createHandlers: (dependencies) => ({
    get: async (c) => {
      checkCaller(c, dependencies);
      const { count, cursor } = parseInput(listQuerySchema, c.req.query());
      const question = {
        type: 'ids',
        index: indexOf(c),
        cursor,
        count: Number(count ?? LIMITS.defaultListed),
      } as const;
      return answer(c, await ask(c, dependencies, question), 'envelope');
    },
  }),
});

const metadataIndexListRoute = defineRoute({
  path: `${BASE}/:index/metadata_index/list`,
  promise: 'vectorize',
  api: API,
  describe: () => ({
    get: {
      operationId: 'listMetadataIndexes',
      tags: [TAG],
      summary: 'The properties of metadata that filters find',
      requestParams: { path: pathParams },
      responses: good('All of them.', metadataIndexesSchema),
    },
  }),
  createHandlers: (dependencies) => ({
    get: async (c) => {
      checkCaller(c, dependencies);
      return answer(c, await ask(c, dependencies, { type: 'properties', index: indexOf(c) }), 'envelope');
    },
  }),
});

const metadataIndexCreateRoute = defineRoute({
  path: `${BASE}/:index/metadata_index/create`,
  promise: 'vectorize',
  api: API,
  describe: () => ({
    post: {
      operationId: 'createMetadataIndex',
      tags: [TAG],
      summary: 'Let filters find a property of the vectors to come',
      requestParams: { path: pathParams },
      requestBody: {
        required: true,
        ...jsonContent(createMetadataIndexSchema, { propertyName: 'kind', indexType: 'string' }),
      },
      responses: changeResponses(WRAPPED),
    },
  }),
  createHandlers: (dependencies) => ({
    post: async (c) => {
      checkCaller(c, dependencies);
      const { propertyName: path, indexType: propertyType } = await readInput(
        c,
        dependencies,
        createMetadataIndexSchema,
      );
      const question = { type: 'addProperty', index: indexOf(c), path, propertyType } as const;
      return answer(c, await ask(c, dependencies, question), 'envelope');
    },
  }),
});

const metadataIndexDeleteRoute = defineRoute({
  path: `${BASE}/:index/metadata_index/delete`,
  promise: 'vectorize',
  api: API,
  describe: () => ({
    post: {
      operationId: 'deleteMetadataIndex',
      tags: [TAG],
      summary: 'Let filters find a property no longer',
      requestParams: { path: pathParams },
      requestBody: { required: true, ...jsonContent(deleteMetadataIndexSchema, { propertyName: 'kind' }) },
      responses: changeResponses(WRAPPED),
    },
  }),
  createHandlers: (dependencies) => ({
    post: async (c) => {
      checkCaller(c, dependencies);
      const { propertyName: path } = await readInput(c, dependencies, deleteMetadataIndexSchema);
      return answer(
        c,
        await ask(c, dependencies, { type: 'removeProperty', index: indexOf(c), path }),
        'envelope',
      );
    },
  }),
});

export const vectorizeRoutes: readonly Route[] = [
  indexesRoute,
  indexRoute,
  ...vectorRoutes({
    api: API,
    path: (operation) => `${BASE}/:index/${operation}`,
    params: pathParams,
    names: { getByIds: 'get_by_ids', deleteByIds: 'delete_by_ids' },
    wrapping: 'envelope',
    maxVectors: LIMITS.vectorsOfHttp,
    suffix: '',
    asked: '',
  }),
  listRoute,
  metadataIndexCreateRoute,
  metadataIndexDeleteRoute,
  metadataIndexListRoute,
];
